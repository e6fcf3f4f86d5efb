// Samples of one gate over time: adding within a bound, cutting by time and by who was asked.
import type { Sample, Window } from './sample.ts';

/** What a window keeps at most; at two samples a second from eight droplets this is over ten minutes. */
const windowMax = 10_000;

/** The window with one more sample, in the order of time; the oldest beyond `max` are dropped. */
export function push({ samples, dropped = 0 }: Window, sample: Sample, max = windowMax): Window {
  const last = samples.at(-1);
  const all = samples.slice();
  // Droplets answer side by side, so a slow answer may come after a later one.
  if (last === undefined || last.at <= sample.at) all.push(sample);
  else all.splice(samples.findLastIndex((one) => one.at <= sample.at) + 1, 0, sample);
  const over = Math.max(0, all.length - max);
  return over + dropped === 0
    ? { samples: all }
    : { samples: all.slice(over), dropped: dropped + over };
}

/** Those of the samples that count; the window itself where all do, as mostly. */
export function only(window: Window, counts: (sample: Sample) => boolean): Window {
  return window.samples.every(counts)
    ? window
    : { ...window, samples: window.samples.filter(counts) };
}

/** The last bad answer, or null. */
export function lastError({ samples }: Window): Sample | null {
  return samples.findLast((sample) => sample.outcome === 'error') ?? null;
}
