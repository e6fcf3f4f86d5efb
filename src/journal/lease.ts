// The lease of an app as data: who holds it, under which epoch, and what taking, renewing and giving it up mean. Pure.

import type { Instant } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { Entry } from '../promotion/entry.ts';
import type { Holder } from '../world.ts';
import type { Identity } from './machine.ts';

/** `held: false` keeps the epoch of the last holder, so that no epoch is ever given twice. */
export type Lease = {
  readonly v: 1;
  readonly epoch: number;
  readonly held: boolean;
  readonly holder: (Omit<Holder, 'epoch'> & Identity) | null;
};

export type Taken =
  | { readonly got: true; readonly lease: Lease }
  | { readonly got: false; readonly holder: Holder };

/** The lease for `me`, or who holds it. `dead` says whether a holder is known to be dead. */
export function take(
  before: Lease,
  me: Identity & { readonly who: string },
  given: { now: Instant; ttlMs: number; dead: (holder: Identity) => boolean },
): Taken {
  const { held, holder } = before;
  if (held && holder !== null && holder.until > given.now && !given.dead(holder))
    return { got: false, holder: holderOf(before, holder) };
  const taken = { ...me, since: given.now, until: given.now + given.ttlMs };
  return { got: true, lease: { v: 1, epoch: next(before, given.now), held: true, holder: taken } };
}

/**
 * Droplets refuse whoever comes with a lower epoch than they have seen. A journal that was lost, or moved,
 * must not begin at 1 again, or it would be refused for good: seconds of the clock are above what was before.
 */
function next(before: Lease, now: Instant): number {
  return Math.max(before.epoch + 1, Math.floor(now / 1000));
}

/** The same lease until later; null when it is no longer held under this epoch. */
export function renewed(before: Lease, epoch: number, until: Instant): Lease | null {
  if (!isHeldUnder(before, epoch) || before.holder === null) return null;
  return { ...before, holder: { ...before.holder, until } };
}

/** The lease given up; null when it is no longer held under this epoch. */
export function released(before: Lease, epoch: number): Lease | null {
  return isHeldUnder(before, epoch) ? { ...before, held: false } : null;
}

/** A lease past its time that nobody took is still its holder's: the epoch alone decides. */
export function isHeldUnder(lease: Lease, epoch: number | null): boolean {
  return lease.held && lease.epoch === epoch;
}

/** Who holds it; null when it was given up. Of a holder known to be dead, the time until which it held it is past. */
export function heldBy(lease: Lease, dead: (holder: Identity) => boolean): Holder | null {
  if (!lease.held || lease.holder === null) return null;
  const holder = holderOf(lease, lease.holder);
  return dead(lease.holder) ? { ...holder, until: holder.since } : holder;
}

/** Where the lease file is missing, the journal still knows the epochs that were given. */
export function neverTaken(entries: readonly Entry[]): Lease {
  const epochs = entries.map((entry) => (entry.type === 'leased' ? entry.epoch : 0));
  return { v: 1, epoch: Math.max(0, ...epochs), held: false, holder: null };
}

/** One line; its beginning is what the far side of `ssh.ts` compares. */
export function encodeLease(lease: Lease): string {
  const { epoch, held, holder } = lease;
  return `${leaseStart(epoch, held)}"holder":${JSON.stringify(holder)}}\n`;
}

/** How the line of a lease begins: `{"v":1,"epoch":7,"held":true,`. */
export function leaseStart(epoch: number, held: boolean): string {
  return `{"v":1,"epoch":${epoch},"held":${held},`;
}

export function decodeLease(text: string, place: string): Lease {
  try {
    const value: unknown = JSON.parse(text);
    if (isLease(value)) return value;
  } catch {
    // Told below, in our own words.
  }
  throw new Failure(
    'journal',
    `${place} is not a lease that this bgctl understands. Nothing was changed; a newer bgctl may have written it.`,
  );
}

/** A number that cannot grow by one would be given twice. */
function isLease(value: unknown): value is Lease {
  if (typeof value !== 'object' || value === null) return false;
  const { v, epoch, held, holder } = value as Partial<Lease>;
  const sound = v === 1 && Number.isSafeInteger(epoch) && typeof held === 'boolean';
  return sound && (holder === null || isHolder(holder));
}

function isHolder(value: unknown): value is NonNullable<Lease['holder']> {
  if (typeof value !== 'object' || value === null) return false;
  const { who, host, pid, since, until } = value as Partial<NonNullable<Lease['holder']>>;
  const named = typeof who === 'string' && typeof host === 'string';
  return named && [pid, since, until].every(Number.isFinite);
}

function holderOf(lease: Lease, holder: NonNullable<Lease['holder']>): Holder {
  const { who, host, pid, since, until } = holder;
  return { who, host, pid, since, until, epoch: lease.epoch };
}
