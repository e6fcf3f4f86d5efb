// Impossible things stop the process: a bug is not a state to go on from.

export class Bug extends Error {
  override readonly name = 'Bug';
}

/** Throws Bug unless `truth` holds. */
export function assert(truth: boolean, claim: string): asserts truth {
  if (!truth) throw new Bug(claim);
}
