// The two places a journal can be in, as the tests open them.
import { spawn } from 'node:child_process';
import { fileJournal } from '../../src/journal/file.ts';
import type { Run } from '../../src/journal/remote.ts';
import { sshJournal } from '../../src/journal/ssh.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { Journal } from '../../src/world.ts';

export type Place = {
  readonly kind: 'file' | 'ssh';
  readonly open: (directory: string, clock: Clock) => Journal;
};

export const places: readonly Place[] = [
  { kind: 'file', open: (directory, clock) => fileJournal({ directory, app: 'shop', clock }) },
  { kind: 'ssh', open: (directory, clock) => sshHere(directory, clock, runHere) },
];

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
