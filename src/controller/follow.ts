// Follows a promotion that another controller drives, from the journal alone.
import { Bell } from '../lib/deferred.ts';
import { because } from '../lib/failure.ts';
import type { Policy } from '../policy/policy.ts';
import { type App, awaited, genesis, type Phase } from '../promotion/app.ts';
import { apply } from '../promotion/fold.ts';
import type { World } from '../world.ts';
import type { Wait } from './loop.ts';
import type { Ending, Watcher } from './status.ts';

const readEveryMs = 500;
const holderEveryMs = 2_000;

export type FollowOptions = {
  readonly world: World;
  readonly name: string;
  readonly policy: Policy;
  readonly watcher: Watcher;
  readonly until: Wait;
  readonly stop: AbortSignal;
};

const pastReady: readonly Phase[] = ['switching', 'verifying', 'retiring'];
const pastSwitch: readonly Phase[] = ['verifying', 'retiring'];

/** How it ended, or `unattended` when nobody drives any more although there is something to do. */
export async function follow(options: FollowOptions): Promise<Ending | 'unattended'> {
  const bell = new Bell();
  const ring = () => bell.ring();
  const unwatch = options.world.journal.watch(ring);
  options.stop.addEventListener('abort', ring, { once: true });
  try {
    return await read(options, bell);
  } finally {
    options.stop.removeEventListener('abort', ring);
    unwatch();
  }
}

async function read(options: FollowOptions, bell: Bell): Promise<Ending | 'unattended'> {
  const { world, watcher } = options;
  let app: App = genesis(options.name, options.policy);
  let first = true;
  let holderAt = world.clock.now();
  for (;;) {
    const { entries } = await world.journal.read();
    for (const entry of entries.slice(app.seq)) {
      app = apply(app, entry);
      if (!first) watcher.wrote(entry);
    }
    first = false;
    const now = world.clock.now();
    watcher.turned({ app, observation: null, step: null, at: now });
    const ending = endingOf(app, options);
    if (ending !== null) return ending;
    if (now - holderAt >= holderEveryMs) {
      holderAt = now;
      const holder = await world.journal.holder();
      if (holder === null || holder.until <= now) return 'unattended';
    }
    await bell.wait(world.clock, readEveryMs);
  }
}

function endingOf(app: App, { until, stop }: FollowOptions): Ending | null {
  if (rests(app)) return { is: 'rest', app };
  if (until === 'ready' && (pastReady.includes(app.phase) || awaited(app) !== null))
    return { is: 'reached', app, what: 'ready' };
  if (until === 'switched' && pastSwitch.includes(app.phase))
    return { is: 'reached', app, what: 'switched' };
  if (stop.aborted)
    return { is: 'interrupted', app, because: because(stop.reason), followed: true };
  return null;
}

/** Nothing is under way, asked for or unsettled. */
export function rests(app: App): boolean {
  const stands = app.phase === 'idle' || app.phase === 'held';
  return stands && app.asked === null && app.unsettled.length === 0;
}
