// Steps in switching: a few droplets of green first, judged while both environments serve, then the rest.
import { describe, expect, test } from 'vitest';
import type { App, In } from '../../src/promotion/app.ts';
import { needs } from '../../src/promotion/needs.ts';
import { step } from '../../src/promotion/step.ts';
import { acted, advanced, anApp, attach, continued, done } from '../builders/app.ts';
import { abort, keep } from '../builders/command.ts';
import { anObservation } from '../builders/observation.ts';
import { aPolicyWithSteps } from '../builders/policy.ts';

type Switching = In<'switching'>;

function switching(policy = aPolicyWithSteps(), first = false): Switching {
  return anApp({ policy, first }).in('switching');
}

/** The first droplet of green is attached. */
function begun(app = switching()): Switching {
  return continued(app, acted(attach(3)), done(attach(3)));
}

const judged = continued(begun(), advanced('judging'));
const rest = continued(judged, advanced('rest'));
const whole = continued(rest, acted(attach(4)), done(attach(4)));
const now = (app: App, afterMs = 3_000) => anObservation(app, afterMs);

describe('the first step', () => {
  test('attaches so many droplets of green, expecting only blue there', () => {
    const app = switching();
    expect(step(app, now(app).seen)).toMatchObject({
      is: 'act',
      effects: [{ kind: 'attach-droplets', droplets: [3], expected: [1, 2] }],
    });
  });

  test('waits to see them serve, and only them', () => {
    const app = begun();
    expect(step(app, now(app).withServing(1, 2).seen)).toMatchObject({
      is: 'wait',
      because: 'droplet 3 was not yet seen to answer through the load balancer',
    });
    expect(step(app, now(app).withServing(1, 2, 3).seen)).toMatchObject({
      is: 'advance',
      to: 'judging',
    });
  });

  test('is over once they serve where nothing judges them', () => {
    const app = begun(switching(aPolicyWithSteps(false)));
    expect(step(app, now(app).seen)).toMatchObject({ is: 'advance', to: 'rest' });
  });

  test.each([2, 9])('is none where %i droplets are as many as there are', (first) => {
    const app = switching(aPolicyWithSteps(true, first));
    expect(step(app, now(app).seen)).toMatchObject({ effects: [{ droplets: [3, 4] }] });
  });
});

describe('what has joined first is judged beside blue', () => {
  test('from when it was seen to serve: what was measured before says nothing', () => {
    expect(needs(begun()).gates).toBeNull();
    expect(needs(judged).gates).toMatchObject({
      gates: [{ name: 'healthy' }],
      environment: { project: 'shop-r42', droplets: [3] },
      since: judged.seq * 1_000,
    });
    const taken = continued(judged, { type: 'leased', by: 'ben', epoch: 9 });
    expect(needs(taken).gates).toMatchObject({ since: taken.since });
  });

  test('passes: the rest may join', () => {
    expect(step(judged, now(judged).seen)).toMatchObject({
      is: 'advance',
      to: 'rest',
      evidence: { 'healthy.is': 'pass' },
    });
  });

  test('not before the minimum is over', () => {
    expect(step(judged, now(judged, 1_000).seen)).toMatchObject({ is: 'wait' });
  });

  test('fails: back, with the evidence', () => {
    const bad = now(judged).withSamples('error', 10).seen;
    expect(step(judged, bad)).toMatchObject({
      is: 'enter',
      phase: 'aborting',
      cause: 'failed',
      because: expect.stringContaining('while both served: healthy fails: droplet 3 gave'),
      evidence: { 'healthy.is': 'fail' },
    });
  });

  test('I5: hears nothing: waits, and at the limit goes back', () => {
    const deaf = (afterMs: number) => now(judged, afterMs).with({ samples: {} }).seen;
    expect(step(judged, deaf(39_000))).toMatchObject({ is: 'wait' });
    expect(step(judged, deaf(40_000))).toMatchObject({ phase: 'aborting' });
  });

  describe.each(['abort', 'hold'] as const)('where the policy says %s', (answer) => {
    const policy = aPolicyWithSteps();
    const with_ = (more: object) =>
      continued(
        begun(switching({ ...policy, switch: { ...policy.switch, ...more } })),
        advanced('judging'),
      );
    const phase = answer === 'hold' ? 'held' : 'aborting';

    test('of gates that come to no result, it does so at the limit', () => {
      const app = with_({ inconclusive: answer });
      const deaf = (afterMs: number) => now(app, afterMs).with({ samples: {} }).seen;
      expect(step(app, deaf(39_000))).toMatchObject({ is: 'wait' });
      const next = step(app, deaf(40_000));
      expect(next).toMatchObject({
        phase,
        because: expect.stringContaining('while both served: nothing was proven within 40 s'),
        evidence: { 'healthy.is': 'wait' },
      });
      if (answer === 'hold') expect(next).toMatchObject({ held: 'choice' });
    });

    test('of a gate that cannot measure, it does so at once', () => {
      const app = with_({ unknown: answer });
      const blind = now(app).withSamples('unknown', 10).seen;
      expect(step(app, blind)).toMatchObject({
        phase,
        because: expect.stringContaining('green cannot be measured while both serve: healthy'),
        evidence: { 'healthy.is': 'unknown' },
      });
    });

    test('a failing gate goes back all the same', () => {
      const app = with_({ inconclusive: answer, unknown: answer });
      const bad = now(app).withSamples('error', 10).seen;
      expect(step(app, bad)).toMatchObject({ phase: 'aborting' });
    });

    test('while the rest joins neither counts: what came first has passed', () => {
      const joins = continued(
        with_({ inconclusive: answer, unknown: answer }),
        advanced('rest'),
        acted(attach(4)),
        done(attach(4)),
      );
      const blind = now(joins).withSamples('unknown', 10).withServing(1, 2, 3, 4).seen;
      expect(step(joins, blind)).toMatchObject({ is: 'commit' });
    });
  });

  test('held there, a person chooses either: the one comes back whole, the other leaves', () => {
    const held = continued<App>(judged, { type: 'entered', phase: 'held', because: 'unproven' });
    const chosen = (project: string) =>
      continued<App>(
        held,
        { type: 'asked', by: 'ben', command: keep(project) },
        { type: 'entered', phase: 'aborting', because: 'kept by hand', cause: 'asked' },
      );
    const green = chosen('shop-r42');
    expect(step(green, now(green).seen)).toMatchObject({
      effects: [{ kind: 'attach-droplets', droplets: [4] }],
    });
    const blue = chosen('shop-r41');
    expect(step(blue, now(blue).seen)).toMatchObject({
      effects: [{ kind: 'detach-droplets', droplets: [3] }],
    });
  });

  test('what cannot be measured is waited for by default, and goes back at the limit', () => {
    const blind = (afterMs: number) => now(judged, afterMs).withSamples('unknown', 10).seen;
    expect(step(judged, blind(39_000))).toMatchObject({ is: 'wait' });
    expect(step(judged, blind(40_000))).toMatchObject({ phase: 'aborting' });
  });

  test('an abort goes back, and takes out what has joined', () => {
    const app = continued(judged, { type: 'asked', by: 'ben', command: abort() });
    expect(step(app, now(app).seen)).toMatchObject({ phase: 'aborting', cause: 'asked' });
    const back = continued<App>(app, { type: 'entered', phase: 'aborting', because: 'asked' });
    expect(step(back, now(back).withServing(1, 2).seen)).toMatchObject({
      effects: [{ kind: 'detach-droplets', droplets: [3], expected: [1, 2, 3] }],
    });
  });

  test('the first release ever, which people reach already, is held: there is nothing to go back to', () => {
    const first = continued(begun(switching(aPolicyWithSteps(), true)), advanced('judging'));
    const bad = now(first).withSamples('error', 10).seen;
    expect(step(first, bad)).toMatchObject({ phase: 'held', held: 'choice' });
  });
});

describe('the rest', () => {
  test('joins, expecting what has joined first', () => {
    expect(step(rest, now(rest).seen)).toMatchObject({
      effects: [{ kind: 'attach-droplets', droplets: [4], expected: [1, 2, 3] }],
    });
  });

  test('must serve too before the commit point, however good the first was', () => {
    expect(step(whole, now(whole).withServing(1, 2, 3).seen)).toMatchObject({ is: 'wait' });
    expect(step(whole, now(whole).withSamples('ok', 0).seen)).toMatchObject({ is: 'commit' });
  });

  test('joins although the gate, which has passed, comes to no result meanwhile', () => {
    const unsure = now(whole, 39_999).with({ samples: {} });
    expect(step(whole, unsure.withServing(1, 2, 3, 4).seen)).toMatchObject({ is: 'commit' });
  });

  test('goes back where the gate fails while it joins', () => {
    expect(step(whole, now(whole).withSamples('error', 10).seen)).toMatchObject({
      phase: 'aborting',
    });
  });

  test('has a limit of its own', () => {
    const silent = (afterMs: number) => now(whole, afterMs).withServing(1, 2, 3).seen;
    const until = rest.seq * 1_000 + 40_000;
    expect(step(whole, silent(10_000))).toMatchObject({ is: 'wait', until });
    expect(step(whole, silent(40_000))).toMatchObject({ phase: 'aborting' });
  });
});

describe('gates without a first step', () => {
  const policy = aPolicyWithSteps(true, null);
  const joined = anApp({ policy }).joined();

  test('judge all of green beside blue before the commit point', () => {
    expect(step(joined, now(joined).seen)).toMatchObject({ is: 'advance', to: 'judging' });
    const app = continued(joined, advanced('judging'));
    expect(needs(app).gates).toMatchObject({ environment: { droplets: [3, 4] } });
    expect(step(app, now(app, 1_000).seen)).toMatchObject({ is: 'wait' });
    expect(step(app, now(app).seen)).toMatchObject({
      is: 'commit',
      because: expect.stringContaining('every droplet gave 3 good answers in a row'),
    });
  });
});
