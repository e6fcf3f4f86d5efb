// Appends more than this process may write: `full-disk.ts <directory>`; says how it ended.
import { fileJournal } from '../../src/journal/file.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Failure } from '../../src/lib/failure.ts';
import { aborted } from './facts.ts';

const journal = fileJournal({
  directory: process.argv[2] ?? '',
  app: 'shop',
  clock: systemClock,
});
try {
  const facts = [aborted('a'.repeat(500)), aborted('b'.repeat(100_000))];
  process.stdout.write(await journal.append(facts, { afterSeq: 1, epoch: null, at: 1 }));
} catch (error) {
  const from = error instanceof Failure ? `Failure ${error.from}` : 'something else';
  process.stdout.write(`${from}: ${error instanceof Error ? error.message : ''}`);
}
