// Picks the judge that a policy names, and joins the verdicts of a phase's gates into one.
import type { Instant } from '../lib/clock.ts';
import type { GateSpec } from '../policy/policy.ts';
import { isAskedOnce } from '../policy/probe-spec.ts';
import { unheard, unmeasured } from './blind.ts';
import { judgeConsecutive } from './consecutive.ts';
import { judgeErrorRate } from './error-rate.ts';
import { judgeLatency } from './latency.ts';
import { askedName, emptyWindow, type Window } from './sample.ts';
import { judgeThreshold } from './threshold.ts';
import type { Evidence, Verdict } from './verdict.ts';
import { ofDroplets, since, statsOf } from './window.ts';

export type Given = {
  readonly at: Instant;
  /** When the phase began: earlier samples do not count. */
  readonly since: Instant;
  /** Droplets of the environment: each must be heard of. */
  readonly droplets: readonly number[];
};

/**
 * The verdict of all gates of a phase: fail if any fails; pass if all pass and `minMs` is over; at the
 * limit, what still waits is inconclusive. Without a gate there is no evidence, so it never passes (I5).
 */
export function judgeAll(
  gates: readonly GateSpec[],
  windows: Readonly<Record<string, Window>>,
  given: Given & { readonly minMs: number; readonly limitMs: number },
): Verdict {
  const verdicts = gates.map((gate) => judgeGate(gate, windows[gate.name] ?? emptyWindow, given));
  const evidence = gather(gates, verdicts);
  const failed = verdicts.filter((verdict) => verdict.is === 'fail');
  if (failed.length > 0) return { is: 'fail', because: sentence(failed), evidence };
  const passedMs = given.at - given.since;
  const reason = whyNotYet(verdicts, passedMs, given.minMs);
  if (reason === null) return { is: 'pass', because: sentence(verdicts), evidence };
  if (passedMs < given.limitMs) return { is: 'wait', because: reason, evidence };
  const because = `nothing was proven within ${seconds(given.limitMs)}: ${reason}`;
  return { is: 'inconclusive', because, evidence };
}

/** One gate: pass, fail or wait. Only samples since `given.since` count, and of them only the gate's droplets'. */
export function judgeGate(spec: GateSpec, window: Window, given: Given): Verdict {
  const asked = askedOf(spec, given.droplets);
  const from = 'windowMs' in spec.judge ? given.at - spec.judge.windowMs : given.since;
  const all = since(window, Math.max(given.since, from));
  const counted = isAskedOnce(spec.probe) ? asOne(all, given.droplets) : ofDroplets(all, asked);
  const verdict = judgeBy(spec, counted, asked);
  const judged = verdict.is === 'fail' ? verdict : notBlindly(spec, verdict, counted, asked);
  return {
    ...judged,
    because: `${spec.name}: ${judged.because}${lastBad(judged, counted)}`,
  };
}

/** Whom the gate's probe asks; a question of the whole environment has samples of droplet 0. */
function askedOf(spec: GateSpec, droplets: readonly number[]): readonly number[] {
  return isAskedOnce(spec.probe) ? [0] : droplets;
}

/** Whichever of the droplets answered, or nobody knows which: the answer is the environment's. */
function asOne(window: Window, droplets: readonly number[]): Window {
  const own = ofDroplets(window, [0, ...droplets]);
  return { samples: own.samples.map((sample) => ({ ...sample, droplet: 0 })) };
}

/** The verdict, or wait with the reason where it does not rest on every droplet (I5). */
function notBlindly(
  spec: GateSpec,
  verdict: Verdict,
  window: Window,
  droplets: readonly number[],
): Verdict {
  const blind =
    unmeasured(window, droplets, spec.unknownMax) ??
    (verdict.is === 'pass' ? unheard(window, droplets) : null);
  if (blind === null) return verdict;
  return { ...verdict, is: 'wait', because: `${verdict.because}; ${blind}` };
}

function judgeBy(spec: GateSpec, window: Window, droplets: readonly number[]): Verdict {
  switch (spec.judge.kind) {
    case 'consecutive':
      return judgeConsecutive(spec.judge, window, droplets);
    case 'error-rate':
      return judgeErrorRate(spec.judge, window);
    case 'latency':
      return judgeLatency(spec.judge, window);
    case 'threshold':
      return judgeThreshold(spec.judge, window);
  }
}

/** What a person wants to see beside a verdict that is not a pass: the last bad answer. */
function lastBad(verdict: Verdict, window: Window): string {
  const { lastError } = statsOf(window);
  if (verdict.is === 'pass' || lastError === null) return '';
  return `; last bad answer, from ${askedName(lastError.droplet)}: ${lastError.detail}`;
}

/** Null where everything passed for long enough. */
function whyNotYet(verdicts: readonly Verdict[], passedMs: number, minMs: number): string | null {
  if (verdicts.length === 0) return 'no gate is named, so nothing can be proven';
  const waiting = verdicts.filter((verdict) => verdict.is !== 'pass');
  if (waiting.length > 0) return sentence(waiting);
  if (passedMs >= minMs) return null;
  return `all gates pass; ${seconds(passedMs)} of at least ${seconds(minMs)} have passed`;
}

function gather(gates: readonly GateSpec[], verdicts: readonly Verdict[]): Evidence {
  const pairs = verdicts.flatMap((verdict, index) =>
    Object.entries({ is: verdict.is, ...verdict.evidence }).map(
      ([key, value]) => [`${gates[index]?.name}.${key}`, value] as const,
    ),
  );
  return Object.fromEntries(pairs);
}

function sentence(verdicts: readonly Verdict[]): string {
  return verdicts.map((verdict) => verdict.because).join('. ');
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}
