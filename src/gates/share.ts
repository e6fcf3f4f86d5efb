// A share of bad answers, failed or slow, by a sequential test: after every request pass, fail or wait.
import type { Judge, ShareLimits } from '../policy/policy.ts';
import { BlueTest } from './blue-test.ts';
import { intervalOf } from './interval.ts';
import { LimitTest } from './limit-test.ts';
import type { Sample, Window } from './sample.ts';
import { percent, type Verdict } from './verdict.ts';

type OfShare = Extract<Judge, { kind: 'error-rate' | 'latency' }>;

type Tally = { readonly all: number; readonly bad: number };

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

function againstLimit(judge: OfShare, isBad: Bad, { samples, dropped }: Window): Verdict {
  const test = new LimitTest(judge, dropped);
  const tally = { all: 0, bad: 0 };
  for (const sample of samples) {
    const bad = isBad(sample);
    if (bad === null) continue;
    note(tally, bad);
    test.take(bad);
  }
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
  const test = new BlueTest(judge, (green.dropped ?? 0) + (blue.dropped ?? 0));
  const tallies = { green: { all: 0, bad: 0 }, blue: { all: 0, bad: 0 } };
  inTime(green.samples, blue.samples, (of, sample) => {
    const bad = isBad(sample);
    if (bad === null) return;
    note(tallies[of], bad);
    test.take(of, bad, sample.at);
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

/** Both in one order of time; of answers at one instant blue's first. */
function inTime(
  green: readonly Sample[],
  blue: readonly Sample[],
  take: (of: 'green' | 'blue', sample: Sample) => void,
): void {
  let next = 0;
  for (const sample of green) {
    for (let one = blue[next]; one !== undefined && one.at <= sample.at; one = blue[next]) {
      take('blue', one);
      next += 1;
    }
    take('green', sample);
  }
  for (; next < blue.length; next += 1) take('blue', blue[next] as Sample);
}

function note(tally: { all: number; bad: number }, bad: boolean): void {
  tally.all += 1;
  if (bad) tally.bad += 1;
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
