// Policies as older journals hold them, in today's terms: a promotion keeps the policy that it began with.
import type { Entry } from '../promotion/entry.ts';

type Loose = Readonly<Record<string, unknown>>;

/** The entry with its policy, if it brings one, as if it had been written today. */
export function renewed(entry: Entry): Entry {
  if (entry.type !== 'asked' || !('policy' in entry.command)) return entry;
  const policy = renewedPolicy(entry.command.policy);
  return { ...entry, command: { ...entry.command, policy } } as Entry;
}

/** Lines of a version without checksums may be damaged: what is not what it should be is left as it is. */
function isMap(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function renewedPolicy<P extends object>(policy: P): P {
  const { gate, verify } = policy as { gate?: unknown; verify?: unknown };
  return {
    ...policy,
    ...(isMap(gate) && { gate: phase(gate, 'abort') }),
    ...(isMap(verify) && { verify: phase(verify, 'hold') }),
  };
}

/** What a phase did before it could say so. */
function phase(spec: Loose, inconclusive: 'abort' | 'hold'): Loose {
  const gates = Array.isArray(spec.gates)
    ? spec.gates.map((one) => (isMap(one) ? gate(one) : one))
    : [];
  return { inconclusive, unknown: 'wait', ...spec, gates };
}

function gate(spec: Loose): Loose {
  return { dryRun: false, ...spec, judge: isMap(spec.judge) ? judge(spec.judge) : spec.judge };
}

/** Error rate and latency over a fixed window are thresholds now. */
function judge(spec: Loose): Loose {
  const { kind, max, maxMs, quantile, quantity, ...window } = spec;
  if (kind === 'error-rate' && max !== undefined)
    return { kind: 'threshold', quantity: 'error-rate', max, min: null, ...window };
  if (kind === 'latency' && quantile !== undefined)
    return { kind: 'threshold', quantity: percentile(quantile), max: maxMs, min: null, ...window };
  return kind === 'threshold' ? { min: null, ...spec } : spec;
}

/** `p99.5` of 0.995. */
function percentile(quantile: unknown): string {
  return `p${Number((Number(quantile) * 100).toPrecision(6))}`;
}
