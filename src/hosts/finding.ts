// One line of what `check` tells: a verdict, why, and how to mend it.

export type HostFinding = {
  /** `warn`: a promotion may go well, or what was asked could not be learnt. */
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly what: string;
  readonly detail: string;
  /** What a person does about it, where the detail does not say. */
  readonly mend?: string;
};
