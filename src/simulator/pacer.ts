// A slow machine: while nothing but time and answers is waited for, its controller takes fewer turns, or a rehearsal would take minutes.
import type { Clock } from '../lib/clock.ts';
import type { Policy } from '../policy/policy.ts';
import type { Entry } from '../promotion/entry.ts';

/** The loop's own pauses between two turns; what is longer is a limit. */
const pauseMs = 250;
/** A verdict comes at most so much of the shortest verification late. */
const share = 1 / 300;

/** In verifying and retiring turns come at whole multiples of a tact: a judge looks at all answers at each turn. */
export class Pacer {
  readonly clock: Clock;
  readonly #tactMs: number;
  #slow = false;

  constructor({ verify }: Policy, clock: Clock) {
    this.#tactMs = Math.max(pauseMs, Math.round(verify.minMs * share));
    this.clock = { ...clock, alarm: (ms, ring) => clock.alarm(this.#stretched(ms, clock), ring) };
  }

  wrote(entry: Entry): void {
    if (entry.type === 'entered') this.#slow = ['verifying', 'retiring'].includes(entry.phase);
  }

  #stretched(ms: number, { now }: Clock): number {
    if (!this.#slow || ms > pauseMs) return ms;
    const due = now() + ms;
    return Math.ceil(due / this.#tactMs) * this.#tactMs - now();
  }
}
