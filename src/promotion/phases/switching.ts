// Switching: green joins the balancer and is seen to serve; then the commit point; then blue leaves.
import type { Evidence, Verdict } from '../../gates/verdict.ts';
import type { App, In } from '../app.ts';
import { type HostEffect, keyOf } from '../effect.ts';
import { at, type Environment, projectsOf } from '../environment.ts';
import {
  connectionsOf,
  enter,
  exhausted,
  fail,
  healthOf,
  list,
  lostOf,
  outOfSight,
  quiet,
  serves,
  sickness,
  sightingMaxAgeMs,
  tired,
  unseen,
  wait,
  without,
} from '../judgement.ts';
import { attachEffect, attachedNow, detachEffect } from '../membership.ts';
import type { Observation, Serving } from '../observation.ts';
import type { Rules, Step } from '../rules.ts';
import {
  advance,
  begins,
  hasPassed,
  partOf,
  partUntil,
  type Uncommitted,
  verdictOf,
} from './joining.ts';

type Leaving = Extract<In<'switching'>, { committed: true }>;

export const switching: Rules<'switching'> = {
  enter(from) {
    if (from.phase !== 'gating') return null;
    const { blue, green } = from;
    return { committed: false, blue, green, joining: begins(from.policy.switch.first, green) };
  },
  abort(app, seen) {
    if (app.committed) return app.draining === null ? 'held' : 'aborting';
    if (app.blue !== null) return 'aborting';
    const reached = reachesPeople(app, seen);
    if (reached === null) return outOfSight(app, unclear(app, seen), seen.at);
    return reached ? 'held' : 'aborting';
  },
  next: (app, seen) => (app.committed ? leave(app, seen) : join(app, seen)),
};

/** Before the commit point: every error leads to removing green. */
function join(app: Uncommitted, seen: Observation): Step {
  const until = partUntil(app);
  const tiredOf = exhausted(app, 'attach-droplets');
  if (tiredOf !== null) return giveUp(app, seen, tiredOf);
  const sick = sickness(app, seen, app.green);
  if (sick !== null) return giveUp(app, seen, `green lost its health while switching: ${sick}`);
  const verdict = verdictOf(app, seen);
  const judged = verdict === null ? null : asJudged(app, seen, verdict);
  if (judged !== null) return judged;
  const slow = (because: string): Step =>
    seen.at >= until
      ? giveUp(app, seen, `green did not get traffic in time: ${because}`)
      : wait(because, until);
  const attached = attachedNow(app, seen);
  if (!attached.known) return slow(`the load balancer cannot be read: ${attached.because}`);
  // What may be in it by a write that got no answer is attached once more: the journal must be sure.
  const sure = without(attached.value, app.unsure);
  const part = partOf(app);
  const absent = without(part, sure);
  if (absent.length > 0)
    return {
      is: 'act',
      effects: [attachEffect(app, seen, attached.value, absent)],
      because: 'green joins the load balancer',
    };
  if (!seen.serving.known)
    return slow(`the load balancer's address cannot be asked: ${seen.serving.because}`);
  const silent = part.filter((droplet) => !serves(app, seen, droplet));
  if (silent.length > 0)
    return slow(
      `${list(silent)} ${silent.length === 1 ? 'was' : 'were'} not yet seen to answer through the load balancer${
        seen.serving.value.trouble === null ? '' : ` (last trouble: ${seen.serving.value.trouble})`
      }`,
    );
  const blind = unseen(seen, app.green);
  if (blind !== null) return slow(blind.because);
  const served = 'the load balancer was seen to serve from every droplet of green';
  return advance(app, verdict) ?? { is: 'commit', because: judgedToo(served, verdict) };
}

/** Null while what the gates say lets it go on, or wait. Once what came first has passed, only a failure counts. */
function asJudged(app: Uncommitted, seen: Observation, verdict: Verdict): Step | null {
  const { inconclusive = 'abort', unknown = 'wait' } = app.policy.switch;
  const { because, evidence } = verdict;
  if (verdict.is === 'fail') return giveUp(app, seen, `while both served: ${because}`, evidence);
  if (hasPassed(app)) return null;
  const unproven = (to: 'abort' | 'hold', why: string) =>
    to === 'hold'
      ? enter('held', why, { held: 'choice', evidence })
      : giveUp(app, seen, why, evidence);
  if (verdict.is === 'inconclusive') return unproven(inconclusive, `while both served: ${because}`);
  return verdict.is === 'unknown' && unknown !== 'wait'
    ? unproven(unknown, `green cannot be measured while both serve: ${because}`)
    : null;
}

function judgedToo(served: string, verdict: Verdict | null): string {
  return verdict?.is === 'pass' ? `${served}. ${verdict.because}` : served;
}

/** Before the commit point every failure leads back; of the first release ever there may be no way back. */
export function giveUp(
  app: Uncommitted,
  seen: Observation,
  because: string,
  evidence?: Evidence,
): Step {
  const failed = fail(because, evidence === undefined ? {} : { evidence });
  if (app.blue !== null) return failed;
  const reached = reachesPeople(app, seen);
  if (reached === null) return outOfSight(app, unclear(app, seen), seen.at);
  if (!reached) return failed;
  return enter('held', `${because}; people are served by it, and there is nothing to go back to`, {
    held: 'choice',
  });
}

/** Whether the first release ever already serves people; null while that is not known. */
function reachesPeople(app: Uncommitted, seen: Observation): boolean | null {
  const attached = attachedNow(app, seen);
  if (attached.known && !app.green.droplets.some((d) => attached.value.includes(d))) return false;
  if (!seen.serving.known) return null;
  if (app.green.droplets.some((droplet) => serves(app, seen, droplet))) return true;
  return seen.at - watchedSince(app, seen.serving.value) >= sightingMaxAgeMs ? false : null;
}

function unclear(app: Uncommitted, { serving }: Observation): { because: string; since: number } {
  const because = 'whether people are served by the first release is not known';
  return { because, since: serving.known ? watchedSince(app, serving.value) : serving.since };
}

/** Since when the watch through the balancer says something of how things are now. */
function watchedSince(app: In<'switching'>, { since }: Serving): number {
  return Math.max(since, app.redirectedAt);
}

/** After it: nothing may stop the side that the balancer refers to. */
function leave(app: Leaving, seen: Observation): Step {
  const { draining } = app;
  const sick = draining === null ? null : sickness(app, seen, app.blue);
  if (sick !== null) return fail(`the new environment lost its health: ${sick}`);
  const attached = attachedNow(app, seen);
  if (!attached.known) return outOfSight(app, attached, seen.at);
  if (draining === null) return enter('verifying', 'all traffic is on the first release');
  const leaving = draining.droplets.filter((droplet) => attached.value.includes(droplet));
  if (leaving.length === 0) return enter('verifying', 'all traffic is on the new environment');
  const few = carried(app, seen, attached.value) ?? silence(app, seen, draining);
  if (few !== null) return few;
  const detach = detachEffect(app, seen, attached.value, leaving);
  const tiredOf = exhausted(app, 'detach-droplets');
  if (tiredOf !== null) return { is: 'yield', because: tiredOf };
  return { is: 'act', effects: [detach], because: 'the old environment leaves the load balancer' };
}

/** Null while enough of the new environment carries traffic for the old one to stop; it is asked before every step of that. */
function carried(app: Leaving, seen: Observation, attached: readonly number[]): Step | null {
  if (!seen.serving.known) return outOfSight(app, seen.serving, seen.at);
  const serving = app.blue.droplets.filter((d) => attached.includes(d) && serves(app, seen, d));
  const floor = Math.max(app.policy.switch.floor, 1);
  if (serving.length >= floor) return null;
  const from = Math.max(app.since, app.committedAt ?? 0, watchedSince(app, seen.serving.value));
  const until = from + app.policy.switch.limitMs;
  return seen.at >= until
    ? fail('the new environment no longer answers through the load balancer')
    : wait(`fewer than ${floor} targets of the new environment were seen to serve just now`, until);
}

/**
 * Ends what is in flight before a removal that may cut it: the API has no drain. Null when the
 * environment may leave: nothing is sent to it and nothing is in flight, or the limit has passed,
 * or the app cannot be told to fail its health check (then a wait would change nothing).
 */
export function silence(
  app: In<'switching'> | In<'aborting'>,
  seen: Observation,
  environment: Environment,
): Step | null {
  if (!app.drains) return null;
  const orders = projectsOf(environment)
    // Only what can be reached: a droplet that is gone must not hold the others up.
    .filter((place) => healthOf(seen, place.project, place.droplet).known)
    .map((place) => ({ kind: 'fail-health', ...place }) as const)
    .filter((order) => !heard(app, order) && !tired(app, order));
  if (orders.length > 0)
    return {
      is: 'act',
      effects: orders,
      because: `so that the load balancer stops sending to ${environment.project}`,
    };
  // The last order, or whoever drives now, begins the time that requests in flight are given.
  const until = Math.max(app.since, app.redirectedAt) + app.policy.drain.limitMs;
  if (seen.at >= until) return null;
  if (!quiet(app, seen, environment))
    return wait(`the load balancer still sends requests to ${environment.project}`, until);
  const busy = connectionsOf(seen, environment, 'busy');
  if (busy === null)
    return wait(`requests in flight on ${environment.project} cannot be counted`, until);
  if (busy === 0 && !isCountedSinceQuiet(app, seen, environment))
    return wait(`requests in flight on ${environment.project} are counted once more`, until);
  return busy > 0
    ? wait(
        `${busy} ${busy === 1 ? 'request is' : 'requests are'} in flight on ${environment.project}`,
        until,
      )
    : null;
}

/**
 * A count takes its time on a busy droplet. One that began before the balancer had sent its last request says nothing
 * of that; and the last that was seen need not be the last that was sent, nor have arrived at once.
 */
function isCountedSinceQuiet(app: App, seen: Observation, environment: Environment): boolean {
  if (!seen.serving.known) return false;
  const { since, seen: sightings } = seen.serving.value;
  const last = Math.max(since, ...environment.droplets.map((droplet) => sightings[droplet] ?? 0));
  const from = last + app.policy.drain.quietMs / 2;
  const gone = lostOf(seen);
  return projectsOf(environment)
    .filter(({ droplet }) => !gone.includes(droplet))
    .every((place) => {
      const count = seen.connections[at(place)];
      return count?.known === true && count.at >= from;
    });
}

/** Whether the order was given and nothing says that it did not arrive. */
function heard(app: App, order: HostEffect): boolean {
  const given = app.silenced.some((place) => at(place) === at(order));
  return given && app.failures[keyOf(order)] === undefined;
}
