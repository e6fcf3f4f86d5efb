// A quantile of the durations over the window against a limit.
import type { Judge } from '../policy/policy.ts';
import type { Window } from './sample.ts';
import type { Verdict } from './verdict.ts';
import { statsOf } from './window.ts';

type Latency = Extract<Judge, { kind: 'latency' }>;

/**
 * `window` is already cut to `judge.windowMs`. A failed answer counts as slower than any limit: a refusal
 * after 1 ms is not a quick answer, and leaving out time-outs would hide the slowest.
 */
export function judgeLatency(judge: Latency, window: Window): Verdict {
  const durations = window.samples
    .filter((sample) => sample.outcome !== 'unknown')
    .map((sample) => (sample.outcome === 'ok' ? sample.durationMs : Number.POSITIVE_INFINITY))
    .sort((a, b) => a - b);
  const { known, errors } = statsOf(window);
  const least = Math.max(1, judge.samplesMin);
  const name = `p${Number((judge.quantile * 100).toPrecision(4))}`;
  if (known < least) {
    const evidence = { samples: known, errors, maxMs: judge.maxMs };
    return { is: 'wait', because: `${known} of ${least} answers so far for ${name}`, evidence };
  }
  const value = quantile(durations, judge.quantile);
  const said = Number.isFinite(value) ? `${Math.round(value)} ms` : 'an answer that failed';
  const evidence = { samples: known, errors, [name]: said, maxMs: judge.maxMs };
  const of = `${name} of ${known} answers is ${said}`;
  return value > judge.maxMs
    ? { is: 'fail', because: `${of}, more than ${judge.maxMs} ms`, evidence }
    : { is: 'pass', because: `${of}, at most ${judge.maxMs} ms`, evidence };
}

/** Nearest rank: the smallest value that at least this share of the values does not exceed. `sorted` is not empty. */
export function quantile(sorted: readonly number[], share: number): number {
  const rank = Math.ceil(share * sorted.length - 1e-9);
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] ?? Number.POSITIVE_INFINITY;
}
