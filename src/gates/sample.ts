// One answer to one question, asked of one droplet: what gates judge.

import type { Instant } from '../lib/clock.ts';

/**
 * `ok` and `error` say something of the thing measured. `unknown` says that we could not measure
 * (SSH lost, probe timed out in our own tunnel): it is never counted as either (I5).
 */
export type Outcome = 'ok' | 'error' | 'unknown';

export type Sample = {
  readonly at: Instant;
  /** Id of the droplet that was asked, or that answered at the balancer's address; 0 where that is not known, or for a whole environment. */
  readonly droplet: number;
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** What was measured, where a source yields numbers rather than answers; its unit is the probe's. */
  readonly value?: number;
  /** Project of the environment that answered at the balancer's address, where the answer says so. */
  readonly environment?: string;
  /** What was seen, for people: "HTTP 503 {\"ok\":false}", "timed out after 2000 ms". At most 300 characters. */
  readonly detail: string;
};

/** Samples of one gate in the order of their time, oldest first; the sampler bounds how many are kept. */
export type Window = {
  readonly samples: readonly Sample[];
  /** How many older ones were dropped, if any. */
  readonly dropped?: number;
};

export const emptyWindow: Window = { samples: [] };

/** Where blue's samples of a gate stand that is compared with it; no gate has such a name. */
export function blueOf(gate: string): string {
  return `${gate}@blue`;
}

/** `droplet 3164444`, or the balancer's address, for people. */
export function askedName(droplet: number): string {
  return droplet === 0 ? "the balancer's address" : `droplet ${droplet}`;
}
