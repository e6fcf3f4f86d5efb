// The places a journal can be in, as the tests open them, and as a hand reaches into them.
import { spawn } from 'node:child_process';
import { appendFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileJournal } from '../../src/journal/file.ts';
import type { Run } from '../../src/journal/remote.ts';
import { sshJournal } from '../../src/journal/ssh.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { Journal } from '../../src/world.ts';
import { postgresPlace } from './database.ts';

export type Kind = 'file' | 'ssh' | 'postgres';

/** What is done to a journal behind its back. */
export type Hand = {
  /** Whether anything was ever kept there. */
  exists(): Promise<boolean>;
  /** All lines of entries, as they are. */
  lines(): Promise<string>;
  /** A whole line after the last. */
  add(line: string): Promise<void>;
  setLease(line: string | null): Promise<void>;
  /** Nothing is left. */
  lose(): Promise<void>;
};

export type Place = {
  readonly begin: (directory: string) => Promise<void>;
  readonly end: (directory: string) => Promise<void>;
  readonly open: (directory: string, clock: Clock) => Journal;
  readonly hand: (directory: string) => Hand;
};

const files = {
  begin: async () => undefined,
  end: async () => undefined,
  hand: (directory: string): Hand => {
    const log = join(directory, 'shop.jsonl');
    const lease = join(directory, 'shop.lease.json');
    return {
      exists: () =>
        stat(directory).then(
          () => true,
          () => false,
        ),
      lines: () => readFile(log, 'utf8'),
      add: (line) => appendFile(log, `${line}\n`),
      setLease: (line) => (line === null ? rm(lease) : writeFile(lease, `${line}\n`)),
      lose: () => rm(directory, { recursive: true }),
    };
  },
};

const places: Readonly<Record<Kind, Place>> = {
  file: { ...files, open: (directory, clock) => fileJournal({ directory, app: 'shop', clock }) },
  ssh: { ...files, open: (directory, clock) => sshHere(directory, clock, runHere) },
  postgres: postgresPlace,
};

export function placeOf(kind: string): Place {
  const place = places[kind as Kind];
  if (place === undefined) throw new Error(`no such journal: ${kind}`);
  return place;
}

/** A journal of a droplet that happens to be this machine: a real shell, flock and sync, without SSH between. */
export function sshHere(directory: string, clock: Clock, run: Run): Journal {
  return sshJournal({ directory, app: 'shop', place: 'droplet 7:/kept/shop.jsonl', run, clock });
}

export const runHere: Run = (words, { stdin = '' }) =>
  new Promise((resolve, reject) => {
    const [command = '', ...args] = words;
    const child = spawn(command, args, { stdio: 'pipe' });
    const out: Buffer[] = [];
    const trouble: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => trouble.push(chunk));
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({
        code: code ?? 255,
        stdout: String(Buffer.concat(out)),
        stderr: String(Buffer.concat(trouble)),
      }),
    );
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
  });
