// Two clocks for tests: one that stands until it is moved, one that runs fast.
import type { Clock, Instant } from '../../src/lib/clock.ts';

export type ManualClock = Clock & {
  /** Moves on by `ms`, waking whoever slept until then, in order. */
  advance(ms: number): Promise<void>;
};

export function manualClock(start: Instant = 1_000_000): ManualClock {
  let now = start;
  const sleepers = new Set<{ until: Instant; wake: () => void }>();
  return {
    now: () => now,
    sleep(ms, signal) {
      return new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = { until: now + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          resolve();
        });
      });
    },
    alarm(ms, ring) {
      const sleeper = { until: now + ms, wake: ring };
      sleepers.add(sleeper);
      return () => sleepers.delete(sleeper);
    },
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        const [next] = [...sleepers].sort((one, other) => one.until - other.until);
        if (next === undefined || next.until > end) break;
        sleepers.delete(next);
        now = next.until;
        next.wake();
        await settled();
      }
      now = end;
      await settled();
    },
  };
}

/** Lets every promise that can go on do so. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export type FastClock = Clock & {
  /** What was asked to be slept, in ms of this clock. */
  readonly naps: readonly number[];
};

/** A second of this clock takes 1/`speed` of a real one, so that minutes of patience can be tested. */
export function fastClock(speed: number): FastClock {
  const began = Date.now();
  const naps: number[] = [];
  return {
    naps,
    now: () => began + (performance.now() - origin) * speed,
    sleep(ms, signal) {
      naps.push(ms);
      return new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const done = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, ms / speed);
        signal?.addEventListener('abort', done, { once: true });
      });
    },
    alarm(ms, ring) {
      const timer = setTimeout(ring, ms / speed);
      return () => clearTimeout(timer);
    },
  };
}

const origin = performance.now();
