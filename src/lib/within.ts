// Work that nobody waits for longer than a limit.
import type { Clock } from './clock.ts';

/** Null where it failed or is late; what it does then is not stopped. */
export async function within<T>(
  limitMs: number,
  clock: Clock,
  work: Promise<T>,
): Promise<T | null> {
  let callOff = () => {};
  const late = new Promise<null>((resolve) => {
    callOff = clock.alarm(limitMs, () => resolve(null));
  });
  const done = await Promise.race([work.catch(() => null), late]);
  callOff();
  return done;
}
