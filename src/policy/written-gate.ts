// A gate as written, in the terms of the rest of the program.
import { assert } from '../lib/assert.ts';
import type { GateSpec, Judge, Quantity, ShareLimits } from './policy.ts';
import type { WrittenGate } from './schema.ts';
import { toProbe } from './written-probe.ts';

export function toGate({ name, probe, every, judge, unknown, dryRun }: WrittenGate): GateSpec {
  return {
    name,
    probe: toProbe(probe),
    everyMs: every,
    judge: toJudge(judge),
    unknownMax: unknown,
    dryRun,
  };
}

/** The schema lets exactly one judge through. */
function toJudge(written: WrittenGate['judge']): Judge {
  const { consecutive, outOf, errorRate, latency, threshold } = written;
  if (consecutive !== undefined) return { kind: 'consecutive', ...consecutive };
  if (outOf !== undefined) return { kind: 'out-of', ...outOf };
  if (errorRate !== undefined) return { kind: 'error-rate', ...limits(errorRate) };
  if (latency !== undefined)
    return { kind: 'latency', objectiveMs: latency.objective, ...limits(latency) };
  assert(threshold !== undefined, 'a gate without a judge passed the schema');
  const { quantity, max, min, window, samples } = threshold;
  return {
    kind: 'threshold',
    quantity: quantities[quantity],
    max: max === undefined ? null : numberOf(max),
    min: min === undefined ? null : numberOf(min),
    windowMs: window,
    samplesMin: samples,
  };
}

function limits({ acceptable, unacceptable, confidence, against }: ShareLimits): ShareLimits {
  return { acceptable, unacceptable, confidence, against };
}

type Written = NonNullable<WrittenGate['judge']['threshold']>;

const quantities: Readonly<Record<Written['quantity'], Quantity>> = {
  errors: 'errors',
  errorRate: 'error-rate',
  meanDuration: 'mean-duration-ms',
  p50: 'p50',
  p90: 'p90',
  p95: 'p95',
  p99: 'p99',
  value: 'value',
};

/** A count, a share or a duration: which of them suits the quantity is a rule's business. */
export function numberOf(limit: NonNullable<Written['max']>): number {
  if (typeof limit === 'number') return limit;
  return 'ms' in limit ? limit.ms : limit.share;
}
