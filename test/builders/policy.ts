// A policy with short times, in which everything that a promotion can wait for is a few seconds.
import type { GateSpec, HookPhase, HookSpec, Policy } from '../../src/policy/policy.ts';

export function aPolicy(changes: Partial<Policy> = {}): Policy {
  return {
    name: 'short',
    attemptsMax: 3,
    unreachableMs: 30_000,
    start: { limitMs: 60_000, missingMax: 0, restartsMax: 2 },
    gate: {
      limitMs: 30_000,
      minMs: 2_000,
      gates: [aGate({ passes: 3 })],
      inconclusive: 'abort',
      unknown: 'wait',
    },
    switch: { limitMs: 40_000, floor: 1 },
    verify: {
      limitMs: 40_000,
      minMs: 8_000,
      gates: [aGate({ passes: 5 })],
      inconclusive: 'hold',
      unknown: 'wait',
    },
    drain: { limitMs: 20_000, quietMs: 2_000, warmMs: 12_000 },
    ...changes,
  };
}

/** The short policy with a human gate. */
export function aPolicyWithApproval(
  ttlMs: number | null = 60_000,
  onExpire: 'abort' | 'hold' = 'abort',
): Policy {
  const policy = aPolicy();
  return { ...policy, gate: { ...policy.gate, approval: { ttlMs, onExpire } } };
}

/** The short policy with one droplet of green first, judged beside blue where it is said. */
export function aPolicyWithSteps(judged = true, first: number | null = 1): Policy {
  const policy = aPolicy();
  const gates = judged ? { gates: [aGate({ passes: 3 })], minMs: 2_000 } : {};
  return {
    ...policy,
    switch: { ...policy.switch, ...(first === null ? {} : { first }), ...gates },
  };
}

/** The short policy with hooks of a phase: well-behaved ones are called by their names. */
export function aPolicyWithHooks(phase: HookPhase, ...hooks: readonly Partial<HookSpec>[]): Policy {
  const all = hooks.map((hook, index) => ({ ...aHook, name: `hook-${index}`, ...hook }));
  return aPolicy({ hooks: { [phase]: all } });
}

const aHook: HookSpec = {
  name: 'notify',
  does: { kind: 'command', words: ['true'] },
  timeoutMs: 30_000,
  retries: 0,
  required: false,
};

function aGate(changes: { name?: string; passes?: number; failures?: number } = {}): GateSpec {
  const { name = 'healthy', passes = 3, failures = 3 } = changes;
  return {
    name,
    probe: { kind: 'http', of: 'droplets', path: null, expect: null, timeoutMs: 1_000 },
    everyMs: 500,
    judge: { kind: 'consecutive', passes, failures },
    unknownMax: 3,
    dryRun: false,
  };
}
