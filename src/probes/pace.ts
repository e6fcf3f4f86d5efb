// How fast one environment is asked: so many a second, so many at once, first come first served.

import type { Clock, Instant } from '../lib/clock.ts';
import { Bell } from '../lib/deferred.ts';

export type Limits = {
  /** Asked when it is somebody's turn. */
  readonly perSecond: () => number;
  readonly concurrency: number;
};

/** How often a turn that was far away is thought over: by then the pace may be another. */
const reviewMs = 1_000;

export class Pace {
  readonly #clock: Clock;
  readonly #free = new Bell();
  readonly #waiting = new Set<number>();
  #last: Promise<void> = Promise.resolve();
  #latest: Instant = Number.NEGATIVE_INFINITY;
  #underWay = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves with how to say that it is over; null where who asks already waits in line, or `stop` came first. */
  async turn(who: number, limits: Limits, stop: AbortSignal): Promise<(() => void) | null> {
    if (this.#waiting.has(who)) return null;
    this.#waiting.add(who);
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    try {
      await before;
      if (!(await this.#until(limits, stop))) return null;
      this.#latest = this.#clock.now();
      this.#underWay += 1;
      return () => {
        this.#underWay -= 1;
        this.#free.ring();
      };
    } finally {
      this.#waiting.delete(who);
      resolve();
    }
  }

  async #until({ perSecond, concurrency }: Limits, stop: AbortSignal): Promise<boolean> {
    while (!stop.aborted) {
      const dueAt = this.#latest + 1000 / perSecond();
      const waitMs = dueAt - this.#clock.now();
      if (waitMs > 0) await this.#clock.sleep(Math.min(waitMs, reviewMs), stop);
      else if (this.#underWay >= concurrency) await this.#free.wait(this.#clock, reviewMs);
      else return !stop.aborted;
    }
    return false;
  }
}
