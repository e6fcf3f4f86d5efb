// The journal as files on a droplet, over the connection that is there anyway: it outlives a CI runner's disk.
import type { Clock } from '../lib/clock.ts';
import type { Journal } from '../world.ts';
import { dropletSide } from './droplet.ts';
import { Far } from './far.ts';
import { farJournal } from './far-journal.ts';
import { blobName, checkAppName, checkKept, keptName, missing } from './names.ts';
import { order, type Run } from './remote.ts';

export type SshJournalGiven = {
  /** On the droplet; the same files as of a journal on this machine, so that they can be copied. */
  readonly directory: string;
  readonly app: string;
  /** Where it is, for people: `droplet 3164444:/var/lib/bgctl/shop.jsonl`. */
  readonly place: string;
  readonly run: Run;
  readonly clock: Clock;
};

export function sshJournal(given: SshJournalGiven): Journal {
  const { app, clock, place } = given;
  checkAppName(app);
  return {
    place,
    ...farJournal(new Far(dropletSide(given), clock), clock),
    // Nothing on a droplet calls back.
    watch: () => () => undefined,
    async store(hash, text) {
      await order(given, 'store', ['compose', blobName(hash)], text);
    },
    async load(hash) {
      const { first, rest } = await order(given, 'load', ['compose', blobName(hash)]);
      if (first !== 'found') throw missing(hash, place);
      return checkKept(hash, rest, place);
    },
    async keep(name, text) {
      await order(given, 'store', ['reports', keptName(app, name)], text);
    },
    async recall(name) {
      const { first, rest } = await order(given, 'load', ['reports', keptName(app, name)]);
      return first === 'found' ? rest : null;
    },
    close: async () => undefined,
  };
}
