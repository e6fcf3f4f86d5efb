// A gate as written, in the terms of the rest of the program.
import { assert } from '../lib/assert.ts';
import type { GateSpec, Judge } from './policy.ts';
import type { WrittenGate } from './schema.ts';
import { toProbe } from './written-probe.ts';

export function toGate({ name, probe, every, judge, unknown }: WrittenGate): GateSpec {
  return {
    name,
    probe: toProbe(probe),
    everyMs: every,
    judge: toJudge(judge),
    unknownMax: unknown,
  };
}

/** The schema lets exactly one judge through. */
function toJudge({ consecutive, errorRate, latency, threshold }: WrittenGate['judge']): Judge {
  if (consecutive !== undefined) return { kind: 'consecutive', ...consecutive };
  if (errorRate !== undefined) {
    return { kind: 'error-rate', max: errorRate.max, ...window(errorRate) };
  }
  if (latency !== undefined) {
    const { quantile, max } = latency;
    return { kind: 'latency', quantile, maxMs: max, ...window(latency) };
  }
  assert(threshold !== undefined, 'a gate without a judge passed the schema');
  const { max } = threshold;
  return {
    kind: 'threshold',
    quantity: threshold.quantity === 'errors' ? 'errors' : 'mean-duration-ms',
    max: typeof max === 'number' ? max : max.ms,
    ...window(threshold),
  };
}

function window({ window, samples }: { window: number; samples: number }) {
  return { windowMs: window, samplesMin: samples };
}
