// An Effect → the world, within its limit; how it settled comes back as a fact, never as an error.
import { assert, Bug } from '../lib/assert.ts';
import { because, Failure } from '../lib/failure.ts';
import { type App, environmentsOf } from '../promotion/app.ts';
import {
  type BalancerEffect,
  type Effect,
  type HookEffect,
  type HostEffect,
  isHookEffect,
  isHostEffect,
} from '../promotion/effect.ts';
import type { Fact } from '../promotion/entry.ts';
import type { ProjectAt } from '../promotion/environment.ts';
import type { Release } from '../promotion/release.ts';
import type { World } from '../world.ts';

/** Remote commands end by themselves a little before bgctl stops waiting for them. */
const marginMs = 5_000;
const lostHold = 'another controller may hold the app now';

export type Given = {
  readonly app: App;
  readonly epoch: number;
  readonly limitMs: number;
  /** See MembershipChange. */
  readonly holds: () => boolean;
  readonly signal: AbortSignal;
  /** Told when a droplet refuses because a later controller was there: nothing may be begun any more. */
  readonly fenced: (because: string) => void;
  /** Hears the last words of what is about to be removed; ends soon whatever happens. */
  readonly lastWords?: (place: ProjectAt) => Promise<void>;
};

export async function act(
  world: World,
  effect: Effect,
  given: Given,
): Promise<Extract<Fact, { type: 'settled' }>> {
  // Frozen since it was recorded, somebody else may have told it meanwhile.
  if (isHookEffect(effect) && !given.holds())
    return { type: 'settled', effect, ok: false, because: lostHold, untouched: true };
  try {
    await work(world, effect, given);
    return { type: 'settled', effect, ok: true };
  } catch (error) {
    // Ours, not the world's: it stops the process instead of counting as an attempt.
    if (error instanceof Bug) throw error;
    if (error instanceof Failure && error.from === 'fence') given.fenced(error.message);
    const settled = { type: 'settled', effect, ok: false, because: because(error) } as const;
    const untouched = error instanceof Failure && error.from === 'drift' && !error.ambiguous;
    return untouched ? { ...settled, untouched } : settled;
  }
}

function work(world: World, effect: Effect, given: Given): Promise<void> {
  if (isHostEffect(effect)) return onHost(world, effect, given);
  return isHookEffect(effect) ? onHook(world, effect, given) : onBalancer(world, effect, given);
}

/** A hook that is no longer wanted counts as ended, whether or not it lets itself be ended (I3). */
async function onHook(world: World, effect: HookEffect, given: Given): Promise<void> {
  const { app, signal } = given;
  const hook = app.policy.hooks?.[effect.phase]?.find(({ name }) => name === effect.name);
  assert(hook !== undefined, `${effect.name} is not a hook of ${effect.phase}`);
  const { id, phase, release, reason } = effect;
  const cancelled = new Promise<never>((_, reject) => {
    const end = () => reject(new Failure('hook', 'it was no longer wanted'));
    signal.addEventListener('abort', end, { once: true });
  });
  const about = { id, app: app.name, phase, release, reason };
  await Promise.race([world.hooks.run(hook, about, signal), cancelled]);
}

async function onHost(world: World, effect: HostEffect, given: Given): Promise<void> {
  const place = { project: effect.project, droplet: effect.droplet };
  const guard = {
    epoch: given.epoch,
    limitMs: Math.max(given.limitMs - marginMs, 1_000),
    signal: given.signal,
  };
  switch (effect.kind) {
    case 'start-project': {
      const release = releaseOf(given.app, effect.project);
      const compose = await world.journal.load(release.composeHash);
      return world.hosts.start(place, { release, compose, guard });
    }
    case 'remove-project':
      // Traffic is back already: only the removal waits, and not for long.
      if (given.app.phase === 'aborting') await given.lastWords?.(place);
      return unlessGone(world, place, world.hosts.remove(place, guard));
    case 'fail-health':
      return world.hosts.failHealth(place, guard);
    case 'restore-health':
      return unlessGone(world, place, world.hosts.restoreHealth(place, guard));
  }
}

/** What ran on a droplet that no longer exists went with it. */
async function unlessGone(world: World, place: ProjectAt, done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (error) {
    const lost = await world.balancer.lost([place.droplet]).catch((): readonly number[] => []);
    if (!lost.includes(place.droplet)) throw error;
  }
}

async function onBalancer(world: World, effect: BalancerEffect, given: Given): Promise<void> {
  const { droplets, expected, ours, mayEmpty } = effect;
  const { app, holds, signal } = given;
  const goesBack = app.phase === 'aborting';
  const limitMs = app.policy.unreachableMs;
  const change = { droplets, expected, ours, mayEmpty, goesBack, limitMs, holds, signal };
  await (effect.kind === 'attach-droplets'
    ? world.balancer.attach(change)
    : world.balancer.detach(change));
}

function releaseOf(app: App, project: string): Release {
  const { live, other } = environmentsOf(app);
  const environment = [live, other].find((one) => one?.project === project);
  assert(environment !== undefined && environment !== null, `${project} is not of this app`);
  return environment.release;
}
