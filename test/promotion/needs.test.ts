// What a phase needs to have looked at: no less than step() reads (unasked.test.ts), and no more.
import { expect, test } from 'vitest';
import type { App } from '../../src/promotion/app.ts';
import type { ProjectAt } from '../../src/promotion/environment.ts';
import { needs } from '../../src/promotion/needs.ts';
import { anApp } from '../builders/app.ts';

const blue = [1, 2].map((droplet) => ({ project: 'shop-r41', droplet }));
const green = [3, 4].map((droplet) => ({ project: 'shop-r42', droplet }));

type Wanted = {
  readonly often?: true;
  readonly serving?: true;
  readonly projects?: readonly ProjectAt[];
  readonly connections?: readonly ProjectAt[];
  readonly gates?: 'gate' | 'verify';
};

test.each<[string, App, Wanted]>([
  ['starting', anApp().in('starting'), { projects: green }],
  ['gating', anApp().in('gating'), { projects: green, gates: 'gate' }],
  ['switching', anApp().joined(), { often: true, projects: [...blue, ...green] }],
  [
    'switching, past the commit point',
    anApp().committed(),
    { often: true, projects: [...green, ...blue], connections: blue },
  ],
  ['verifying', anApp().in('verifying'), { projects: [...green, ...blue], gates: 'verify' }],
  ['retiring', anApp().in('retiring'), { connections: blue }],
  [
    'aborting',
    anApp().in('aborting'),
    { serving: true, projects: [...blue, ...green], connections: green },
  ],
  ['held', anApp().in('held'), {}],
  ['idle', anApp().in('idle'), {}],
])('%s: the balancer now and then, and what the phase decides by', (_, app, wanted) => {
  const { often = false, serving = often, projects = [], connections = [], gates } = wanted;
  expect(needs(app)).toEqual({
    pools: true,
    attachedMaxAgeMs: often ? 5_000 : 30_000,
    serving,
    projects,
    connections,
    strangers: false,
    gates:
      gates === undefined
        ? null
        : {
            gates: app.policy[gates].gates,
            environment: expect.objectContaining({ project: 'shop-r42' }),
            baseline: expect.objectContaining({ project: 'shop-r41' }),
          },
  });
});

test('under the first release there is no blue for gates to compare with', () => {
  for (const phase of ['gating', 'verifying'] as const)
    expect(needs(anApp({ first: true }).in(phase)).gates).toMatchObject({ baseline: null });
});

test('nothing is asked of the droplets, and no one asks the address, where the app is at rest', () => {
  for (const app of [anApp().in('idle'), anApp().in('held')])
    expect(needs(app)).toMatchObject({
      serving: false,
      projects: [],
      connections: [],
      gates: null,
    });
});

test('strangers are looked for only while the journal knows of nothing', () => {
  expect(needs(anApp({ first: true }).in('idle')).strangers).toBe(true);
  expect(needs(anApp().in('idle')).strangers).toBe(false);
});

test('the environment that is judged is the one that came: green, and blue once it has the traffic', () => {
  expect(needs(anApp().in('gating')).gates?.environment.project).toBe('shop-r42');
  expect(needs(anApp().in('verifying')).gates?.environment.project).toBe('shop-r42');
});
