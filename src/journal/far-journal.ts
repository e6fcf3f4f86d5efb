// What every journal that is not on this machine does alike with its entries and its lease.
import type { Clock } from '../lib/clock.ts';
import type { Journal } from '../world.ts';
import type { Far, Known } from './far.ts';
import * as leases from './lease.ts';
import { isDead, thisProcess } from './machine.ts';
import { numbered } from './names.ts';

/**
 * Who holds the lease is judged here: by time, or, where the holder was a process of the machine that asks, by
 * whether it still lives.
 */
export function farJournal<K extends Known>(
  far: Far<K>,
  clock: Clock,
): Pick<Journal, 'read' | 'append' | 'lease' | 'renew' | 'release' | 'holder'> {
  /** Writes what `change` makes of the lease; false where it makes nothing. */
  function changeLease(change: (lease: leases.Lease) => leases.Lease | null): Promise<boolean> {
    return far.swap((before) => {
      const write = change(before);
      return { write, result: write !== null };
    });
  }

  return {
    async read() {
      const { entries, torn } = (await far.look()).known;
      return { entries, torn };
    },
    append(facts, { afterSeq, epoch, at }) {
      const leased = facts.some((fact) => fact.type !== 'asked');
      const leaseStart = leased ? leases.leaseStart(epoch ?? 0, true) : '';
      return far.append({ entries: numbered(facts, afterSeq, at), afterSeq, leaseStart });
    },
    lease(who, ttlMs) {
      const me = { ...thisProcess(), who };
      return far.swap<Awaited<ReturnType<Journal['lease']>>>((before) => {
        const taken = leases.take(before, me, { now: clock.now(), ttlMs, dead: isDead });
        return taken.got
          ? { write: taken.lease, result: { got: true, epoch: taken.lease.epoch } }
          : { write: null, result: taken };
      });
    },
    renew: (epoch, ttlMs) =>
      changeLease((lease) => leases.renewed(lease, epoch, clock.now() + ttlMs)),
    async release(epoch) {
      await changeLease((lease) => leases.released(lease, epoch));
    },
    holder: async () => leases.heldBy(await far.lease(), isDead),
  };
}
