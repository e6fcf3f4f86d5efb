// Small questions that several phases ask of an app and an observation; each answers with what it rests on.
import type { App } from './app.ts';
import { type Effect, type EffectKey, keyOf } from './effect.ts';
import { at, type DropletId, type Environment, projectsOf } from './environment.ts';
import type { Known, Observation, ProjectHealth } from './observation.ts';
import type { EnterStep, Step } from './rules.ts';

/** A sighting through the balancer older than this says nothing of now. */
export const sightingMaxAgeMs = 5_000;

/** The balancer's record may not be older where traffic moves or something is removed: somebody may have edited it. */
export const freshMs = 10_000;

export function wait(because: string, until: number | null, cancel?: readonly EffectKey[]): Step {
  return cancel === undefined
    ? { is: 'wait', because, until }
    : { is: 'wait', because, until, cancel };
}

export function enter(
  phase: EnterStep['phase'],
  because: string,
  more: Omit<EnterStep, 'is' | 'phase' | 'because'> = {},
): EnterStep {
  return { is: 'enter', phase, because, ...more };
}

/** Going back because something failed. */
export function fail(because: string, more: Pick<EnterStep, 'evidence'> = {}): EnterStep {
  return enter('aborting', because, { ...more, cause: 'failed' });
}

const notLookedAt: Known<never> = {
  known: false,
  because: 'the first look has not ended yet',
  since: 0,
  early: true,
};

/** Droplets known to be destroyed. */
export function lostOf(seen: Observation): readonly DropletId[] {
  return seen.lost.known ? seen.lost.value : [];
}

export function healthOf(
  seen: Observation,
  project: string,
  droplet: DropletId,
): Known<ProjectHealth> {
  return seen.projects[at({ project, droplet })] ?? notLookedAt;
}

/** One sentence on why the environment is known to be sick, or null. What is unknown is not sick. */
export function sickness(app: App, seen: Observation, environment: Environment): string | null {
  const gone = lostOf(seen);
  for (const place of projectsOf(environment)) {
    if (gone.includes(place.droplet)) return `droplet ${place.droplet} no longer exists`;
    const health = healthOf(seen, place.project, place.droplet);
    if (!health.known || health.value.is === 'healthy') continue;
    // We made its health check fail ourselves: that is draining, not sickness.
    const byOurHand = app.silenced.some((silenced) => at(silenced) === at(place));
    if (byOurHand && (health.value.is === 'unhealthy' || health.value.is === 'starting')) continue;
    return `${place.project} is ${health.value.is} on droplet ${place.droplet}${tail(health.value.detail)}`;
  }
  return null;
}

/** The first droplet of the environment whose project could not be looked at, with the reason; or null. */
export function unseen(
  seen: Observation,
  environment: Environment,
): { readonly because: string; readonly since: number } | null {
  for (const place of projectsOf(environment)) {
    const health = healthOf(seen, place.project, place.droplet);
    if (!health.known)
      return {
        because: `${place.project} on droplet ${place.droplet} cannot be looked at: ${health.because}`,
        since: health.since,
      };
  }
  return null;
}

export function tail(detail: string): string {
  return detail === '' ? '' : `: ${detail}`;
}

/** Whether the balancer's own address was seen to answer from the droplet lately, and since we last redirected traffic. */
export function serves(app: App, seen: Observation, droplet: DropletId): boolean {
  if (!seen.serving.known) return false;
  const last = seen.serving.value.seen[droplet];
  return last !== undefined && last >= seen.at - sightingMaxAgeMs && last >= app.redirectedAt;
}

/** Whether the balancer sent the environment nothing for so long, watched without a gap. */
export function quiet(app: App, seen: Observation, environment: Environment): boolean {
  if (!seen.serving.known) return false;
  const since = seen.at - app.policy.drain.quietMs;
  const { seen: sightings, since: watchedSince, unnamed = 0 } = seen.serving.value;
  // An adopted environment does not know its name: what nobody signed may have come from there.
  if (watchedSince > since || unnamed >= since) return false;
  return environment.droplets.every((droplet) => (sightings[droplet] ?? 0) < since);
}

/** Requests in flight (`busy`) or connections (`open`) of the environment; null while any droplet is unknown. */
export function connectionsOf(
  seen: Observation,
  environment: Environment,
  which: 'open' | 'busy',
): number | null {
  let sum = 0;
  const gone = lostOf(seen);
  for (const place of projectsOf(environment)) {
    if (gone.includes(place.droplet)) continue;
    const connections = seen.connections[at(place)];
    if (connections === undefined || !connections.known) return null;
    sum += connections.value[which];
  }
  return sum;
}

/** The effect of this kind that failed as often as the policy allows, with its last reason; or null. */
export function exhausted(app: App, kind: Effect['kind']): string | null {
  for (const [key, failure] of Object.entries(app.failures))
    if (key.startsWith(`${kind} `) && failure.times >= app.policy.attemptsMax)
      return `${key} failed ${failure.times} times, last: ${failure.because}`;
  return null;
}

export function tired(app: App, effect: Effect): boolean {
  return (app.failures[keyOf(effect)]?.times ?? 0) >= app.policy.attemptsMax;
}

/**
 * While something cannot be reached: wait up to the policy's limit, then yield. Nothing is removed meanwhile.
 * Where nobody asked for anything it rests instead: what is left to tidy can wait for better days.
 */
export function outOfSight(app: App, blind: { because: string; since: number }, at: number): Step {
  const until = Math.max(blind.since, app.since) + app.policy.unreachableMs;
  if (at < until) return wait(blind.because, until);
  const resting = app.phase === 'idle' && app.asked === null;
  return resting ? wait(blind.because, null) : { is: 'yield', because: blind.because };
}

/** How many targets that serve are enough: the policy's floor, or all there are of a smaller environment. */
export function floorOf(app: App, environment: Environment): number {
  return Math.max(1, Math.min(app.policy.switch.floor, environment.droplets.length));
}

export function without(
  droplets: readonly DropletId[],
  others: readonly DropletId[],
): readonly DropletId[] {
  return droplets.filter((droplet) => !others.includes(droplet));
}

export function list(droplets: readonly DropletId[]): string {
  return `${droplets.length === 1 ? 'droplet' : 'droplets'} ${droplets.join(', ')}`;
}
