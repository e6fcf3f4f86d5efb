// Samples and gates in few words, for the gates' tests.
import type { Given } from '../../src/gates/judge.ts';
import type { Outcome, Sample, Window } from '../../src/gates/sample.ts';
import type { GateSpec, Judge } from '../../src/policy/policy.ts';

const outcomes: Readonly<Record<string, Outcome>> = { o: 'ok', x: 'error', '?': 'unknown' };

/** One droplet's samples, a second apart from 1000 on: `oox?` is ok, ok, error, unknown. */
export function track(letters: string, droplet = 1, durationMs = 10): Sample[] {
  return [...letters].map((letter, index) => {
    const outcome = outcomes[letter] ?? 'unknown';
    const at = 1000 * (index + 1);
    return { at, droplet, outcome, durationMs, detail: details[outcome] };
  });
}

const details: Readonly<Record<Outcome, string>> = {
  ok: 'HTTP 200',
  error: 'HTTP 503 sick',
  unknown: 'SSH lost',
};

export function windowOf(...tracks: readonly Sample[][]): Window {
  return { samples: tracks.flat().sort((a, b) => a.at - b.at) };
}

export function gate(judge: Judge, more: Partial<GateSpec> = {}): GateSpec {
  const probe = {
    kind: 'http',
    of: 'droplets',
    path: null,
    expect: null,
    timeoutMs: 1000,
  } as const;
  return { name: 'up', probe, everyMs: 1000, judge, unknownMax: 3, dryRun: false, ...more };
}

export const consecutive: Judge = { kind: 'consecutive', passes: 3, failures: 2 };
export const outOf: Judge = { kind: 'out-of', failures: 2, of: 5 };
/** 9 good answers pass, 2 bad ones among the first few fail. */
export const errorRate = {
  kind: 'error-rate',
  acceptable: 0.05,
  unacceptable: 0.5,
  confidence: 0.99,
  against: 'limit',
} as const satisfies Judge;
export const latency = { ...errorRate, kind: 'latency', objectiveMs: 100 } as const satisfies Judge;

const fixed = { kind: 'threshold', min: null, windowMs: 60_000, samplesMin: 10 } as const;
export const rateOfWindow = {
  ...fixed,
  quantity: 'error-rate',
  max: 0.1,
} as const satisfies Judge;
export const p90 = { ...fixed, quantity: 'p90', max: 100 } as const satisfies Judge;
export const errorCount = { ...fixed, quantity: 'errors', max: 2 } as const satisfies Judge;
export const meanDuration = {
  ...fixed,
  quantity: 'mean-duration-ms',
  max: 100,
} as const satisfies Judge;
export const meanValue = {
  ...fixed,
  quantity: 'value',
  max: 0.8,
  min: 0.2,
} as const satisfies Judge;
export const everyJudge: readonly Judge[] = [
  consecutive,
  outOf,
  errorRate,
  latency,
  { ...errorRate, against: 'blue' },
  rateOfWindow,
  p90,
  errorCount,
  meanDuration,
  meanValue,
];

/** What holds of a gate's phase unless a test says otherwise: a minute after its begin, one droplet, no blue. */
export const given: Given = { at: 60_000, since: 0, droplets: [1], blue: [] };

/** A probe at the balancer's own address. */
export const ofBalancer = {
  kind: 'http',
  of: 'balancer',
  path: null,
  expect: null,
  timeoutMs: 1,
} as const;
