// Gating: green is probed and judged before it sees traffic; what cannot be measured is never a pass.
import { expect, test } from 'vitest';
import { step } from '../../src/promotion/step.ts';
import { anApp } from '../builders/app.ts';
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
  const policy = aPolicy({ gate: { limitMs: 30_000, minMs: 0, gates: [] } });
  const bare = anApp({ policy }).in('gating');
  expect(step(bare, anObservation(bare, 10_000).seen)).toMatchObject({ is: 'wait' });
});
