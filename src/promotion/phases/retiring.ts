// Retiring: the old environment is removed once it was warm long enough, nobody refers to it and nobody is connected.

import type { In } from '../app.ts';
import type { HostEffect } from '../effect.ts';
import { dropletsOf, type Environment } from '../environment.ts';
import {
  connectionsOf,
  enter,
  exhausted,
  freshMs,
  list,
  outOfSight,
  tired,
  wait,
  without,
} from '../judgement.ts';
import { attachedNow, detachEffect } from '../membership.ts';
import type { Observation } from '../observation.ts';
import type { Rules, Step } from '../rules.ts';
import { asPeopleSaid, warmUntil } from '../warmth.ts';

export const retiring: Rules<'retiring'> = {
  enter(from) {
    if (from.phase === 'verifying') return { blue: from.blue, draining: from.draining };
    return null;
  },
  abort: () => null,
  next(app, seen) {
    if (app.draining === null) return enter('idle', `${app.blue.project} is live and verified`);
    const kept = asPeopleSaid(app, app.draining, seen.at);
    if (kept !== null) return kept;
    const until = warmUntil(app);
    if (seen.at < until) return wait(`${app.draining.project} stays warm`, until);
    return (
      retire(app, seen, app.draining, leavingSince(app) + app.policy.drain.limitMs) ??
      enter('idle', `${app.blue.project} is live and verified`)
    );
  },
};

/** What is still connected gets its time after it was kept, too. */
function leavingSince(app: In<'retiring'>): number {
  return Math.max(app.since, app.warm.until ?? 0);
}

/**
 * What is left to do until an environment is gone, or null when all that can be removed was. Nothing is
 * removed while the balancer refers to it or connections to it are open, up to the limit (I2).
 */
export function retire(
  app: In<'retiring'> | In<'aborting'>,
  seen: Observation,
  environment: Environment,
  connectionsUntil: number,
): Step | null {
  const effects = app.present
    .filter((place) => place.project === environment.project)
    .map((place): HostEffect => ({ kind: 'remove-project', ...place }))
    // A droplet that cannot be reached must not keep the app from resting; idle tries it again.
    .filter((effect) => !tired(app, effect));
  if (effects.length === 0) return null;
  const attached = attachedNow(app, seen);
  if (!attached.known) return outOfSight(app, attached, seen.at);
  const kept = dropletsOf(app.phase === 'aborting' ? app.keep : app.blue);
  const places = [...environment.droplets, ...effects.map((effect) => effect.droplet)];
  const referred = without([...new Set(places)], kept).filter((d) => attached.value.includes(d));
  if (referred.length > 0) return takeOut(app, seen, attached.value, referred);
  if (seen.at < connectionsUntil) {
    const open = connectionsOf(seen, environment, 'open');
    if (open === null)
      return wait(`open connections to ${environment.project} cannot be counted`, connectionsUntil);
    if (open > 0)
      return wait(
        `${open} ${open === 1 ? 'connection' : 'connections'} to ${environment.project} still open`,
        connectionsUntil,
      );
  }
  // Verifying reads it rarely, and somebody may have put a droplet back meanwhile.
  if (attached.at < Math.max(app.since, seen.at - freshMs))
    return {
      is: 'wait',
      because: 'the load balancer is read once more',
      until: Math.max(attached.at, app.since) + freshMs + app.policy.unreachableMs,
      readAgain: true,
    };
  return { is: 'act', effects, because: `nobody is sent to ${environment.project}` };
}

/** A write of ours that landed late: the balancer must let go before anything is removed. */
function takeOut(
  app: In<'retiring'> | In<'aborting'>,
  seen: Observation,
  attached: readonly number[],
  droplets: readonly number[],
): Step {
  const detach = detachEffect(app, seen, attached, droplets);
  const tiredOf = exhausted(app, 'detach-droplets');
  if (tiredOf !== null) return { is: 'yield', because: tiredOf };
  return { is: 'act', effects: [detach], because: `${list(droplets)} must not be referred to` };
}
