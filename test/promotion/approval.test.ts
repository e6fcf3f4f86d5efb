// The human gate: nobody is switched without a person's yes, which is waited for up to an instant in the journal.
import { describe, expect, test } from 'vitest';
import { admit, legal } from '../../src/promotion/admit.ts';
import type { App } from '../../src/promotion/app.ts';
import { step } from '../../src/promotion/step.ts';
import { anApp, approved, continued, entered, requested } from '../builders/app.ts';
import { abort, approve, promote } from '../builders/command.ts';
import { anObservation } from '../builders/observation.ts';
import { aPolicyWithApproval } from '../builders/policy.ts';

const policy = aPolicyWithApproval();
const gating = anApp({ policy }).in('gating');
const until = gating.since + 60_000;
const awaiting = continued(gating, requested(until));
const agreed = continued(awaiting, approved());
const leased = { type: 'leased', by: 'carl', epoch: 9 } as const;

describe('a release that passed its gates', () => {
  test('is not switched to: a person is asked for, until an instant that goes into the journal', () => {
    const seen = anObservation(gating, 10_000).seen;
    expect(step(gating, seen)).toMatchObject({ is: 'request', until: seen.at + 60_000 });
  });

  test('is asked for without an end where the policy says never', () => {
    const patient = anApp({ policy: aPolicyWithApproval(null) }).in('gating');
    expect(step(patient, anObservation(patient, 10_000).seen)).toMatchObject({ until: null });
    const waits = continued(patient, requested(null));
    expect(step(waits, anObservation(waits, 1e9).seen)).toMatchObject({ is: 'wait', until: null });
  });

  test('waits for the person up to that instant, whoever drives meanwhile', () => {
    for (const app of [awaiting, continued(awaiting, leased)])
      expect(step(app, anObservation(app, 10_000).seen)).toEqual({
        is: 'wait',
        because: 'r42 waits for `bgctl approve`',
        until,
        awaits: 'approval',
      });
  });

  test('is switched to once a person agreed, who is named', () => {
    expect(step(agreed, anObservation(agreed, 10_000).seen)).toMatchObject({
      is: 'enter',
      phase: 'switching',
      because: expect.stringContaining('approved by ben. healthy passes: '),
    });
  });

  test('has to pass its gates again where another controller drives', () => {
    const app = continued(agreed, leased);
    expect(step(app, anObservation(app, 1_000).seen)).toMatchObject({ is: 'wait' });
  });
});

describe('while a person is waited for', () => {
  test('a failing gate goes back', () => {
    const seen = anObservation(awaiting, 10_000).withSamples('error', 10).seen;
    expect(step(awaiting, seen)).toMatchObject({ phase: 'aborting', cause: 'failed' });
  });

  test('lost health goes back', () => {
    const seen = anObservation(awaiting, 10_000).withProject('shop-r42', 'exited', [3]).seen;
    expect(step(awaiting, seen)).toMatchObject({ phase: 'aborting' });
  });

  test('an abort goes back', () => {
    const app = continued(awaiting, { type: 'asked', by: 'ben', command: abort() });
    expect(step(app, anObservation(app, 1_000).seen)).toMatchObject({ phase: 'aborting' });
  });

  test("the gates' own limit does not end it, and waiting for them ends with the person's", () => {
    const deaf = anObservation(awaiting, 45_000).with({ samples: {} });
    expect(step(awaiting, deaf.seen)).toMatchObject({ is: 'wait', until });
    expect(step(awaiting, deaf.withoutDroplets([4]).seen)).toMatchObject({ is: 'wait', until });
  });

  test('the gates have their limit again once a person agreed', () => {
    const deaf = (afterMs: number) => anObservation(agreed, afterMs).with({ samples: {} }).seen;
    const given = agreed.approval?.given?.at ?? 0;
    expect(step(agreed, deaf(20_000))).toMatchObject({ is: 'wait', until: given + 30_000 });
    expect(step(agreed, deaf(30_000))).toMatchObject({ phase: 'aborting' });
  });
});

describe('where nobody agreed in time', () => {
  const late = (app: App) => step(app, anObservation(app, 100_000).seen);

  test('green goes', () => {
    expect(late(awaiting)).toMatchObject({
      phase: 'aborting',
      cause: 'failed',
      because: 'nobody approved r42 in time',
    });
  });

  test('or a person must choose, as the policy says', () => {
    const held = anApp({ policy: aPolicyWithApproval(60_000, 'hold') }).in('gating');
    const end = late(continued(held, requested(until)));
    expect(end).toMatchObject({ is: 'enter', phase: 'held', held: 'choice' });
  });

  test('the first release ever goes whatever it says: there is none to choose instead', () => {
    const first = anApp({ first: true, policy: aPolicyWithApproval(60_000, 'hold') }).in('gating');
    expect(late(continued(first, requested(until)))).toMatchObject({ phase: 'aborting' });
  });

  test('another controller makes it no later', () => {
    const app = continued(awaiting, leased, { ...leased, epoch: 10 });
    expect(step(app, anObservation(app, 60_000).seen)).toMatchObject({ phase: 'aborting' });
  });
});

describe('an approval', () => {
  const refusal = (app: App, release = 'r42', at = 0) => admit(app, approve(release, at))?.refused;
  const asked = continued(anApp().in('idle'), {
    type: 'asked',
    by: 'anna',
    command: promote('r42'),
  });

  test('is admitted where it is waited for, and only for that release', () => {
    expect(refusal(awaiting)).toBeUndefined();
    expect(refusal(awaiting, 'r43')).toBe('r43 is not what is under way in shop: r42 is');
  });

  test.each<[string, App, string]>([
    ['nothing', anApp().in('idle'), 'nothing is under way in shop: there is nothing to approve'],
    ['only asked', asked, 'too early: r42 has not begun'],
    ['starting', anApp({ policy }).in('starting'), 'too early: r42 has not passed its gates'],
    ['gating', gating, 'too early: r42 has not passed its gates'],
    ['no human gate', anApp().in('gating'), 'the policy short asks for no approval of r42'],
    ['agreed', agreed, 'r42 was approved already, by ben'],
    ['switching', continued<App>(agreed, entered('switching')), 'too late: shop is switching'],
    [
      'aborting',
      continued<App>(awaiting, entered('aborting', { because: 'it fell' })),
      'too late: shop is aborting: it fell',
    ],
    [
      'about to abort',
      continued(awaiting, { type: 'asked', by: 'ben', command: abort('no') }),
      'r42 is about to be aborted: no',
    ],
  ])('is refused in words: %s', (_, app, words) => {
    expect(refusal(app)).toBe(words);
  });

  test('is refused after its time, also where nobody was there to notice', () => {
    expect(refusal(awaiting, 'r42', until - 1)).toBeUndefined();
    expect(refusal(awaiting, 'r42', until)).toMatch(/^too late: r42 had to be approved in time/);
  });

  test('is named among the legal commands while it is waited for', () => {
    expect(legal(awaiting)).toEqual(['bgctl approve r42', 'bgctl abort', 'bgctl resume']);
    expect(legal(agreed)).toEqual(['bgctl abort', 'bgctl resume']);
  });

  test('is remembered until the promotion is over, with who and when', () => {
    const given = { by: 'ben', at: agreed.seq * 1_000 };
    expect(continued<App>(agreed, entered('switching')).approval).toEqual({ until, given });
    const over = continued<App>(agreed, entered('aborting'), entered('idle'));
    expect(over.approval).toBeNull();
  });
});
