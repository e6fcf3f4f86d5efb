// What a gate says: pass, fail or wait, with the reason and the numbers behind it; inconclusive only at its limit.

/** Numbers and short words that the verdict rests on; printed, journaled, shown in reports. */
export type Evidence = Readonly<Record<string, number | string>>;

export type Verdict = {
  readonly is: 'pass' | 'fail' | 'wait' | 'inconclusive';
  /** A plain sentence: "errors: 3 of 120 answers failed (2.5 %), more than 1 %". */
  readonly because: string;
  readonly evidence: Evidence;
};
