// The scene of a journal's tests: a fresh place for each, worker processes beside it, a hand behind its back.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import type { Appended, Journal } from '../../src/world.ts';
import { epochOf } from './epoch.ts';
import { aborted } from './facts.ts';
import { type Hand, type Kind, placeOf } from './places.ts';

const worker = fileURLToPath(new URL('./worker.ts', import.meta.url));

export type Scene = {
  /** For files; elsewhere only a name that no other test has. */
  readonly directory: string;
  readonly journal: Journal;
  readonly hand: Hand;
  /** The same journal, as another process would open it. */
  open(clock?: typeof systemClock): Journal;
  /** A worker process, and its lines as they come. */
  start(...args: string[]): { child: ChildProcess; line(): Promise<string> };
  leased(ttlMs?: number, who?: string): Promise<number>;
};

export function journalScene(kind: Kind): Scene {
  const place = placeOf(kind);
  let directory = '';
  let opened: Journal[] = [];
  const children: ChildProcess[] = [];

  const open: Scene['open'] = (clock = systemClock) => {
    const journal = place.open(directory, clock);
    opened.push(journal);
    return journal;
  };

  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'bgctl-journal-')), 'kept', 'here');
    await place.begin(directory);
    opened = [];
    open();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await Promise.all(opened.map((journal) => journal.close()));
    await place.end(directory);
    await rm(join(directory, '..', '..'), { recursive: true, force: true });
  });

  const journal = () => {
    const [first] = opened;
    if (first === undefined) throw new Error('no test is running');
    return first;
  };

  return {
    get directory() {
      return directory;
    },
    get journal() {
      return journal();
    },
    get hand() {
      return place.hand(directory);
    },
    open,
    start(...args) {
      const child = spawn(process.execPath, [worker, kind, directory, ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(child);
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      return { child, line: async () => String((await lines.next()).value) };
    },
    leased: (ttlMs = 60_000, who = 'anna') => epochOf(journal(), who, ttlMs),
  };
}

export async function killed(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

export function tell(from: Journal, reason: string, afterSeq: number): Promise<Appended> {
  return from.append([aborted(reason)], { afterSeq, epoch: null, at: 1 });
}
