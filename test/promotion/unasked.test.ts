// Of what needs() did not ask for nothing reaches a decision, in random stories.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type App, environmentsOf } from '../../src/promotion/app.ts';
import { at, projectsOf } from '../../src/promotion/environment.ts';
import { needs } from '../../src/promotion/needs.ts';
import { known, type Observation, unknown } from '../../src/promotion/observation.ts';
import { step } from '../../src/promotion/step.ts';
import { aScript, playOut } from './stage/chance.ts';

/** All that was not asked for, known: as misleading as it can be. */
function misled(app: App, seen: Observation): Observation {
  const wanted = needs(app);
  const { live, other } = environmentsOf(app);
  const places = [...projectsOf(live), ...projectsOf(other)].map(at);
  const health = known({ is: 'exited', detail: 'of another time', restarts: 9 } as const, seen.at);
  const busy = known({ open: 9, busy: 9 }, seen.at);
  const fill = <T>(asked: Readonly<Record<string, T>>, value: T) => ({
    ...Object.fromEntries(places.map((place) => [place, value])),
    ...asked,
  });
  const sightings = { since: 0, seen: { 1: seen.at, 3: seen.at }, trouble: 'of another time' };
  return {
    ...seen,
    serving: wanted.serving ? seen.serving : known(sightings, seen.at),
    projects: fill(seen.projects, health),
    connections: fill(seen.connections, busy),
    strangers: wanted.strangers ? seen.strangers : known(['a stranger'], seen.at),
    samples: wanted.gates === null ? { healthy: { samples: [] } } : seen.samples,
  };
}

/** All that was not asked for, unknown. */
function blinded(app: App, seen: Observation): Observation {
  const wanted = needs(app);
  const nothing = unknown('not asked for', 0);
  return {
    ...seen,
    serving: wanted.serving ? seen.serving : nothing,
    strangers: wanted.strangers ? seen.strangers : nothing,
    samples: wanted.gates === null ? {} : seen.samples,
  };
}

test('what needs() did not ask for does not change the step, whether it is unknown or misleading', () => {
  fc.assert(
    fc.property(aScript, (script) => {
      const { play } = playOut(script, [
        {
          turned: ({ app }, seen, next) => {
            const others = [misled(app, seen), blinded(app, seen)].map((one) => step(app, one));
            const same = others.every((one) => JSON.stringify(one) === JSON.stringify(next));
            return same ? null : `${JSON.stringify(others)} instead of ${JSON.stringify(next)}`;
          },
        },
      ]);
      expect(play.problems).toEqual([]);
    }),
    { numRuns: 100, seed: 42 },
  );
});
