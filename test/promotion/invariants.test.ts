// The invariants that the core alone can break (design, section 11), over random scripts of commands, faults and kills.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { environmentsOf } from '../../src/promotion/app.ts';
import { step } from '../../src/promotion/step.ts';
import { abort } from '../builders/command.ts';
import { asks, cutOff, destroy, green, later, played, world } from './stage/acts.ts';
import { aScript, playOut, type Script } from './stage/chance.ts';
import { allCheckers, isAnEnding } from './stage/checkers.ts';
import type { Play } from './stage/play.ts';

const numRuns = 500;
/** Another one is tried with `BGCTL_SEED=7 npx vitest run test/promotion/invariants.test.ts`. */
const seed = Number(process.env.BGCTL_SEED ?? 42);

/** Each script is played once, whatever is asked of it. */
const plays = new Map<string, readonly string[]>();

function problemsOf(script: Script): readonly string[] {
  const key = JSON.stringify(script);
  const found = plays.get(key) ?? playAll(script);
  plays.set(key, found);
  return found;
}

function playAll(script: Script): readonly string[] {
  try {
    const { play } = playOut(script, allCheckers());
    const ending = isAnEnding(play);
    return ending === null ? play.problems : [...play.problems, ending];
  } catch (error) {
    return [`threw ${String(error)}`];
  }
}

test.each([
  ['I1', 'by our hand the balancer never has fewer targets that serve than the floor'],
  ['I2', 'nothing is removed while the balancer refers to it or people are connected'],
  ['I4', 'one change of the balancer at a time'],
  ['I5', 'no step forward on an unknown'],
  ['I7', 'a foreign droplet is in no effect'],
  [
    'I9',
    'every wait outside idle and held has a limit that ends it; attempts stay within the policy',
  ],
  ['I10', 'every ending is blue and at rest, held with a way out, or a stop that can be resumed'],
  ['threw', 'no script of commands, looks and failures makes the core throw a Bug'],
])('%s: %s', (name, _) => {
  fc.assert(
    fc.property(aScript, (script) => {
      expect(
        problemsOf(script).filter(
          (problem) => problem.includes(`${name}:`) || problem.startsWith(`${name} `),
        ),
      ).toEqual([]);
    }),
    { numRuns, seed },
  );
});

describe('I3: going back depends only on the environment that is kept', () => {
  const faults = {
    hung: green('hung'),
    errs: green('errs'),
    dead: destroy(3, 4),
    'half-dead': destroy(4),
    'half-unseen': cutOff(3),
    unseen: cutOff(3, 4),
    'deaf to its health order': world((w) => w.stubborn.add('shop-r42')),
    'stuck with requests': world((w) => w.kept.set('shop-r42', { open: 9, busy: 9 })),
  };
  type Fault = keyof typeof faults;
  const someFaults = fc.subarray(Object.keys(faults) as Fault[], { minLength: 1 });

  /** When the old environment serves again, after the abort of a verification. */
  function backAfterMs(drains: boolean, wrong: readonly Fault[]): number {
    const does = wrong.map((name) => faults[name]);
    let asked = 0;
    let back = Number.POSITIVE_INFINITY;
    const ask = later('verifying', 1_000, ...does, asks(abort()), (play) => {
      asked = play.world.now;
    });
    const served = {
      when: ({ app, world: w }: Play) => app.phase === 'aborting' && w.serves(1) && w.serves(2),
      does: (play: Play) => {
        back = play.world.now;
      },
    };
    const end = played([ask, served], { drains });
    expect(end).toMatchObject({ phase: 'idle', attached: [1, 2], problems: [] });
    return back - asked;
  }

  test.each([false, true])(
    'I3: the dropped one never delays it (draining by health: %s)',
    (drains) => {
      const usual = backAfterMs(drains, []);
      fc.assert(
        fc.property(someFaults, (wrong) => {
          expect(backAfterMs(drains, wrong)).toBe(usual);
        }),
        { numRuns: 60, seed },
      );
    },
  );

  test.each([
    ['dead', destroy(3, 4)],
    ['unseen', cutOff(3, 4)],
    ['half-unseen', cutOff(4)],
    ['unhealthy', green('unhealthy')],
  ])(
    'I3: a dropped one that is %s leaves the balancer as soon as the kept one serves',
    (_, does) => {
      let served = 0;
      let left = 0;
      const acts = [
        later('verifying', 1_000, does, asks(abort())),
        {
          when: ({ app, world: w }: Play) => app.phase === 'aborting' && w.serves(1) && w.serves(2),
          does: (play: Play) => {
            served = play.world.now;
          },
        },
        {
          when: ({ app, world: w }: Play) => app.phase === 'aborting' && !w.attached.has(3),
          does: (play: Play) => {
            left = play.world.now;
          },
        },
      ];
      expect(played(acts, { drains: true })).toMatchObject({ attached: [1, 2], problems: [] });
      expect(left - served).toBeLessThanOrEqual(2_000);
    },
  );

  test('I3: a kept one of which a droplet is known to be gone does not wait for that droplet', () => {
    const acts = [later('verifying', 1_000, asks(abort())), later('aborting', 0, loses(1))];
    const end = played(acts);
    expect(end).toMatchObject({ phase: 'idle', traffic: ['shop-r41'], problems: [] });
    expect(end.play.world.now).toBeLessThan(40_000);
  });

  function loses(droplet: number) {
    return world((w) => {
      w.projects.delete(`shop-r41@${droplet}`);
    });
  }
});

test('the same app and the same look give the same step, and neither is changed', () => {
  fc.assert(
    fc.property(aScript, (script) => {
      const { play } = playOut(script, [
        {
          turned: ({ app }, seen, next) => {
            const again = step(structuredClone(app), structuredClone(seen));
            return JSON.stringify(again) === JSON.stringify(next) ? null : 'another step';
          },
        },
      ]);
      expect(play.problems).toEqual([]);
      expect(environmentsOf(play.app)).toBeDefined();
    }),
    { numRuns: 15, seed },
  );
});
