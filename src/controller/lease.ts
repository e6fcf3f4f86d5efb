// One controller an app: takes the lease, keeps it alive, and says at once when it is lost.
import type { Clock } from '../lib/clock.ts';
import { within } from '../lib/within.ts';
import type { Holder, Journal } from '../world.ts';

/** Long enough for a slow droplet, short enough that a killed runner is replaced soon. */
const leaseTtlMs = 20_000;
const renewEveryMs = 5_000;
/** Who takes over judges the lease by another clock: so far apart two clocks may be. */
const skewMaxMs = 8_000;

/** Until when the lease is certainly ours, by our clock. */
type Sure = { until: number };

export type Lease = {
  readonly epoch: number;
  /** Whether nobody else can have it at this instant, as far as clocks agree. */
  readonly holds: () => boolean;
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
  const sure: Sure = { until: clock.now() + leaseTtlMs };
  const renewing = renew(journal, epoch, clock, { sure, lost, ended: ended.signal });
  return {
    epoch,
    holds: () => !lost.signal.aborted && clock.now() < sure.until - skewMaxMs,
    lost: lost.signal,
    async end() {
      ended.abort('ended');
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
  { sure, lost, ended }: { sure: Sure; lost: AbortController; ended: AbortSignal },
): Promise<void> {
  while (!ended.aborted) {
    await clock.sleep(renewEveryMs, ended);
    if (ended.aborted) return;
    const begun = clock.now();
    // A renewal that hangs must not hide that the lease ran out.
    const ours = await within(sure.until - begun, clock, journal.renew(epoch, leaseTtlMs));
    if (ours === true) sure.until = begun + leaseTtlMs;
    // An unreachable journal is not a lost lease until its time is over: then somebody may have it.
    if (ours === false || clock.now() >= sure.until) {
      lost.abort(new Error('another controller holds the app now'));
      return;
    }
  }
}
