// Gating: green is probed and judged before it sees traffic; what cannot be measured is never a pass.
import { describe, expect, test } from 'vitest';
import type { PhaseSpec } from '../../src/policy/policy.ts';
import type { In } from '../../src/promotion/app.ts';
import { choices } from '../../src/promotion/phases/held.ts';
import { step } from '../../src/promotion/step.ts';
import { anApp, continued, entered } from '../builders/app.ts';
import { anObservation } from '../builders/observation.ts';
import { aPolicy } from '../builders/policy.ts';

const app = anApp().in('gating');
const seen = anObservation(app, 10_000);

test('all gates pass: it goes to switching, with the evidence', () => {
  expect(step(app, seen.seen)).toMatchObject({
    is: 'enter',
    phase: 'switching',
    evidence: { 'healthy.is': 'pass' },
  });
});

test('before the minimum is over nothing passes', () => {
  expect(step(app, anObservation(app, 1_500).seen)).toMatchObject({
    is: 'wait',
    until: app.since + 30_000,
  });
});

test('a gate fails: back, with the evidence', () => {
  expect(step(app, seen.withSamples('error', 10).seen)).toMatchObject({
    is: 'enter',
    phase: 'aborting',
    cause: 'failed',
    evidence: { 'healthy.is': 'fail' },
  });
});

test('a gate fails at once, whatever else cannot be seen', () => {
  const half = seen.withSamples('error', 10).withoutDroplets([4]);
  expect(step(app, half.seen)).toMatchObject({ phase: 'aborting' });
});

test('I5: a gate that hears nothing waits, and is inconclusive at its limit: back', () => {
  const deaf = (afterMs: number) => anObservation(app, afterMs).with({ samples: {} }).seen;
  expect(step(app, deaf(29_000))).toMatchObject({ is: 'wait' });
  expect(step(app, deaf(30_000))).toMatchObject({
    is: 'enter',
    phase: 'aborting',
    evidence: { 'healthy.is': 'wait', 'healthy.samples': 0 },
  });
});

test('I5: unknown samples are no good answers', () => {
  expect(step(app, seen.withSamples('unknown', 10).seen)).toMatchObject({ is: 'wait' });
});

test('I5: gates pass, but a droplet cannot be looked at: it waits, and then goes back', () => {
  expect(step(app, seen.withoutDroplets([4]).seen)).toMatchObject({ is: 'wait' });
  const long = anObservation(app, 31_000).withoutDroplets([4], 30_000);
  expect(step(app, long.seen)).toMatchObject({ is: 'enter', phase: 'aborting' });
});

test.each(['exited', 'restarting', 'unhealthy', 'starting', 'absent'] as const)(
  'green is %s on one droplet: back',
  (is) => {
    const sick = seen.withProject('shop-r42', is, [4]);
    expect(step(app, sick.seen)).toMatchObject({ is: 'enter', phase: 'aborting' });
  },
);

test('without a gate nothing can be proven', () => {
  const policy = aPolicy({ gate: { ...aPolicy().gate, minMs: 0, gates: [] } });
  const bare = anApp({ policy }).in('gating');
  expect(step(bare, anObservation(bare, 10_000).seen)).toMatchObject({ is: 'wait' });
});

describe('what the policy says of a gate that came to no result, or cannot measure', () => {
  const asked = (changes: Partial<PhaseSpec>) =>
    anApp({ policy: aPolicy({ gate: { ...aPolicy().gate, ...changes } }) }).in('gating');
  const blind = (app: In<'gating'>, afterMs: number) =>
    step(app, anObservation(app, afterMs).withSamples('unknown', 10).seen);

  test('inconclusive: hold keeps green, and a person may take either', () => {
    const holding = asked({ inconclusive: 'hold' });
    const next = blind(holding, 30_000);
    expect(next).toMatchObject({ is: 'enter', phase: 'held', held: 'choice' });
    const app = continued(holding, entered('held', { held: 'choice' })) as unknown as In<'held'>;
    expect(choices(app).map(({ project }) => project)).toEqual(['shop-r41', 'shop-r42']);
  });

  test.each([
    ['wait', { is: 'wait', until: app.since + 30_000 }],
    ['abort', { is: 'enter', phase: 'aborting', cause: 'failed' }],
    ['hold', { is: 'enter', phase: 'held', held: 'choice' }],
  ] as const)('unknown: %s', (unknown, expected) => {
    const next = blind(asked({ unknown }), 10_000);
    expect(next).toMatchObject(expected);
    expect(next.because).toContain('healthy cannot measure');
  });

  test.each([
    ['abort', 'aborting'],
    ['hold', 'held'],
  ] as const)('unknown: wait, until the limit, is inconclusive: %s', (inconclusive, phase) => {
    expect(blind(asked({ unknown: 'wait', inconclusive }), 30_000)).toMatchObject({ phase });
  });

  test('a gate that fails goes back whatever is said of those that cannot measure', () => {
    const bad = anObservation(app, 10_000).withSamples('error', 10).seen;
    for (const changes of [{ unknown: 'hold' }, { inconclusive: 'hold' }] as const)
      expect(step(asked(changes), bad)).toMatchObject({ phase: 'aborting' });
  });
});
