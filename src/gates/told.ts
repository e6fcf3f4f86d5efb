// What a gate said of the same samples is said again: a phase is looked at several times a second, often with nothing new.
import type { Instant } from '../lib/clock.ts';
import type { GateSpec } from '../policy/policy.ts';
import type { Window } from './sample.ts';
import type { Verdict } from './verdict.ts';

export type Given = {
  readonly at: Instant;
  /** When the phase began: earlier samples do not count. */
  readonly since: Instant;
  /** Droplets of the environment: each must be heard of. */
  readonly droplets: readonly number[];
  /** Droplets of the environment that it is compared with; none under the first release. */
  readonly blue: readonly number[];
};

/** All that a verdict depends on, beside the gate. */
export type Question = {
  readonly window: Window;
  readonly baseline: Window;
  readonly given: Given;
  /** Samples before it do not count. */
  readonly from: number;
};

const known = new WeakMap<GateSpec, { readonly question: Question; readonly verdict: Verdict }>();

/** The verdict, from memory where it can be no other. */
export function told(spec: GateSpec, question: Question, judge: () => Verdict): Verdict {
  const last = known.get(spec);
  if (last !== undefined && isSame(last.question, question)) return last.verdict;
  const verdict = judge();
  known.set(spec, { question, verdict });
  return verdict;
}

function isSame(one: Question, other: Question): boolean {
  return (
    one.window === other.window &&
    one.baseline === other.baseline &&
    one.given.since === other.given.since &&
    sameDroplets(one.given.droplets, other.given.droplets) &&
    sameDroplets(one.given.blue, other.given.blue) &&
    sameCut(one, other)
  );
}

function sameDroplets(some: readonly number[], others: readonly number[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}

/** Whether both leave the same samples out. */
function sameCut(one: Question, { from }: Question): boolean {
  if (one.from === from) return true;
  const [early, late] = [Math.min(one.from, from), Math.max(one.from, from)];
  return !one.window.samples.some(({ at }) => at >= early && at < late);
}
