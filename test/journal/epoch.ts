// The epoch of a lease that a test takes: later appends, renewals and the release are made under it.
import type { Journal } from '../../src/world.ts';

/** Takes the lease; fails the test where someone holds it, or where the answer is not as promised. */
export async function epochOf(journal: Journal, who: string, ttlMs: number): Promise<number> {
  const taken = await journal.lease(who, ttlMs);
  if (!taken.got) throw new Error(`held by ${taken.holder.who}`);
  if (!Number.isSafeInteger(taken.epoch) || taken.epoch < 1)
    throw new Error(`not an epoch: ${taken.epoch}`);
  return taken.epoch;
}
