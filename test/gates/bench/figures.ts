// How often the gate against a limit is wrong where it may least be, and how soon it decides beside Wald's lower bound.
import { LimitTest } from '../../../src/gates/limit-test.ts';
import { chance } from '../random.ts';
import { limits } from './streams.ts';

const { acceptable, unacceptable, confidence } = limits.limit;

/** As long as standard.yml verifies at most: 15 minutes, one request every 500 ms. */
export const watched = 1_800;

export type Figures = {
  runs: number;
  /** At the acceptable share: ever failed within `watched` requests, a look after each, watched on after a pass. */
  failed: number;
  /** At the unacceptable share: passed. */
  passed: number;
  /** Requests until the first verdict, at either share. */
  atAcceptable: number;
  atUnacceptable: number;
};

export const noFigures = (): Figures => ({
  runs: 0,
  failed: 0,
  passed: 0,
  atAcceptable: 0,
  atUnacceptable: 0,
});

export function figures(runs: number, seed: number): Figures {
  const random = chance(seed);
  const sums = noFigures();
  for (let one = 0; one < runs; one += 1) {
    sums.runs += 1;
    healthy(sums, random);
    const test = new LimitTest(limits.limit);
    let n = 0;
    for (; test.is === 'wait'; n += 1) test.take(random() < unacceptable);
    sums.atUnacceptable += n;
    if (test.is === 'pass') sums.passed += 1;
  }
  return sums;
}

function healthy(sums: Figures, random: () => number): void {
  const test = new LimitTest(limits.limit);
  let decided = 0;
  let n = 0;
  for (; test.is !== 'fail' && (n < watched || decided === 0); n += 1) {
    test.take(random() < acceptable);
    if (decided === 0 && test.is !== 'wait') decided = n + 1;
  }
  sums.atAcceptable += decided;
  if (test.is === 'fail') sums.failed += 1;
}

/** No test with these error rates decides on average in fewer requests (Wald 1945), whichever of the two shares is true. */
function waldsBound(truth: number, other: number): number {
  const error = 1 - confidence;
  const needed =
    (1 - error) * Math.log((1 - error) / error) + error * Math.log(error / (1 - error));
  const each = truth * Math.log(truth / other) + (1 - truth) * Math.log((1 - truth) / (1 - other));
  return needed / each;
}

/** Requests to decide over Wald's bound, at the share where it is worse. */
export function samplesToWald({ runs, atAcceptable, atUnacceptable }: Figures): number {
  return Math.max(
    atAcceptable / runs / waldsBound(acceptable, unacceptable),
    atUnacceptable / runs / waldsBound(unacceptable, acceptable),
  );
}
