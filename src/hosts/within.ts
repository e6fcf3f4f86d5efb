// A limit for anything that asks a droplet: a limit reached is a Failure that says what was waited for.
import type { Clock } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';

export type Limit = {
  readonly clock: Clock;
  readonly ms: number;
  /** What is being done, as the start of a sentence: `Pulling images on droplet 7`. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
  /** Whether the far side may have done it although we stopped waiting. */
  readonly ambiguous?: boolean;
};

/** Runs `work`; its signal aborts when the limit has passed, `limit.signal` aborts, or the work has ended. */
export async function within<T>(
  limit: Limit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  if (limit.signal?.aborted) throw over(limit, 'was given up before it began');
  const given = new AbortController();
  const giveUp = () => given.abort();
  limit.signal?.addEventListener('abort', giveUp, { once: true });
  const timeOver = limit.clock
    .sleep(limit.ms, AbortSignal.any([stop.signal, given.signal]))
    .then((): never => {
      throw over(
        limit,
        given.signal.aborted ? 'was given up' : `did not end within ${said(limit.ms)}`,
      );
    });
  try {
    return await Promise.race([work(stop.signal), timeOver]);
  } finally {
    limit.signal?.removeEventListener('abort', giveUp);
    stop.abort();
  }
}

function over(limit: Limit, how: string): Failure {
  const ambiguous = limit.ambiguous ?? false;
  return new Failure('host', `${limit.what} ${how}.`, { retry: 'soon', ambiguous });
}

function said(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}
