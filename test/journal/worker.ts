// Another process at the same journal: `worker.ts <file|ssh|postgres> <directory> <order> [number]`; says what it did, a line each.
import { systemClock } from '../../src/lib/clock.ts';
import type { Journal } from '../../src/world.ts';
import { aborted, entered } from './facts.ts';
import { placeOf } from './places.ts';

const [kind = '', directory = '', order = '', number = '1'] = process.argv.slice(2);
const journal = placeOf(kind).open(directory, systemClock);

const orders: Readonly<Record<string, () => Promise<void>>> = {
  append: async () => {
    await appendMany(journal, Number(number));
    await journal.close();
  },
  /** Takes the lease and lives on until killed. */
  hold: async () => {
    const taken = await journal.lease(`worker pid ${process.pid}`, Number(number));
    say(taken.got ? `epoch ${taken.epoch}` : `held by ${taken.holder.who}`);
    setInterval(() => undefined, 1000);
  },
  /** Appends under the lease without end. */
  flood: async () => {
    const taken = await journal.lease(`worker pid ${process.pid}`, 60_000);
    if (!taken.got) throw new Error('the lease is held');
    for (let seq = (await journal.read()).entries.length; ; seq += 2) {
      const facts = [entered(`flood ${seq}`), entered('x'.repeat(2000))];
      const done = await journal.append(facts, { afterSeq: seq, epoch: taken.epoch, at: 1 });
      say(`${done} ${seq + 2}`);
    }
  },
  read: async () => {
    say(`${(await journal.read()).entries.length} entries`);
    await journal.close();
  },
};

await orders[order]?.();

async function appendMany(to: Journal, count: number): Promise<void> {
  for (let done = 0; done < count; ) {
    const afterSeq = (await to.read()).entries.length;
    const fact = aborted(`pid ${process.pid} number ${done}`);
    const result = await to.append([fact], { afterSeq, epoch: null, at: 1 });
    if (result === 'appended') done += 1;
  }
  say('done');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
