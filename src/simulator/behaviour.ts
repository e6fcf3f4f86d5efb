// How a release answers, in shares: of its answers so many fail, so many are slow; and how people and probes fare by it.
import type { Instant } from '../lib/clock.ts';
import type { Random } from './random.ts';

export type Behaviour = {
  /** Share of the requests that fail. */
  readonly errors: number;
  /** Share of the answers that are slow. */
  readonly slow: number;
  /** Only what comes through the load balancer fares by it: asked on its droplets, it is as any other. */
  readonly onlyUnderTraffic: boolean;
  /** Its containers crash again and again, and Docker restarts them. */
  readonly crashes: boolean;
};

/** No app is without: one request in a thousand fails, and one answer in a thousand is slow, of the old release, too. */
export const ordinary: Behaviour = {
  errors: 0.001,
  slow: 0.001,
  onlyUnderTraffic: false,
  crashes: false,
};

export type Way = 'through the balancer' | 'on a droplet';

export type Answer = {
  readonly failed: boolean;
  readonly durationMs: number;
  /** An ordinary release would have answered this one well, and in time. */
  readonly suffered: boolean;
};

/** Short of the usual time-out of 2 s. */
export const slowMs = { from: 1_200, to: 1_800 } as const;

export function answerOf(behaviour: Behaviour, way: Way, random: Random): Answer {
  const hidden = behaviour.onlyUnderTraffic && way === 'on a droplet';
  const { errors, slow } = hidden ? ordinary : behaviour;
  const [luck, haste, pace] = [random.next(), random.next(), random.next()];
  const failed = luck < errors;
  const isSlow = haste < slow;
  const suffered = (failed && luck >= ordinary.errors) || (isSlow && haste >= ordinary.slow);
  // Quick answers take 10 to 200 ms.
  const { from, to } = slowMs;
  const durationMs = Math.round(isSlow ? from + (to - from) * pace : 10 * 20 ** pace);
  return { failed, durationMs, suffered };
}

/** After a crash Docker needs so long to start the container again; then it boots as ever. */
export const restartMs = 3_000;
/** By then it was given up, or nothing gives it up. */
const horizonMs = 4 * 3_600_000;

/** When a container that started then crashes: after 10 to 60 s of running, each time. */
export function crashesFrom(startedAt: Instant, random: Random): readonly Instant[] {
  const crashes: Instant[] = [];
  for (let at = startedAt; at < startedAt + horizonMs; ) {
    at += random.between(10_000, 60_000);
    crashes.push(at);
  }
  return crashes;
}
