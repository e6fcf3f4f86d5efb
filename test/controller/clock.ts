// A clock that only moves when a test lets it: to the next one that sleeps, as often as it takes.
import { setImmediate as breathe } from 'node:timers/promises';
import type { Clock, Instant } from '../../src/lib/clock.ts';

type Sleeper = { readonly at: Instant; readonly wake: () => void };

const hourMs = 3_600_000;

export class ManualClock implements Clock {
  onMove: (now: Instant) => void = () => undefined;
  #now: Instant = 0;
  #sleepers: Sleeper[] = [];

  now(): Instant {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper = { at: this.#now + ms, wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  alarm(ms: number, ring: () => void): () => void {
    const off = () => {
      this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
    };
    const wake = () => {
      off();
      ring();
    };
    const sleeper = { at: this.#now + ms, wake };
    this.#sleepers.push(sleeper);
    return off;
  }

  /** Lets time pass until the promise settles. */
  async until<T>(promise: Promise<T>, limitMs = hourMs): Promise<T> {
    let settled = false;
    const end = () => {
      settled = true;
    };
    promise.then(end, end);
    await this.when(() => settled, limitMs);
    return promise;
  }

  /** Lets time pass until the condition holds. */
  async when(condition: () => boolean, limitMs = hourMs): Promise<void> {
    const end = this.#now + limitMs;
    for (;;) {
      await breathe();
      if (condition()) return;
      if (this.#now >= end) throw new Error(`not within ${limitMs / 1000} s`);
      this.#next(end);
    }
  }

  /** Lets so much time pass, whatever is due at its end included. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await breathe();
      if (this.#now >= end && !this.#sleepers.some((one) => one.at <= end)) return;
      this.#next(end);
    }
  }

  /** The machine sleeps: time goes by, and whoever should have been woken meanwhile is woken now, in order. */
  suspend(ms: number): void {
    this.#now += ms;
    this.onMove(this.#now);
  }

  #next(end: Instant): void {
    const first = this.#sleepers.reduce<Sleeper | null>(
      (least, one) => (least === null || one.at < least.at ? one : least),
      null,
    );
    this.#now = Math.max(this.#now, Math.min(first?.at ?? end, end));
    this.onMove(this.#now);
    if (first !== null && first.at <= this.#now) first.wake();
  }
}
