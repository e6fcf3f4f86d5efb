// Options that several commands take, checked before anything is begun.
import type { Clock, Instant } from '../lib/clock.ts';
import { durationMs } from '../policy/duration.ts';
import { refused } from './exit.ts';

export const waitOption = {
  choices: ['ready', 'switched', 'verified'] as const,
  default: 'verified' as const,
  describe: 'how far to go before returning; `bgctl resume` goes on from there',
};

export const onBusyOption = {
  choices: ['refuse', 'wait', 'replace'] as const,
  default: 'refuse' as const,
  describe:
    'where another release is under way: be refused, wait for its end, or abort it if it is still before its switch',
};

/** The longest that a timer can wait is 2^31 ms: beyond it, it would ring at once. */
const longestHours = 596;

/** In milliseconds. */
export const timeoutOption = {
  describe: 'stop watching after 90s, 10m … (exit 17)',
  type: 'string' as const,
  coerce: (text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const ms = durationMs(text);
    if (ms === null) throw refused(`--timeout ${text} is not a duration: write 90s, 10m or 1h`);
    if (ms > longestHours * 3_600_000)
      throw refused(
        `--timeout ${text} is too long: the longest is ${longestHours}h, and without it there is no limit`,
      );
    return ms;
  },
};

/** One time limit over all that a command waits for. */
export class Deadline {
  readonly #clock: Clock;
  readonly #at: Instant | null;

  constructor(clock: Clock, timeoutMs: number | undefined) {
    this.#clock = clock;
    this.#at = timeoutMs === undefined ? null : clock.now() + timeoutMs;
  }

  /** Undefined: there is none. */
  leftMs(): number | undefined {
    return this.#at === null ? undefined : Math.max(this.#at - this.#clock.now(), 0);
  }
}

/** A whole number from 1 on: what is none must not be taken for all, or for nothing. */
export function countOption(name: string, usual: number, describe: string) {
  return {
    type: 'string' as const,
    default: usual,
    describe,
    coerce: (given: string | number): number => {
      const count = Number(given);
      if (/^\d{1,9}$/.test(String(given)) && count > 0) return count;
      throw refused(`--${name} ${given} is not a number from 1 on: write --${name} ${usual}`);
    },
  };
}
