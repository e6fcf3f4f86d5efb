// Samples and gates in few words, for the gates' tests.
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
  return { name: 'up', probe, everyMs: 1000, judge, unknownMax: 3, ...more };
}

export const consecutive: Judge = { kind: 'consecutive', passes: 3, failures: 2 };
export const errorRate: Judge = { kind: 'error-rate', max: 0.1, windowMs: 60_000, samplesMin: 10 };
export const latency: Judge = {
  kind: 'latency',
  quantile: 0.9,
  maxMs: 100,
  windowMs: 60_000,
  samplesMin: 10,
};
export const errorCount: Judge = {
  kind: 'threshold',
  quantity: 'errors',
  max: 2,
  windowMs: 60_000,
  samplesMin: 10,
};
export const meanDuration: Judge = {
  kind: 'threshold',
  quantity: 'mean-duration-ms',
  max: 100,
  windowMs: 60_000,
  samplesMin: 10,
};
export const everyJudge = [consecutive, errorRate, latency, errorCount, meanDuration];
