// What a gate says: pass, fail or wait, with the reason and the numbers behind it; inconclusive only at its limit.

/**
 * Numbers and short words that the verdict rests on; printed, journaled, shown in reports. What judges a share writes
 * `samples`, `errors` (bad answers; of latency the slow ones too), `estimate` with its anytime-valid interval `low` to
 * `high`, `acceptable`, `unacceptable`; compared with blue also `blueSamples`, `blueErrors`, `blueEstimate`.
 * Shares are 0..1. The verdict of a phase holds those of each gate under `name.key`, with its `name.is`.
 */
export type Evidence = Readonly<Record<string, number | string>>;

export type Verdict = {
  /** `unknown`: more samples in a row than the gate allows could not be taken; neither good nor bad (I5). */
  readonly is: 'pass' | 'fail' | 'wait' | 'unknown' | 'inconclusive';
  /** A plain sentence: "errors fails: 13 of 412 requests failed, 3.2 %; at most 1 % is acceptable". */
  readonly because: string;
  readonly evidence: Evidence;
};

/** `2.5 %` of 0.025. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}
