// Joins the verdicts of a phase's gates into one, with the phase's minimum and limit.
import type { GateSpec } from '../policy/policy.ts';
import { type Given, judgeGate } from './judge.ts';
import { blueOf, emptyWindow, type Window } from './sample.ts';
import type { Evidence, Verdict } from './verdict.ts';

/**
 * Fail if any gate fails; pass if all pass and `minMs` is over; unknown while one cannot measure; at the limit, what
 * still waits is inconclusive. Without a gate that decides there is no evidence, so it never passes (I5).
 */
export function judgeAll(
  gates: readonly GateSpec[],
  windows: Readonly<Record<string, Window>>,
  given: Given & { readonly minMs: number; readonly limitMs: number },
): Verdict {
  const verdicts = gates.map((gate) => {
    const baseline = windows[blueOf(gate.name)] ?? emptyWindow;
    return judgeGate(gate, windows[gate.name] ?? emptyWindow, given, baseline);
  });
  const deciding = verdicts.filter((_, index) => gates[index]?.dryRun !== true);
  const watched = verdicts.filter((_, index) => gates[index]?.dryRun === true);
  const evidence = gather(gates, verdicts);
  const judged = joined(deciding, given);
  return { ...judged, because: `${judged.because}${aside(watched)}`, evidence };
}

function joined(
  verdicts: readonly Verdict[],
  given: Given & { readonly minMs: number; readonly limitMs: number },
): Pick<Verdict, 'is' | 'because'> {
  const failed = verdicts.filter((verdict) => verdict.is === 'fail');
  if (failed.length > 0) return { is: 'fail', because: sentence(failed) };
  const passedMs = given.at - given.since;
  const reason = whyNotYet(verdicts, passedMs, given.minMs);
  if (reason === null) return { is: 'pass', because: sentence(verdicts) };
  if (passedMs >= given.limitMs) {
    const because = `nothing was proven within ${seconds(given.limitMs)}: ${reason}`;
    return { is: 'inconclusive', because };
  }
  const blind = verdicts.filter((verdict) => verdict.is === 'unknown');
  return blind.length > 0
    ? { is: 'unknown', because: sentence(blind) }
    : { is: 'wait', because: reason };
}

/** Null where everything passed for long enough. */
function whyNotYet(verdicts: readonly Verdict[], passedMs: number, minMs: number): string | null {
  if (verdicts.length === 0) return 'no gate decides, so nothing can be proven';
  const waiting = verdicts.filter((verdict) => verdict.is !== 'pass');
  if (waiting.length > 0) return sentence(waiting);
  if (passedMs >= minMs) return null;
  return `all gates pass; ${seconds(passedMs)} of at least ${seconds(minMs)} have passed`;
}

/** What gates that decide nothing would have said, where it is more than a wait. */
function aside(watched: readonly Verdict[]): string {
  const told = watched.filter((verdict) => verdict.is === 'fail' || verdict.is === 'pass');
  return told.length === 0 ? '' : `. Only watched: ${sentence(told)}`;
}

function gather(gates: readonly GateSpec[], verdicts: readonly Verdict[]): Evidence {
  const pairs = verdicts.flatMap((verdict, index) => {
    const gate = gates[index];
    const dry = gate?.dryRun === true ? { dryRun: 1 } : {};
    return Object.entries({ is: verdict.is, ...dry, ...verdict.evidence }).map(
      ([key, value]) => [`${gate?.name}.${key}`, value] as const,
    );
  });
  return Object.fromEntries(pairs);
}

function sentence(verdicts: readonly Verdict[]): string {
  return verdicts.map((verdict) => verdict.because).join('. ');
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}
