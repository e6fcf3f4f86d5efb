// I6 the long way: folded at every prefix of random stories, and killed between any two instructions of known ones.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { genesis } from '../../src/promotion/app.ts';
import type { Entry } from '../../src/promotion/entry.ts';
import { apply } from '../../src/promotion/fold.ts';
import { abort } from '../builders/command.ts';
import { appName } from '../builders/release.ts';
import { amid, asks, destroy, during, green, later, played } from './stage/acts.ts';
import { aScript, playOut } from './stage/chance.ts';
import type { Act, Play } from './stage/play.ts';

const seed = 42;

describe('I6: folding the journal gives the state held in memory', () => {
  test('I6: at every prefix of any random script, through JSON and back', () => {
    fc.assert(
      fc.property(aScript, (script) => {
        const { play } = playOut(script, []);
        const lines = play.entries.map((entry) => JSON.stringify(entry));
        const { policy } = play.states[0] ?? play.app;
        let app = genesis(appName, policy);
        for (const [index, line] of lines.entries()) {
          app = apply(app, JSON.parse(line) as Entry);
          expect(app).toEqual(play.states[index]);
        }
      }),
      { numRuns: 150, seed },
    );
  });
});

describe('I6: a kill between any two instructions converges', () => {
  const stories: readonly (readonly [string, readonly Act[], string])[] = [
    ['a promotion', [], 'promoted'],
    ['a failing gate', [during('gating', green('errs'))], 'failed'],
    ['an abort while switching', [amid('attach-droplets', asks(abort()))], 'aborted'],
    ['a rollback', [later('verifying', 1_000, green('errs'))], 'rolled-back'],
    ['a rollback from a dead green', [later('verifying', 1_000, destroy(3, 4))], 'rolled-back'],
  ];

  test.each(stories)('I6: %s ends the same, wherever it was killed', (_, acts, outcome) => {
    for (const drains of [false, true]) {
      const whole = played(acts, { drains });
      const length = whole.play.entries.length;
      for (let at = 5; at < length; at += 1)
        for (const lands of [true, false]) {
          const end = played([killed(at, lands), ...acts], { drains });
          expect({ at, lands, outcome: end.outcome, problems: end.problems }).toEqual({
            at,
            lands,
            outcome,
            problems: [],
          });
          expect(end.attached).toEqual(whole.attached);
          expect(end.runs).toEqual(whole.runs);
        }
    }
  });

  function killed(at: number, lands: boolean): Act {
    return {
      when: ({ entries }: Play) => entries.length >= at,
      does: (play) => play.crash(() => lands),
    };
  }
});
