// Idle: blue is live and alone in the balancer; keeps house after itself, then waits to be asked.
import type { In } from '../app.ts';
import type { Effect } from '../effect.ts';
import { dropletsOf } from '../environment.ts';
import { enter, list, outOfSight, tired, wait, without } from '../judgement.ts';
import { attachedNow, detachEffect, oursOf } from '../membership.ts';
import type { Observation } from '../observation.ts';
import type { Rules, Step } from '../rules.ts';

export const idle: Rules<'idle'> = {
  enter(from) {
    if (from.phase === 'retiring') return { blue: from.blue };
    if (from.phase === 'aborting') return { blue: from.keep };
    if (from.phase === 'held' && from.asked?.kind === 'adopt') return { blue: from.asked.blue };
    return null;
  },
  abort: () => null,
  next(app, seen) {
    const attached = attachedNow(app, seen);
    if (!attached.known) return outOfSight(app, attached, seen.at);
    // Without the pools nobody can say whose the droplets in the balancer are.
    if (!seen.pools.known) return outOfSight(app, seen.pools, seen.at);
    return (
      unexplained(app, seen, attached.value) ??
      keepHouse(app, seen, attached.value) ??
      (app.asked?.kind === 'promote'
        ? enter('starting', `asked to promote ${app.asked.release.id}`)
        : wait(app.blue === null ? 'nothing runs yet' : `${app.blue.project} is live`, null))
    );
  },
};

/**
 * An empty journal proves nothing: droplets attached or projects running that it does not know are held
 * until a person says what they are; nothing is swept.
 */
function unexplained(app: In<'idle'>, seen: Observation, attached: readonly number[]): Step | null {
  if (app.blue !== null) return null;
  const strays = oursOf(app, seen).filter((d) => attached.includes(d) && !app.unsure.includes(d));
  if (strays.length > 0)
    return enter(
      'held',
      `${list(strays)} ${strays.length === 1 ? 'serves' : 'serve'} in the load balancer, but the journal knows of no release`,
      { held: 'genesis' },
    );
  if (!seen.strangers.known) return outOfSight(app, seen.strangers, seen.at);
  const strangers = seen.strangers.value.filter(
    (name) => !app.present.some((place) => place.project === name),
  );
  if (strangers.length > 0)
    return enter(
      'held',
      `${strangers.join(', ')} ${strangers.length === 1 ? 'runs' : 'run'} on the pools, but the journal knows of no release`,
      { held: 'genesis' },
    );
  return null;
}

/** Removes what bgctl itself left: an effect that landed late, a project that could not be removed. Nothing else. */
function keepHouse(app: In<'idle'>, seen: Observation, attached: readonly number[]): Step | null {
  return (
    takeOutLate(app, seen, attached) ??
    act(restorations(app), 'blue must pass its health check') ??
    act(leftovers(app, attached), 'only blue runs on the pools')
  );
}

/** Droplets of a write that got no answer, found in the balancer: nothing may start on them. */
function takeOutLate(app: In<'idle'>, seen: Observation, attached: readonly number[]): Step | null {
  const late = without(app.unsure, dropletsOf(app.blue)).filter((d) => attached.includes(d));
  if (late.length === 0) return null;
  const detach = detachEffect(app, seen, attached, late, app.blue === null);
  if (!tired(app, detach))
    return { is: 'act', effects: [detach], because: 'only blue belongs in the load balancer' };
  const because = `${list(late)} could not be taken out of the load balancer`;
  return app.asked === null ? wait(because, null) : { is: 'yield', because };
}

function restorations(app: In<'idle'>): readonly Effect[] {
  return app.silenced
    .filter((place) => place.project === app.blue?.project)
    .map((place): Effect => ({ kind: 'restore-health', ...place }))
    .filter((effect) => !tired(app, effect));
}

function leftovers(app: In<'idle'>, attached: readonly number[]): readonly Effect[] {
  const referred = without(attached, dropletsOf(app.blue));
  return app.present
    .filter((place) => place.project !== app.blue?.project && !referred.includes(place.droplet))
    .map((place): Effect => ({ kind: 'remove-project', ...place }))
    .filter((effect) => !tired(app, effect));
}

function act(effects: readonly Effect[], because: string): Step | null {
  return effects.length > 0 ? { is: 'act', effects, because } : null;
}
