// The journal as files of this machine: one operator, or a controller host.
import { dirname, join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import type { Journal } from '../world.ts';
import { makeDirectory, readWhole, trouble, watchFile, writeWhole } from './durable.ts';
import * as leases from './lease.ts';
import { underLock } from './lock.ts';
import { emptyLog, extendLog, type Log, readLog } from './log.ts';
import { isDead, thisProcess } from './machine.ts';
import { blobName, checkAppName, checkKept, keptName, missing, numbered } from './names.ts';

/** The app's files in `directory`: `<app>.jsonl`, `<app>.lease.json`, `<app>.lock`, `compose/<hash>.yml`, `reports/<app>.<name>.json`. */
export function fileJournal(given: {
  readonly directory: string;
  readonly app: string;
  readonly clock: Clock;
}): Journal {
  const { directory, app, clock } = given;
  checkAppName(app);
  const path = join(directory, `${app}.jsonl`);
  const leasePath = join(directory, `${app}.lease.json`);
  const blob = (hash: string) => join(directory, 'compose', blobName(hash));
  const kept = (name: string) => join(directory, 'reports', keptName(app, name));
  let cache: Log = emptyLog;

  async function current(): Promise<Log> {
    cache = await readLog(path, cache);
    return cache;
  }

  async function locked<T>(work: () => Promise<T>): Promise<T> {
    await makeDirectory(directory);
    try {
      return await underLock(join(directory, `${app}.lock`), clock, work);
    } catch (error) {
      throw trouble('written', directory, error);
    }
  }

  async function readLease(): Promise<leases.Lease> {
    const bytes = await readWhole(leasePath);
    if (bytes !== null) return leases.decodeLease(bytes.toString('utf8'), leasePath);
    return leases.neverTaken((await current()).entries);
  }

  /** Writes what `change` makes of the lease; false where it makes nothing. */
  function changeLease(change: (lease: leases.Lease) => leases.Lease | null): Promise<boolean> {
    return locked(async () => {
      const after = change(await readLease());
      if (after !== null) await writeWhole(leasePath, leases.encodeLease(after));
      return after !== null;
    });
  }

  return {
    place: path,
    async read() {
      let log = await current();
      // Another process may be writing just now: only what is unfinished under the lock is torn.
      if (log.torn !== null) log = await locked(current);
      return { entries: log.entries, torn: log.torn };
    },
    append(facts, { afterSeq, epoch, at }) {
      return locked(async () => {
        const leased = facts.some((fact) => fact.type !== 'asked');
        if (leased && !leases.isHeldUnder(await readLease(), epoch)) return 'lease-lost';
        const log = await current();
        if (log.entries.length !== afterSeq) return 'someone-else-wrote';
        await extendLog(path, log, numbered(facts, afterSeq, at));
        return 'appended';
      });
    },
    lease(who, ttlMs) {
      return locked(async () => {
        const me = { ...thisProcess(), who };
        const taken = leases.take(await readLease(), me, { now: clock.now(), ttlMs, dead: isDead });
        if (!taken.got) return taken;
        await writeWhole(leasePath, leases.encodeLease(taken.lease));
        return { got: true, epoch: taken.lease.epoch };
      });
    },
    renew: (epoch, ttlMs) =>
      changeLease((lease) => leases.renewed(lease, epoch, clock.now() + ttlMs)),
    async release(epoch) {
      await changeLease((lease) => leases.released(lease, epoch));
    },
    holder: async () => leases.heldBy(await readLease(), isDead),
    watch: (ring) => watchFile(directory, `${app}.jsonl`, ring),
    async store(hash, text) {
      await makeDirectory(join(directory, 'compose'));
      await writeWhole(blob(hash), text);
    },
    async load(hash) {
      const bytes = await readWhole(blob(hash));
      if (bytes === null) throw missing(hash, path);
      return checkKept(hash, bytes.toString('utf8'), path);
    },
    async keep(name, text) {
      const path = kept(name);
      await makeDirectory(dirname(path));
      await writeWhole(path, text);
    },
    async recall(name) {
      const bytes = await readWhole(kept(name));
      return bytes === null ? null : bytes.toString('utf8');
    },
    close: async () => undefined,
  };
}
