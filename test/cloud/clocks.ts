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

/** A turn of the event loop counts for no more than this, however long the machine let it wait. */
const turnMaxMs = 2;

/**
 * A second of this clock takes 1/`speed` of a real one, so that minutes of patience can be tested. On a busy
 * machine it slows down with the process: what is tested and who answers it share one event loop, so an answer
 * that takes so many turns of it is never late only because somebody else had the processor.
 */
export function fastClock(speed: number): FastClock {
  let now = Date.now();
  let turnedAt = 0;
  const naps: number[] = [];
  const sleepers = new Set<{ readonly until: Instant; readonly wake: () => void }>();
  const turn = () => {
    const real = performance.now();
    now += Math.min(real - turnedAt, turnMaxMs) * speed;
    turnedAt = real;
    const due = [...sleepers].filter(({ until }) => until <= now);
    for (const { wake } of due.sort((one, other) => one.until - other.until)) wake();
    if (sleepers.size > 0) setTimeout(turn, 1);
  };
  const wait = (ms: number, wake: () => void): (() => void) => {
    const sleeper = { until: now + ms, wake: () => sleepers.delete(sleeper) && wake() };
    sleepers.add(sleeper);
    if (sleepers.size === 1) {
      turnedAt = performance.now();
      setTimeout(turn, 1);
    }
    return () => sleepers.delete(sleeper);
  };
  return {
    naps,
    now: () => now,
    sleep(ms, signal) {
      naps.push(ms);
      return new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const done = () => {
          callOff();
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const callOff = wait(ms, done);
        signal?.addEventListener('abort', done, { once: true });
      });
    },
    alarm: wait,
  };
}
