// A slow machine: while only answers and time are waited for, its controller takes fewer turns, or a rehearsal would take minutes.
import type { Clock, Instant } from '../lib/clock.ts';
import type { Entry } from '../promotion/entry.ts';

/** The loop's own pauses between two turns; what is longer is a limit. */
const pauseMs = 250;
/** A verdict comes at most so much of the time that the phase has taken late: a judge looks at all answers at each turn. */
const late = 1 / 100;
/** Where nothing is judged any more. */
const restMs = 1_000;

export class Pacer {
  readonly clock: Clock;
  #phase = 'idle';
  #since: Instant = 0;

  constructor(clock: Clock) {
    this.clock = { ...clock, alarm: (ms, ring) => clock.alarm(this.#stretched(ms, clock), ring) };
  }

  wrote(entry: Entry): void {
    if (entry.type !== 'entered') return;
    this.#phase = entry.phase;
    this.#since = entry.at;
  }

  #stretched(ms: number, { now }: Clock): number {
    if (ms > pauseMs) return ms;
    if (this.#phase === 'retiring') return restMs;
    const judges = this.#phase === 'gating' || this.#phase === 'verifying';
    return judges ? Math.max(ms, Math.round((now() - this.#since) * late)) : ms;
  }
}
