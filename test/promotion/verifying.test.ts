// Verifying: the new environment is judged under people's requests while the old one stays warm.
import { describe, expect, test } from 'vitest';
import type { PhaseSpec } from '../../src/policy/policy.ts';
import type { In } from '../../src/promotion/app.ts';
import { step } from '../../src/promotion/step.ts';
import { anApp, continued } from '../builders/app.ts';
import { abort } from '../builders/command.ts';
import { anObservation } from '../builders/observation.ts';
import { aPolicy } from '../builders/policy.ts';

const app = anApp().in('verifying');
const first = anApp({ first: true }).in('verifying');
const seen = anObservation(app, 10_000);

test('all gates pass: it goes to retiring, with the evidence', () => {
  expect(step(app, seen.seen)).toMatchObject({
    phase: 'retiring',
    evidence: { 'healthy.is': 'pass' },
  });
});

test('before the minimum is over nothing passes', () => {
  expect(step(app, anObservation(app, 7_000).seen)).toMatchObject({ is: 'wait' });
});

test('I5: gates pass, but a droplet cannot be looked at: it waits, and is held at the limit', () => {
  expect(step(app, seen.withoutDroplets([3]).seen)).toMatchObject({ is: 'wait' });
  const late = anObservation(app, 41_000).withoutDroplets([3]);
  expect(step(app, late.seen)).toMatchObject({ phase: 'held', held: 'choice' });
});

test('I5: a gate that hears nothing is inconclusive at its limit: held, not passed, not rolled back', () => {
  const deaf = (afterMs: number) => anObservation(app, afterMs).with({ samples: {} }).seen;
  expect(step(app, deaf(39_000))).toMatchObject({ is: 'wait' });
  expect(step(app, deaf(40_000))).toMatchObject({
    phase: 'held',
    held: 'choice',
    evidence: { 'healthy.is': 'wait', 'healthy.samples': 0 },
  });
});

describe('the new environment is no good', () => {
  const bad = {
    'a gate fails': seen.withSamples('error', 10),
    'a container exited': seen.withProject('shop-r42', 'exited', [3]),
    'a droplet was destroyed': seen.withLost(3),
  };
  const cases = Object.entries(bad);

  test.each(cases)('%s: back to the old one', (_, one) => {
    expect(step(app, one.seen)).toMatchObject({ phase: 'aborting', cause: 'failed' });
  });

  test.each(cases)('I3: %s, and the old one cannot be looked at: back all the same', (_, one) => {
    expect(step(app, one.withoutDroplets([1, 2]).seen)).toMatchObject({ phase: 'aborting' });
  });

  test.each(cases)('%s, and the old one is sick too: held', (_, one) => {
    const sick = one.withProject('shop-r41', 'exited', [2]);
    expect(step(app, sick.seen)).toMatchObject({ phase: 'held', held: 'choice' });
  });
});

test('the first release ever is held where another would go back', () => {
  const bad = anObservation(first, 10_000).withSamples('error', 10);
  expect(step(first, bad.seen)).toMatchObject({ phase: 'held' });
  const aborted = continued(first, { type: 'asked', by: 'anna', command: abort() });
  expect(step(aborted, anObservation(aborted).seen)).toMatchObject({ phase: 'held' });
});

test('an old environment that fails its health check because we told it to is not sick', () => {
  const silenced = [1, 2].map((droplet) => ({ project: 'shop-r41', droplet }));
  const drained = { ...app, silenced };
  const bad = anObservation(drained, 10_000)
    .withProject('shop-r41', 'unhealthy', [1, 2])
    .withSamples('error', 10);
  expect(step(drained, bad.seen)).toMatchObject({ phase: 'aborting' });
  const again = bad.withProject('shop-r41', 'starting', [1]);
  expect(step(drained, again.seen)).toMatchObject({ phase: 'aborting' });
});

test('but it is sick where it fails without an order of ours, and where it ended', () => {
  const half = { ...app, silenced: [{ project: 'shop-r41', droplet: 1 }] };
  const bad = anObservation(half, 10_000).withSamples('error', 10);
  const unasked = bad.withProject('shop-r41', 'unhealthy', [2]);
  expect(step(half, unasked.seen)).toMatchObject({ phase: 'held' });
  const ended = bad.withProject('shop-r41', 'exited', [1]);
  expect(step(half, ended.seen)).toMatchObject({ phase: 'held' });
});

describe('what the policy says of a gate that came to no result, or cannot measure', () => {
  const asked = (changes: Partial<PhaseSpec>, first = false) =>
    anApp({ first, policy: aPolicy({ verify: { ...aPolicy().verify, ...changes } }) }).in(
      'verifying',
    );
  const blind = (app: In<'verifying'>, afterMs: number) =>
    anObservation(app, afterMs).withSamples('unknown', 10);

  test.each([
    ['wait', { is: 'wait', until: app.since + 40_000 }],
    ['abort', { is: 'enter', phase: 'aborting', cause: 'failed' }],
    ['hold', { is: 'enter', phase: 'held', held: 'choice' }],
  ] as const)('unknown: %s', (unknown, expected) => {
    const judged = asked({ unknown });
    const next = step(judged, blind(judged, 10_000).seen);
    expect(next).toMatchObject(expected);
    expect(next.because).toContain('healthy cannot measure');
  });

  test.each([
    ['abort', 'aborting'],
    ['hold', 'held'],
  ] as const)('inconclusive: %s', (inconclusive, phase) => {
    const judged = asked({ inconclusive });
    expect(step(judged, blind(judged, 40_000).seen)).toMatchObject({ phase });
    const unseen = anObservation(judged, 41_000).withoutDroplets([3]);
    expect(step(judged, unseen.seen)).toMatchObject({ phase });
  });

  test('abort goes nowhere where there is no safe side', () => {
    const judged = asked({ unknown: 'abort', inconclusive: 'abort' });
    const sick = blind(judged, 10_000).withProject('shop-r41', 'exited', [2]);
    expect(step(judged, sick.seen)).toMatchObject({ phase: 'held' });
    const alone = asked({ inconclusive: 'abort' }, true);
    expect(step(alone, blind(alone, 40_000).seen)).toMatchObject({ phase: 'held' });
  });
});
