// Which data plane the lab runs on: a word that is no plane must not be taken for one.
import { afterEach, expect, test, vi } from 'vitest';
import { labPlane } from '../../compose/lab/plane.ts';

afterEach(() => vi.unstubAllEnvs());

test.each([
  [undefined, 'own'],
  ['own', 'own'],
  ['haproxy', 'haproxy'],
])('BGCTL_LAB_PLANE=%s is %s', (word, plane) => {
  vi.stubEnv('BGCTL_LAB_PLANE', word);
  expect(labPlane()).toBe(plane);
});

test.each(['', 'HAProxy', 'nginx'])('BGCTL_LAB_PLANE="%s" is refused', (word) => {
  vi.stubEnv('BGCTL_LAB_PLANE', word);
  expect(() => labPlane()).toThrow('it must be own or haproxy');
});
