// The journal as files on a droplet, over the connection that is there anyway: it outlives a CI runner's disk.
import type { Clock } from '../lib/clock.ts';
import type { Journal } from '../world.ts';
import { Far } from './far.ts';
import * as leases from './lease.ts';
import { isDead, thisProcess } from './machine.ts';
import { blobName, checkAppName, missing, numbered } from './names.ts';
import type { Run } from './remote.ts';

export type SshJournalGiven = {
  /** On the droplet; the same files as of a journal on this machine, so that they can be copied. */
  readonly directory: string;
  readonly app: string;
  /** Where it is, for people: `droplet 3164444:/var/lib/bgctl/shop.jsonl`. */
  readonly place: string;
  readonly run: Run;
  readonly clock: Clock;
};

/**
 * Who holds the lease is judged here: by time, or, where the holder was a process of the machine that asks, by
 * whether it still lives.
 */
export function sshJournal(given: SshJournalGiven): Journal {
  const { app, clock, place } = given;
  checkAppName(app);
  const far = new Far(given, clock);

  /** Writes what `change` makes of the lease; false where it makes nothing. */
  function changeLease(change: (lease: leases.Lease) => leases.Lease | null): Promise<boolean> {
    return far.swap((before) => {
      const write = change(before);
      return { write, result: write !== null };
    });
  }

  return {
    place,
    async read() {
      const { entries, torn } = (await far.look()).log;
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
    holder: async () => leases.heldBy(await far.lease()),
    // Nothing on a droplet calls back.
    watch: () => () => undefined,
    async store(hash, text) {
      await far.order('store', [blobName(hash)], text);
    },
    async load(hash) {
      const { first, rest } = await far.order('load', [blobName(hash)]);
      if (first !== 'found') throw missing(hash, place);
      return rest;
    },
    close: async () => undefined,
  };
}
