// One controller an app: takes the lease, keeps it alive, and says at once when it is lost.
import type { Clock } from '../lib/clock.ts';
import type { Holder, Journal } from '../world.ts';

/** Long enough for a slow droplet, short enough that a killed runner is replaced soon. */
const leaseTtlMs = 20_000;
const renewEveryMs = 5_000;

export type Lease = {
  readonly epoch: number;
  /** Aborts when the lease may be somebody else's: nothing may be written from then on. */
  readonly lost: AbortSignal;
  end(): Promise<void>;
};

export async function takeLease(
  journal: Journal,
  who: string,
  clock: Clock,
): Promise<Lease | { readonly holder: Holder }> {
  const taken = await journal.lease(who, leaseTtlMs);
  if (!taken.got) return { holder: taken.holder };
  const lost = new AbortController();
  const ended = new AbortController();
  const { epoch } = taken;
  const renewing = renew(journal, epoch, clock, lost, ended.signal);
  return {
    epoch,
    lost: lost.signal,
    async end() {
      ended.abort();
      await renewing;
      // Letting go is a courtesy: who cannot be told finds the lease run out.
      if (!lost.signal.aborted) await journal.release(epoch).catch(() => undefined);
    },
  };
}

async function renew(
  journal: Journal,
  epoch: number,
  clock: Clock,
  lost: AbortController,
  ended: AbortSignal,
): Promise<void> {
  let aliveUntil = clock.now() + leaseTtlMs;
  while (!ended.aborted) {
    await clock.sleep(renewEveryMs, ended);
    if (ended.aborted) return;
    const begun = clock.now();
    const ours = await within(aliveUntil - begun, clock, journal.renew(epoch, leaseTtlMs));
    if (ours === true) aliveUntil = begun + leaseTtlMs;
    // An unreachable journal is not a lost lease until its time is over: then somebody may have it.
    if (ours === false || clock.now() >= aliveUntil) {
      lost.abort(new Error('another controller holds the app now'));
      return;
    }
  }
}

/** Null where it failed or is late: a renewal that hangs must not hide that the lease ran out. */
async function within<T>(limitMs: number, clock: Clock, work: Promise<T>): Promise<T | null> {
  const ended = new AbortController();
  const late = clock.sleep(limitMs, ended.signal).then(() => null);
  const done = await Promise.race([work.catch(() => null), late]);
  ended.abort();
  return done;
}
