// Aborting: traffic returns to the environment kept, judged by that one alone; the other leaves and is removed.
import type { App, In } from '../app.ts';
import { afterlifeMs, type Effect } from '../effect.ts';
import { at, dropletsOf, type Environment, move, projectsOf } from '../environment.ts';
import {
  enter,
  exhausted,
  floorOf,
  healthOf,
  list,
  lostOf,
  outOfSight,
  quiet,
  serves,
  sickness,
  tired,
  unseen,
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
    const sides = sidesOf(from, entry);
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
  entry: Entered,
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
      return chosen(from, entry.without ?? []);
    default:
      return null;
  }
}

function swapped(blue: Environment, draining: Environment) {
  return { keep: move(draining, 'blue'), drop: move(blue, 'draining'), committed: true };
}

/** Out of held: the side that the operator named stays, without the droplets that are lost; the other goes. */
function chosen(from: In<'held'>, lost: readonly number[]) {
  const { asked, blue, other, committed } = from;
  if (asked?.kind === 'restore') return { keep: left(blue, lost), drop: other, committed };
  if (asked?.kind === 'keep' && asked.project === blue?.project)
    return { keep: left(blue, lost), drop: other, committed };
  if (asked?.kind === 'keep' && asked.project === other?.project)
    return { keep: left(revived(other), lost), drop: leaving(blue), committed };
  if (asked?.kind === 'adopt') {
    const drop = [blue, other].find((one) => one !== null && one.project !== asked.blue?.project);
    return { keep: asked.blue, drop: leaving(drop ?? null), committed };
  }
  return null;
}

function revived(environment: Environment): Environment {
  return environment.state === 'blue' ? environment : move(environment, 'blue');
}

function leaving(environment: Environment | null): Environment | null {
  return environment?.state === 'blue' ? move(environment, 'draining') : environment;
}

/** What is left of it; all of it where nothing is, so that the next look says so. */
function left(environment: Environment | null, lost: readonly number[]): Environment | null {
  if (environment === null) return null;
  const droplets = without(environment.droplets, lost);
  return droplets.length === 0 ? environment : { ...environment, droplets };
}

/** The kept environment is attached, healthy to the balancer and seen serving before anything leaves (I1, I3). */
function comeBack(
  app: In<'aborting'>,
  seen: Observation,
  attached: readonly number[],
): Step | null {
  const { keep } = app;
  if (keep === null) return null;
  const wanted = without(keep.droplets, lostOf(seen));
  if (wanted.length === 0) return noSide(app, `nothing is left of ${keep.project}`);
  return (
    rejoin(app, seen, keep, attached, without(wanted, attached)) ??
    proven(app, seen, keep, attached, wanted)
  );
}

function rejoin(
  app: In<'aborting'>,
  seen: Observation,
  keep: Environment,
  attached: readonly number[],
  back: readonly number[],
): Step | null {
  const restore = projectsOf(keep)
    .filter((place) => app.silenced.some((silenced) => at(silenced) === at(place)))
    .map((place): Effect => ({ kind: 'restore-health', ...place }))
    .filter((effect) => !tired(app, effect));
  const attach = back.length > 0 ? [attachEffect(app, seen, attached, back)] : [];
  const tiredOf = exhausted(app, 'attach-droplets');
  if (attach.length > 0 && tiredOf !== null) return { is: 'yield', because: tiredOf };
  if (restore.length + attach.length === 0) return null;
  return {
    is: 'act',
    effects: [...restore, ...attach],
    because: `traffic returns to ${keep.project}`,
  };
}

/** Null once enough of the kept environment was seen to serve for the other to leave. */
function proven(
  app: In<'aborting'>,
  seen: Observation,
  keep: Environment,
  attached: readonly number[],
  wanted: readonly number[],
): Step | null {
  const { drop } = app;
  // An unproven green that is not in the balancer takes nobody's traffic with it: nothing has to be proven.
  const outside = !dropletsOf(drop).some((droplet) => attached.includes(droplet));
  if (!app.committed && drop?.state === 'green' && outside) return null;
  const floor = floorOf(app, keep);
  if (wanted.length < floor)
    return noSide(app, `only ${list(wanted)} of ${keep.project} is left, and ${floor} must serve`);
  if (!seen.serving.known) return outOfSight(app, seen.serving, seen.at);
  const silent = wanted.filter((droplet) => !serves(app, seen, droplet));
  const enough = wanted.length - silent.length >= floor;
  // A droplet of the kept environment that is known to be sick is not waited for: it would come back to nothing.
  if (enough && silent.every((droplet) => isSick(seen, keep, droplet))) return null;
  const until =
    Math.max(app.since, app.redirectedAt, seen.serving.value.since) + app.policy.switch.limitMs;
  if (seen.at < until)
    return wait(`${list(silent)} of ${keep.project} not yet seen to serve`, until);
  return enough ? null : noSide(app, `${keep.project} does not serve`);
}

function noSide(app: In<'aborting'>, because: string): Step {
  return enter('held', `${because}: no safe side. ${app.reason}`, { held: 'choice' });
}

function isSick(seen: Observation, environment: Environment, droplet: number): boolean {
  const health = healthOf(seen, environment.project, droplet);
  return health.known && !['healthy', 'starting', 'unhealthy'].includes(health.value.is);
}

function goAway(app: In<'aborting'>, seen: Observation, attached: readonly number[]): Step | null {
  const ours = oursOf(app, seen);
  const keepers = dropletsOf(app.keep);
  const out = ours.filter((d) => attached.includes(d) && !keepers.includes(d));
  if (out.length === 0) return null;
  // A healthy one gets to finish what it has in flight; a dead, hung or unseen one delays nobody (I3).
  if (app.drop !== null && app.keep !== null) {
    const { drop } = app;
    const hush =
      firstLook(app, seen, drop) ?? (standing(app, seen, drop) ? silence(app, seen, drop) : null);
    if (hush !== null) return hush;
  }
  const tiredOf = exhausted(app, 'detach-droplets');
  if (tiredOf !== null) return { is: 'yield', because: tiredOf };
  return {
    is: 'act',
    effects: [detachEffect(app, seen, attached, out, app.keep === null)],
    because: `${app.drop?.project ?? 'what is not blue'} leaves the load balancer`,
  };
}

/** Above the limit of a look at a droplet. */
const firstLookMs = 10_000;

/**
 * Who has just taken over, or has just told it to fail its health check, does not know yet whether it stands:
 * requests in flight would be cut off for nothing.
 */
function firstLook(app: In<'aborting'>, seen: Observation, environment: Environment): Step | null {
  const until = Math.max(app.since, app.redirectedAt) + firstLookMs;
  if (!app.drains || seen.at >= until) return null;
  const looking = projectsOf(environment).some(({ project, droplet }) => {
    const health = healthOf(seen, project, droplet);
    return !health.known && health.early === true;
  });
  return looking ? wait(`${environment.project} is looked at before it leaves`, until) : null;
}

/** Healthy everywhere, or unhealthy because we told it to be; and it does what it is told. */
function standing(app: In<'aborting'>, seen: Observation, environment: Environment): boolean {
  // Not heard of is not refused: an order that a dead controller gave is given once more.
  const refused = ([key, { times }]: [string, { readonly times: number }]) =>
    times > 0 && key.startsWith('fail-health ');
  if (Object.entries(app.failures).some(refused)) return false;
  return (
    seen.serving.known &&
    sickness(app, seen, environment) === null &&
    unseen(seen, environment) === null
  );
}

function clearAway(app: In<'aborting'>, seen: Observation): Step | null {
  const { drop } = app;
  if (drop === null) return null;
  const until = Math.max(app.since, app.wroteAt) + app.policy.drain.limitMs;
  const next = retire(app, seen, drop, until);
  if (next?.is !== 'act') return next;
  const come = mayStillCome(app, seen, drop);
  if (come !== null) return come;
  if (seen.at >= until || !mayStillBeSent(app, seen, drop)) return next;
  return wait(`the load balancer may still send requests to ${drop.project}`, until);
}

/** A write without an answer may be worked on still, and bring into the balancer what is about to be removed. */
function mayStillCome(app: In<'aborting'>, seen: Observation, drop: Environment): Step | null {
  const unsure = drop.droplets.filter((droplet) => app.unsure.includes(droplet));
  const until = app.wroteAt + afterlifeMs;
  if (unsure.length === 0 || (seen.attached.known && seen.attached.at >= until)) return null;
  const because = `a change that got no answer may still put ${list(unsure)} into the load balancer`;
  if (seen.at < until) return wait(because, until);
  const blind = outOfSight(app, { because, since: until }, seen.at);
  return blind.is === 'wait' ? { ...blind, readAgain: true } : blind;
}

/** How far what the load balancer does may be behind what it was told, and say nothing of it. */
const behindMs = 10_000;

/**
 * The balancer's record is ahead of what it does: a droplet that was attached and detached a moment later may get its
 * first request after it was detached. So it must have been quiet since we wrote; where nobody was seen to be sent to
 * all of it yet, quiet proves nothing until everything that was told must have come true.
 */
function mayStillBeSent(app: In<'aborting'>, seen: Observation, drop: Environment): boolean {
  if (app.wroteAt < app.since) return false;
  const settlingMs = app.committed || wasSent(seen, drop) ? app.policy.drain.quietMs : behindMs;
  return seen.at - app.wroteAt < settlingMs || !quiet(app, seen, drop);
}

function wasSent(seen: Observation, { droplets }: Environment): boolean {
  if (!seen.serving.known) return false;
  const sightings = seen.serving.value.seen;
  return droplets.every((droplet) => sightings[droplet] !== undefined);
}
