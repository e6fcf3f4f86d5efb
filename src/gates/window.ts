// Samples of one gate over time: adding within a bound, cutting by time and droplet, counting.
import type { Instant } from '../lib/clock.ts';
import type { Sample, Window } from './sample.ts';

/** What a window keeps at most; at two samples a second from eight droplets this is over ten minutes. */
const windowMax = 10_000;

/** The window with one more sample, in the order of time; the oldest beyond `max` are dropped. */
export function push(window: Window, sample: Sample, max = windowMax): Window {
  const { samples } = window;
  // Droplets answer side by side, so a slow answer may come after a later one.
  const place = samples.findLastIndex((one) => one.at <= sample.at) + 1;
  const all = [...samples.slice(0, place), sample, ...samples.slice(place)];
  return { samples: all.slice(Math.max(0, all.length - max)) };
}

/** Samples at or after `from`. */
export function since(window: Window, from: Instant): Window {
  return { samples: window.samples.filter((sample) => sample.at >= from) };
}

/** Samples of the given droplets only. */
export function ofDroplets(window: Window, droplets: readonly number[]): Window {
  return { samples: window.samples.filter((sample) => droplets.includes(sample.droplet)) };
}

export type Stats = {
  /** Samples that say something: ok or error. */
  readonly known: number;
  readonly ok: number;
  readonly errors: number;
  readonly unknown: number;
  readonly lastError: Sample | null;
};

export function statsOf(window: Window): Stats {
  const those = (outcome: Sample['outcome']) =>
    window.samples.filter((sample) => sample.outcome === outcome);
  const errors = those('error');
  const ok = those('ok').length;
  return {
    known: ok + errors.length,
    ok,
    errors: errors.length,
    unknown: those('unknown').length,
    lastError: errors.at(-1) ?? null,
  };
}

/** How many samples at the end of the list have this outcome, without a gap. */
export function runAtEnd(samples: readonly Sample[], outcome: Sample['outcome']): number {
  const other = samples.findLastIndex((sample) => sample.outcome !== outcome);
  return samples.length - 1 - other;
}
