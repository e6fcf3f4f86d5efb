// Switching: green joins the balancer and is seen to serve; then the commit point; then blue leaves.
import type { In } from '../app.ts';
import type { Effect } from '../effect.ts';
import { at, type Environment, projectsOf } from '../environment.ts';
import {
  connectionsOf,
  enter,
  exhausted,
  fail,
  healthOf,
  list,
  outOfSight,
  quiet,
  serves,
  sickness,
  tired,
  unseen,
  wait,
  without,
} from '../judgement.ts';
import { attachEffect, attachedNow, detachEffect } from '../membership.ts';
import type { Observation } from '../observation.ts';
import type { Rules, Step } from '../rules.ts';

type Joining = Extract<In<'switching'>, { committed: false }>;
type Leaving = Extract<In<'switching'>, { committed: true }>;

export const switching: Rules<'switching'> = {
  enter(from) {
    if (from.phase !== 'gating') return null;
    return { committed: false, blue: from.blue, green: from.green };
  },
  abort(app, seen) {
    if (app.committed) return app.draining === null ? 'held' : 'aborting';
    if (app.blue !== null) return 'aborting';
    // The first release ever: once people are served by it there is nothing to go back to.
    const attached = attachedNow(app, seen);
    const untouched = attached.known && !app.green.droplets.some((d) => attached.value.includes(d));
    const serving = seen.serving.known && app.green.droplets.some((d) => serves(app, seen, d));
    return untouched || (seen.serving.known && !serving) ? 'aborting' : 'held';
  },
  next: (app, seen) => (app.committed ? leave(app, seen) : join(app, seen)),
};

/** Before the commit point: every error leads to removing green. */
function join(app: Joining, seen: Observation): Step {
  const until = app.since + app.policy.switch.limitMs;
  const tiredOf = exhausted(app, ['attach-droplets']);
  if (tiredOf !== null) return fail(tiredOf);
  const sick = sickness(app, seen, app.green);
  if (sick !== null) return fail(`green lost its health while switching: ${sick}`);
  const slow = (because: string): Step =>
    seen.at >= until ? fail(`green did not get traffic in time: ${because}`) : wait(because, until);
  const attached = attachedNow(app, seen);
  if (!attached.known) return slow(`the load balancer cannot be read: ${attached.because}`);
  const absent = without(app.green.droplets, attached.value);
  if (absent.length > 0)
    return {
      is: 'act',
      effects: [attachEffect(app, seen, attached.value, absent)],
      because: 'green joins the load balancer',
    };
  if (!seen.serving.known)
    return slow(`the load balancer's address cannot be asked: ${seen.serving.because}`);
  const silent = app.green.droplets.filter((droplet) => !serves(app, seen, droplet));
  if (silent.length > 0)
    return slow(
      `${list(silent)} ${silent.length === 1 ? 'was' : 'were'} not yet seen to answer through the load balancer${
        seen.serving.value.trouble === null ? '' : ` (last trouble: ${seen.serving.value.trouble})`
      }`,
    );
  const blind = unseen(seen, app.green);
  if (blind !== null) return slow(blind.because);
  return {
    is: 'commit',
    because: 'the load balancer was seen to serve from every droplet of green',
  };
}

/** After it: nothing may stop the side that the balancer refers to. */
function leave(app: Leaving, seen: Observation): Step {
  const { draining } = app;
  if (draining === null) return enter('verifying', 'all traffic is on the first release');
  const sick = sickness(app, seen, app.blue);
  if (sick !== null) return fail(`the new environment lost its health: ${sick}`);
  const attached = attachedNow(app, seen);
  if (!attached.known) return outOfSight(app, attached, seen.at);
  const leaving = draining.droplets.filter((droplet) => attached.value.includes(droplet));
  if (leaving.length === 0) return enter('verifying', 'all traffic is on the new environment');
  const hush = silence(app, seen, draining);
  if (hush !== null) return hush;
  const serving = app.blue.droplets.filter((droplet) => serves(app, seen, droplet));
  if (serving.length < Math.max(app.policy.switch.floor, 1))
    return seen.serving.known && seen.at >= app.since + 2 * app.policy.switch.limitMs
      ? fail('the new environment no longer answers through the load balancer')
      : seen.serving.known
        ? wait(
            `fewer than ${app.policy.switch.floor} targets of the new environment were seen to serve just now`,
            app.since + 2 * app.policy.switch.limitMs,
          )
        : outOfSight(app, seen.serving, seen.at);
  const detach = detachEffect(app, seen, attached.value, leaving);
  const tiredOf = exhausted(app, ['detach-droplets']);
  if (tiredOf !== null) return { is: 'yield', because: tiredOf };
  return { is: 'act', effects: [detach], because: 'the old environment leaves the load balancer' };
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
  const until =
    (app.phase === 'switching' ? (app.committedAt ?? app.since) : app.since) +
    app.policy.drain.limitMs;
  const orders = projectsOf(environment)
    .filter((place) => !app.silenced.some((silenced) => at(silenced) === at(place)))
    // Only what can be reached: a droplet that is gone must not hold the others up.
    .filter((place) => healthOf(seen, place.project, place.droplet).known)
    .map((place): Effect => ({ kind: 'fail-health', ...place }))
    .filter((effect) => !tired(app, effect));
  if (orders.length > 0 && seen.at < until)
    return {
      is: 'act',
      effects: orders,
      because: `${environment.project} fails its health check, so that the load balancer stops sending`,
    };
  if (seen.at >= until) return null;
  if (!quiet(app, seen, environment))
    return wait(`the load balancer still sends requests to ${environment.project}`, until);
  const busy = connectionsOf(seen, environment, 'busy');
  if (busy === null)
    return wait(`requests in flight on ${environment.project} cannot be counted`, until);
  return busy > 0
    ? wait(
        `${busy} ${busy === 1 ? 'request is' : 'requests are'} in flight on ${environment.project}`,
        until,
      )
    : null;
}
