// What operators type and what the journal tells them back: versions, and the promotions of an app.
import { describe, expect, test } from 'vitest';
import { versionsOf } from '../../src/cli/versions.ts';
import type { Entry, Fact } from '../../src/promotion/entry.ts';
import { promotionsOf } from '../../src/promotion/history.ts';
import { approved, entered, requested, storyOf } from '../builders/app.ts';
import { promote } from '../builders/command.ts';
import { aPolicy, aPolicyWithApproval } from '../builders/policy.ts';
import { appName } from '../builders/release.ts';

describe('versions', () => {
  test('one tag goes for all services; a named service has its own', () => {
    expect(versionsOf(['v2'])).toEqual({ '*': 'v2' });
    expect(Object.entries(versionsOf(['__proto__=v2']))).toEqual([['__proto__', 'v2']]);
    expect(versionsOf(['v2', 'worker=sha256:00ff'])).toEqual({ '*': 'v2', worker: 'sha256:00ff' });
  });

  test('none is no mistake here: the compose file decides who needs one', () => {
    expect(versionsOf([])).toEqual({});
  });

  test.each([['web='], ['web=v 2'], ['web=$(reboot)'], [''], ['web=v1=v2']])(
    '%j is refused',
    (word) => {
      expect(() => versionsOf([word])).toThrow('is not a version');
    },
  );

  test('two for the same service are refused, not the last one taken', () => {
    expect(() => versionsOf(['web=v1', 'web=v2'])).toThrow('two versions were given for web');
    expect(() => versionsOf(['v1', 'v2'])).toThrow('two versions were given for all services');
  });
});

describe('the promotions in a journal', () => {
  const whole: readonly Fact[] = [...storyOf('retiring', {}), entered('idle')];

  test('tell who asked, when, and how it ended', () => {
    expect(told(whole)).toMatchObject([
      {
        release: { id: 'r42' },
        pool: 'b',
        by: 'anna',
        askedAt: 4_000,
        outcome: { is: 'promoted' },
      },
    ]);
  });

  test('have no outcome while they are under way or held', () => {
    expect(told(storyOf('gating', {}))).toMatchObject([{ outcome: null }]);
    expect(told(storyOf('held', {}))).toMatchObject([{ outcome: null }]);
  });

  test('tell who let them pass the human gate', () => {
    const policy = aPolicyWithApproval();
    const waits = [...storyOf('gating', { policy }), requested()];
    expect(told(waits)).toMatchObject([{ approved: null }]);
    expect(told([...waits, approved(), entered('switching')])).toMatchObject([
      { approved: { by: 'ben' } },
    ]);
    const over = [...waits, approved(), entered('aborting'), entered('idle')];
    expect(told(over)).toMatchObject([{ approved: { by: 'ben' }, outcome: { is: 'failed' } }]);
  });

  test('come oldest first, each with its own lines of the journal', () => {
    const command = promote('r43');
    const promotions = told([...whole, { type: 'asked', by: 'ben', command }, entered('starting')]);
    expect(promotions.map((one) => [one.release.id, one.by])).toEqual([
      ['r42', 'anna'],
      ['r43', 'ben'],
    ]);
    expect(promotions[1]?.entries).toHaveLength(2);
    expect(promotions[1]?.outcome).toBeNull();
    expect(promotions[0]?.entries.at(-1)).toMatchObject({ type: 'entered', phase: 'idle' });
  });

  test('one that was taken back before it began ended as aborted', () => {
    const taken: Fact = { type: 'asked', by: 'ben', command: { kind: 'abort', reason: 'no' } };
    const asked = storyOf('starting', {}).slice(0, -1);
    expect(told([...asked, taken])).toMatchObject([{ outcome: { is: 'aborted', because: 'no' } }]);
  });
});

function told(facts: readonly Fact[]) {
  const entries = facts.map((fact, index): Entry => {
    return { ...fact, seq: index + 1, at: (index + 1) * 1_000 };
  });
  return promotionsOf(appName, aPolicy(), entries);
}
