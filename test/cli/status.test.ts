// What status says beside the journal: where it would mislead alone.
import { expect, test } from 'vitest';
import { warning } from '../../src/cli/commands/status.ts';
import { anApp } from '../builders/app.ts';

const other = { what: 'load balancer', expected: 'no droplet', seen: 'droplets 1, 2', same: false };

test('at rest, with another load balancer than the journal knows, it says that a promote would be held, and the way out', () => {
  const lost = anApp({ first: true }).in('idle');
  expect(warning(lost, [other])).toEqual([
    '  a promote would be held because of it; then `bgctl resolve --adopt` is the way out',
  ]);
  expect(warning(anApp().in('idle'), [other])[0]).toContain('then `bgctl resolve` is the way out');
});

test('where all is as it should be, could not be seen, or something is under way, it says nothing', () => {
  expect(warning(anApp().in('idle'), [{ ...other, same: true }])).toEqual([]);
  expect(warning(anApp().in('idle'), [{ ...other, same: null }])).toEqual([]);
  expect(warning(anApp().in('verifying'), [other])).toEqual([]);
});
