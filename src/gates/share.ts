// A share of bad answers, failed or slow, by a sequential test: after every request pass, fail or wait.
import type { Judge, ShareLimits } from '../policy/policy.ts';
import { Along } from './along.ts';
import { BlueTest } from './blue-test.ts';
import { intervalOf } from './interval.ts';
import { LimitTest } from './limit-test.ts';
import type { Sample, Window } from './sample.ts';
import { percent, type Verdict } from './verdict.ts';

type OfShare = Extract<Judge, { kind: 'error-rate' | 'latency' }>;

type Tally = { readonly all: number; readonly bad: number };

type Runs = { readonly limit: Along<Count<LimitTest>>; readonly blue: Along<Count<BlueTest>> };

/** By judge: a phase looks at it several times a second, at a window that only grew. */
const known = new WeakMap<OfShare, Runs>();

function runsOf(judge: OfShare): Runs {
  const runs = known.get(judge) ?? { limit: new Along(), blue: new Along() };
  known.set(judge, runs);
  return runs;
}

/** `blue`: its samples in the same minutes; null where there is no blue, as under the first release: it then counts as flawless. */
export function judgeShare(judge: OfShare, window: Window, blue: Window | null): Verdict {
  const bad = badBy(judge);
  return judge.against === 'blue' && blue !== null
    ? againstBlue(judge, bad, window, blue)
    : againstLimit(judge, bad, window);
}

/** Whether an answer is bad; null where nothing was learnt. */
type Bad = (sample: Sample) => boolean | null;

/** A failed answer is slow, too: a refusal after 1 ms is not a quick answer, and leaving out time-outs would hide the slowest. */
function badBy(judge: OfShare): Bad {
  if (judge.kind === 'error-rate')
    return ({ outcome }) => (outcome === 'unknown' ? null : outcome === 'error');
  return ({ outcome, durationMs }) => {
    if (outcome !== 'ok') return outcome === 'error' ? true : null;
    // A clock that jumped while the answer was awaited measured nothing.
    return durationMs >= 0 ? durationMs > judge.objectiveMs : null;
  };
}

type Feed<T> = (test: T, of: 'green' | 'blue', bad: boolean, at: number) => void;

/** A test with what it was told so far. */
class Count<T extends { copy(): T }> {
  readonly test: T;
  readonly tallies = { green: { all: 0, bad: 0 }, blue: { all: 0, bad: 0 } };
  readonly #isBad: Bad;
  readonly #feed: Feed<T>;

  constructor(isBad: Bad, test: T, feed: Feed<T>) {
    this.test = test;
    this.#isBad = isBad;
    this.#feed = feed;
  }

  take(of: 'green' | 'blue', sample: Sample): void {
    const bad = this.#isBad(sample);
    if (bad === null) return;
    this.tallies[of].all += 1;
    if (bad) this.tallies[of].bad += 1;
    this.#feed(this.test, of, bad, sample.at);
  }

  copy(): Count<T> {
    const copy = new Count(this.#isBad, this.test.copy(), this.#feed);
    Object.assign(copy.tallies.green, this.tallies.green);
    Object.assign(copy.tallies.blue, this.tallies.blue);
    return copy;
  }
}

function againstLimit(judge: OfShare, isBad: Bad, { samples, dropped = 0 }: Window): Verdict {
  const { test, tallies } = runsOf(judge).limit.of({ green: samples, blue: null }, dropped, () => {
    return new Count(isBad, new LimitTest(judge, dropped), (one, _, bad) => one.take(bad));
  });
  const tally = tallies.green;
  const { acceptable, unacceptable } = judge;
  const said = {
    pass: `less than ${percent(unacceptable)} is shown`,
    fail: `at most ${percent(acceptable)} is acceptable`,
    wait: `neither ${percent(acceptable)} nor ${percent(unacceptable)} is shown; about ${test.goodMissing} good answers more would pass`,
  };
  const because = `${counted(judge, tally)}; ${said[test.is]}`;
  return { is: test.is, because, evidence: numbers(judge, tally) };
}

function againstBlue(judge: OfShare, isBad: Bad, green: Window, blue: Window): Verdict {
  const dropped = (green.dropped ?? 0) + (blue.dropped ?? 0);
  const both = { green: green.samples, blue: blue.samples };
  const { test, tallies } = runsOf(judge).blue.of(both, dropped, () => {
    const test = new BlueTest(judge, dropped);
    return new Count(isBad, test, (one, of, bad, at) => one.take(of, bad, at));
  });
  const { acceptable, unacceptable } = judge;
  const said = {
    pass: `less than ${percent(unacceptable)} more than blue is shown`,
    fail: `at most ${percent(acceptable)} more than blue is acceptable`,
    wait: `neither ${percent(acceptable)} nor ${percent(unacceptable)} more than blue is shown`,
  };
  const beside =
    tallies.blue.all === 0
      ? 'blue gave no answer to compare with'
      : `blue ${percent(shareOf(tallies.blue))} in the same minutes`;
  return {
    is: test.is,
    because: `${counted(judge, tallies.green)}; ${said[test.is]}; ${beside}`,
    evidence: {
      ...numbers(judge, tallies.green),
      blueSamples: tallies.blue.all,
      blueErrors: tallies.blue.bad,
      blueEstimate: rounded(shareOf(tallies.blue)),
    },
  };
}

function counted(judge: OfShare, tally: Tally): string {
  const what =
    judge.kind === 'latency' ? `failed or took more than ${judge.objectiveMs} ms` : 'failed';
  const share = tally.all === 0 ? '' : `, ${percent(shareOf(tally))}`;
  return `${tally.bad} of ${tally.all} requests ${what}${share}`;
}

function numbers({ acceptable, unacceptable, confidence }: ShareLimits, tally: Tally) {
  const { low, high } = intervalOf(tally.bad, tally.all, confidence);
  return {
    samples: tally.all,
    errors: tally.bad,
    estimate: rounded(shareOf(tally)),
    low: rounded(low),
    high: rounded(high),
    acceptable,
    unacceptable,
  };
}

function shareOf({ all, bad }: Tally): number {
  return all === 0 ? 0 : bad / all;
}

/** Journals and reports need no more. */
function rounded(share: number): number {
  return Number(share.toPrecision(4));
}
