// The rate limit of one token: 5000 requests an hour and 250 a minute, each counted until it expires.
import type { Knobs } from './knobs.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;

export class RateLimit {
  readonly #knobs: () => Knobs;
  /** Times of the requests of the last hour, oldest first. */
  #times: number[] = [];

  constructor(knobs: () => Knobs) {
    this.#knobs = knobs;
  }

  /** Counts a request made at `now`, in ms. Returns false, counting nothing, when there were too many. */
  admit(now: number): boolean {
    this.#forget(now);
    if (this.#remaining() === 0 || this.#waitMs(now) > 0) return false;
    this.#times.push(now);
    return true;
  }

  /** The three headers that every answer carries. */
  headers(now: number): Record<string, string> {
    this.#forget(now);
    const oldest = this.#times[0] ?? now;
    return {
      'ratelimit-limit': String(this.#knobs().requestsPerHour),
      'ratelimit-remaining': String(this.#remaining()),
      'ratelimit-reset': String(Math.ceil((oldest + hourMs) / 1000)),
    };
  }

  /** What a refused request is told besides. Only a burst is promised a `retry-after`. */
  refusalHeaders(now: number): Record<string, string> {
    const waitMs = this.#waitMs(now);
    if (waitMs <= 0) return {};
    return { 'ratelimit-remaining': '0', 'retry-after': String(Math.ceil(waitMs / 1000)) };
  }

  #remaining(): number {
    return Math.max(0, this.#knobs().requestsPerHour - this.#times.length);
  }

  /** How long until the minute has room for one more. */
  #waitMs(now: number): number {
    const blocking = this.#times.at(-this.#knobs().requestsPerMinute);
    return blocking === undefined ? 0 : blocking + minuteMs - now;
  }

  #forget(now: number): void {
    const firstKept = this.#times.findIndex((time) => time > now - hourMs);
    if (firstKept > 0) this.#times = this.#times.slice(firstKept);
    else if (firstKept < 0) this.#times = [];
  }
}
