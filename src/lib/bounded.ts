// A limit for work that nobody else bounds: late is null, a failure stays a failure.
import type { Clock } from './clock.ts';

export async function bounded<T>(ms: number, clock: Clock, work: Promise<T>): Promise<T | null> {
  const over = new AbortController();
  const late = clock.sleep(ms, over.signal).then(() => null);
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}
