// What a step says of an app that is seen so, and tables of it: the reason, and until when it waits.
import { describe, expect, test } from 'vitest';
import type { Instant } from '../../src/lib/clock.ts';
import type { App } from '../../src/promotion/app.ts';
import type { Command } from '../../src/promotion/command.ts';
import type { Effect } from '../../src/promotion/effect.ts';
import type { Fact } from '../../src/promotion/entry.ts';
import { known, type Observation } from '../../src/promotion/observation.ts';
import { step } from '../../src/promotion/step.ts';
import { acted, failed } from '../builders/app.ts';
import { anObservation, type Seen } from '../builders/observation.ts';

type Told = { readonly because: string; readonly until?: Instant | null };

/** What is said of the app as it is seen `afterMs` after its last entry, when all is well or `look` changes it. */
export function told(app: App, look: (seen: Seen) => Seen = (seen) => seen, afterMs = 1_000): Told {
  const next = step(app, look(anObservation(app, afterMs)).seen);
  return { because: next.because, ...(next.is === 'wait' ? { until: next.until } : {}) };
}

/** Each row: the situation, what is said, and where that is to wait, until when. */
export function rows(
  title: string,
  table: readonly (readonly [tells: () => Told, because: string, until?: Instant | null])[],
): void {
  describe(title, () => {
    test.each(table.map(([tells, ...said]) => ({ tells, said, because: said[0] })))(
      '$because',
      ({ tells, said: [because, until] }) => {
        expect(tells()).toEqual(until === undefined ? { because } : { because, until });
      },
    );
  });
}

export function asks(command: Command): Fact {
  return { type: 'asked', by: 'anna', command };
}

/** As often as the policy of the tests allows. */
export function thrice(effect: Effect, because: string): readonly Fact[] {
  return [1, 2, 3].flatMap(() => [acted(effect), failed(effect, because)]);
}

export function exited(project: string, ...on: readonly number[]): (seen: Seen) => Seen {
  return (seen) => seen.withProject(project, 'exited', on);
}

/** The balancer's address, watched since then; nobody answered. */
export function watched(seen: Observation, since: Instant): Observation['serving'] {
  return known({ since, seen: {}, trouble: null }, seen.at);
}

/** When `told` looks, where nothing else is said. */
export function nowOf(app: App): Instant {
  return app.seq * 1_000 + 1_000;
}
