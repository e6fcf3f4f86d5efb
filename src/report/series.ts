// What was sampled, in at most so many buckets: full, neighbours are joined and each bucket stands for twice the time.
import type { Sample } from '../gates/sample.ts';
import type { Instant } from '../lib/clock.ts';
import { type Bins, binOf, merged } from './durations.ts';

export type Bucket = {
  readonly ok: number;
  readonly errors: number;
  /** Could not be measured: neither good nor bad (I5). */
  readonly unknown: number;
  /** Of the good answers: a refusal after a millisecond is not a quick answer. */
  readonly durations: Bins;
  /** Where the source yields numbers: their sum, and how many there were. */
  readonly values?: { readonly sum: number; readonly count: number };
};

export type Series = {
  /** Name of the gate in whose probe's samples these are. */
  readonly gate: string;
  /** Compose project that was asked; null: the load balancer's own address. */
  readonly project: string | null;
  readonly from: Instant;
  readonly widthMs: number;
  /** By number: bucket n begins at `from + n * widthMs`. What is missing had no samples. */
  readonly buckets: Readonly<Record<number, Bucket>>;
};

const bucketsMax = 360;
const finestMs = 1_000;
const nothing: Bucket = { ok: 0, errors: 0, unknown: 0, durations: {} };

export function startOf(gate: string, project: string | null, at: Instant): Series {
  return { gate, project, from: at, widthMs: finestMs, buckets: {} };
}

export function withSample(series: Series, sample: Sample): Series {
  const index = Math.max(0, Math.floor((sample.at - series.from) / series.widthMs));
  if (index >= bucketsMax) return withSample(coarser(series), sample);
  const bucket = added(series.buckets[index] ?? nothing, sample);
  return { ...series, buckets: { ...series.buckets, [index]: bucket } };
}

/** The series with at most so many buckets from its first to its last. */
export function reduced(series: Series, most: number): Series {
  const last = Math.max(-1, ...Object.keys(series.buckets).map(Number));
  return last < most ? series : reduced(coarser(series), most);
}

/** Each bucket with the instant of its middle, in order. */
export function inOrder({ from, widthMs, buckets }: Series): readonly (Bucket & { at: Instant })[] {
  return Object.keys(buckets)
    .map(Number)
    .sort((one, other) => one - other)
    .map((index) => ({ ...(buckets[index] ?? nothing), at: from + (index + 0.5) * widthMs }));
}

/** Two parts of the same story, told by two controllers one after the other. */
export function joined(one: Series, other: Series): Series {
  if (other.from < one.from) return joined(other, one);
  if (one.widthMs < other.widthMs) return joined(coarser(one), other);
  const buckets: Record<number, Bucket> = { ...one.buckets };
  for (const { at, ...bucket } of inOrder(other)) {
    const index = Math.floor((at - one.from) / one.widthMs);
    buckets[index] = both(buckets[index], bucket);
  }
  return reduced({ ...one, buckets }, bucketsMax);
}

export function totalOf(series: Series): Bucket {
  return Object.values(series.buckets).reduce(both, nothing);
}

function coarser(series: Series): Series {
  const buckets: Record<number, Bucket> = {};
  for (const [key, bucket] of Object.entries(series.buckets)) {
    const index = Math.floor(Number(key) / 2);
    buckets[index] = both(buckets[index], bucket);
  }
  return { ...series, widthMs: series.widthMs * 2, buckets };
}

function added(bucket: Bucket, { outcome, durationMs, value }: Sample): Bucket {
  const one: Bucket = {
    ok: outcome === 'ok' ? 1 : 0,
    errors: outcome === 'error' ? 1 : 0,
    unknown: outcome === 'unknown' ? 1 : 0,
    durations: outcome === 'ok' ? { [binOf(durationMs)]: 1 } : {},
    ...(value === undefined || outcome === 'unknown' ? {} : { values: { sum: value, count: 1 } }),
  };
  return both(bucket, one);
}

function both(one: Bucket = nothing, other: Bucket = nothing): Bucket {
  const sum = (one.values?.sum ?? 0) + (other.values?.sum ?? 0);
  const count = (one.values?.count ?? 0) + (other.values?.count ?? 0);
  return {
    ok: one.ok + other.ok,
    errors: one.errors + other.errors,
    unknown: one.unknown + other.unknown,
    durations: merged(one.durations, other.durations),
    ...(count === 0 ? {} : { values: { sum, count } }),
  };
}
