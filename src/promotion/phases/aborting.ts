// Aborting: traffic returns to the environment kept, judged by that one alone; the other leaves and is removed.
import type { App, In } from '../app.ts';
import type { Effect } from '../effect.ts';
import { at, type Environment, move, projectsOf } from '../environment.ts';
import {
  enter,
  exhausted,
  healthOf,
  list,
  outOfSight,
  serves,
  tired,
  wait,
  without,
} from '../judgement.ts';
import { attachEffect, attachedNow, detachEffect, oursOf } from '../membership.ts';
import type { Observation } from '../observation.ts';
import type { Entered, Rules, Step } from '../rules.ts';
import { retire } from './retiring.ts';
import { silence } from './switching.ts';

export const aborting: Rules<'aborting'> = {
  enter(from, entry) {
    const sides = sidesOf(from);
    if (sides === null || (sides.keep === null && sides.drop === null)) return null;
    return { ...sides, reason: entry.because, cause: causeOf(from, entry) };
  },
  abort: () => null,
  next(app, seen) {
    const attached = attachedNow(app, seen);
    if (!attached.known) return outOfSight(app, attached, seen.at);
    return (
      comeBack(app, seen, attached.value) ??
      goAway(app, seen, attached.value) ??
      clearAway(app, seen) ??
      enter('idle', app.reason)
    );
  },
};

function causeOf(from: App, entry: Entered): 'asked' | 'failed' {
  return entry.cause ?? (from.asked === null ? 'failed' : 'asked');
}

/** Who stays and who goes. After the commit point the new environment drains and the old one is blue again. */
function sidesOf(
  from: App,
): { keep: Environment | null; drop: Environment | null; committed: boolean } | null {
  switch (from.phase) {
    case 'starting':
    case 'gating':
      return { keep: from.blue, drop: from.green, committed: false };
    case 'switching':
      if (!from.committed) return { keep: from.blue, drop: from.green, committed: false };
      return from.draining === null ? null : swapped(from.blue, from.draining);
    case 'verifying':
      return from.draining === null ? null : swapped(from.blue, from.draining);
    case 'held':
      return chosen(from);
    default:
      return null;
  }
}

function swapped(blue: Environment, draining: Environment) {
  return { keep: move(draining, 'blue'), drop: move(blue, 'draining'), committed: true };
}

/** Out of held: the side that the operator named stays, the other goes. */
function chosen(from: In<'held'>) {
  const { asked, blue, other, committed } = from;
  if (asked?.kind === 'restore') return { keep: blue, drop: other, committed };
  if (asked?.kind === 'keep' && asked.project === blue?.project)
    return { keep: blue, drop: other, committed };
  if (asked?.kind === 'keep' && asked.project === other?.project) {
    const keep = other.state === 'blue' ? other : move(other, 'blue');
    const drop = blue === null ? null : move(blue, 'draining');
    return { keep, drop, committed };
  }
  if (asked?.kind === 'adopt') {
    const drop = [blue, other].find((one) => one !== null && one.project !== asked.blue?.project);
    return { keep: asked.blue, drop: drop ?? null, committed };
  }
  return null;
}

/** The kept environment is attached, healthy to the balancer and seen serving before anything leaves (I1, I3). */
function comeBack(
  app: In<'aborting'>,
  seen: Observation,
  attached: readonly number[],
): Step | null {
  const { keep } = app;
  if (keep === null) return null;
  const gone = seen.lost.known ? seen.lost.value : [];
  const wanted = without(keep.droplets, gone);
  const back = without(wanted, attached);
  const restore = projectsOf(keep)
    .filter((place) => app.silenced.some((silenced) => at(silenced) === at(place)))
    .map((place): Effect => ({ kind: 'restore-health', ...place }))
    .filter((effect) => !tired(app, effect));
  const attach = back.length > 0 ? [attachEffect(app, seen, attached, back)] : [];
  const tiredOf = exhausted(app, ['attach-droplets']);
  if (attach.length > 0 && tiredOf !== null) return { is: 'yield', because: tiredOf };
  if (restore.length + attach.length > 0)
    return {
      is: 'act',
      effects: [...restore, ...attach],
      because: `${keep.project} comes back`,
    };
  // It never left the balancer: nobody has to wait for it.
  if (!app.committed && app.drop?.state === 'green' && !left(app, attached)) return null;
  if (!seen.serving.known) return outOfSight(app, seen.serving, seen.at);
  const silent = wanted.filter((droplet) => !serves(app, seen, droplet));
  if (silent.length === 0) return null;
  const until = app.since + app.policy.switch.limitMs;
  if (seen.at < until)
    return wait(`${list(silent)} of ${keep.project} not yet seen to serve`, until);
  return wanted.length - silent.length >= Math.max(app.policy.switch.floor, 1)
    ? null
    : enter('held', `${keep.project} does not serve: no safe side. ${app.reason}`, {
        held: 'choice',
      });
}

function left(app: In<'aborting'>, attached: readonly number[]): boolean {
  return app.drop?.droplets.some((droplet) => attached.includes(droplet)) ?? false;
}

function goAway(app: In<'aborting'>, seen: Observation, attached: readonly number[]): Step | null {
  const ours = oursOf(app, seen);
  const keepers = app.keep?.droplets ?? [];
  const leaving = ours.filter((d) => attached.includes(d) && !keepers.includes(d));
  if (leaving.length === 0) return null;
  // A healthy one gets to finish what it has in flight; a dead or unseen one delays nobody (I3).
  if (app.drop !== null && app.keep !== null && standing(app.drop, seen)) {
    const hush = silence(app, seen, app.drop);
    if (hush !== null) return hush;
  }
  const tiredOf = exhausted(app, ['detach-droplets']);
  if (tiredOf !== null) return { is: 'yield', because: tiredOf };
  return {
    is: 'act',
    effects: [detachEffect(app, seen, attached, leaving, app.keep === null)],
    because: `${app.drop?.project ?? 'what is not blue'} leaves the load balancer`,
  };
}

function standing(environment: Environment, seen: Observation): boolean {
  return environment.droplets.every((droplet) => {
    const health = healthOf(seen, environment.project, droplet);
    return health.known && (health.value.is === 'healthy' || health.value.is === 'unhealthy');
  });
}

function clearAway(app: In<'aborting'>, seen: Observation): Step | null {
  if (app.drop === null) return null;
  return retire(app, seen, app.drop, app.since + app.policy.drain.limitMs);
}
