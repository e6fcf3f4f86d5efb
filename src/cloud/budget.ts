// One budget of requests for the process: it stays below DigitalOcean's limits, and going back comes first.
import type { Clock, Instant } from '../lib/clock.ts';
import { CloudFailure } from './failure.ts';

export type BudgetLimits = {
  readonly perMinute: number;
  readonly perHour: number;
  /** Of each, what only calls that go back may use. */
  readonly reserve: number;
};

/** DigitalOcean allows 250 a minute and 5,000 an hour a token; others may use the same token. */
export const usualLimits: BudgetLimits = { perMinute: 240, perHour: 4_900, reserve: 40 };

export type Turn = {
  readonly signal?: AbortSignal | undefined;
  readonly goesBack?: boolean | undefined;
};

export type Budget = {
  /** Resolves when one request may be sent. Rejects with Failure when `signal` aborts first. */
  take(turn: Turn): Promise<void>;
  /** Nobody sends before `until`: the API said that it had enough. */
  pause(until: Instant): void;
};

type Waiter = { readonly goesBack: boolean; readonly go: () => void };

const minuteMs = 60_000;
const hourMs = 3_600_000;

export function requestBudget(clock: Clock, limits: BudgetLimits): Budget {
  /** When requests were sent, oldest first. */
  const sent: Instant[] = [];
  const waiting: Waiter[] = [];
  let pausedUntil: Instant = 0;
  let serving = false;
  let nap = new AbortController();

  function roomInMs(limit: number, windowMs: number, goesBack: boolean): number {
    const allowed = goesBack ? limit : limit - limits.reserve;
    const blocking = sent.at(-allowed);
    return blocking === undefined ? 0 : blocking + windowMs - clock.now();
  }

  function waitMs(goesBack: boolean): number {
    return Math.max(
      pausedUntil - clock.now(),
      roomInMs(limits.perMinute, minuteMs, goesBack),
      roomInMs(limits.perHour, hourMs, goesBack),
    );
  }

  async function serve(): Promise<void> {
    if (serving) return;
    serving = true;
    for (let next = first(waiting); next !== undefined; next = first(waiting)) {
      const ms = waitMs(next.goesBack);
      if (ms > 0) {
        nap = new AbortController();
        await clock.sleep(ms, nap.signal);
      } else {
        remove(waiting, next);
        sent.push(clock.now());
        if (sent.length > limits.perHour) sent.shift();
        next.go();
      }
    }
    serving = false;
  }

  return {
    take({ signal, goesBack = false }) {
      return new Promise((resolve, reject) => {
        const stop = () => {
          remove(waiting, waiter);
          nap.abort();
          reject(outOfTime());
        };
        const go = () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        };
        const waiter: Waiter = { goesBack, go };
        if (signal?.aborted) return reject(outOfTime());
        signal?.addEventListener('abort', stop, { once: true });
        waiting.push(waiter);
        // Whoever naps until there is room for a call forward must look again for one that goes back.
        nap.abort();
        void serve();
      });
    },
    pause(until) {
      pausedUntil = Math.max(pausedUntil, until);
    },
  };
}

function first(waiting: readonly Waiter[]): Waiter | undefined {
  return waiting.find((waiter) => waiter.goesBack) ?? waiting[0];
}

function remove(waiting: Waiter[], waiter: Waiter): void {
  const index = waiting.indexOf(waiter);
  if (index >= 0) waiting.splice(index, 1);
}

function outOfTime(): CloudFailure {
  return new CloudFailure(
    'stopped',
    'The time for a request to DigitalOcean was over before the limit on requests let it out. It was not sent.',
    { retry: 'soon' },
  );
}
