// A mutex between processes that the kernel frees when its holder dies, however it dies.
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { platform } from 'node:os';
import { resolve } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import { stoppedWith } from './machine.ts';

/** Of util-linux, busybox and others; the same that locks a journal on a droplet. */
const tool = 'flock';
/** Nobody holds it for longer than a few writes take. */
const limitMs = 10_000;

/**
 * Runs `work` while holding flock(2) on the file. No lock file can be left over by a kill -9, so nothing
 * needs to be judged stale; and it is the lock that `flock` takes on a droplet for a journal kept there.
 */
export async function underLock<T>(path: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  const file = await lock(path, clock);
  try {
    return await work();
  } finally {
    await file.close();
  }
}

function lock(path: string, clock: Clock): Promise<FileHandle> {
  return platform() === 'darwin' ? openLocked(path, clock) : lockByTool(path, clock);
}

/** BSD's open(2) takes the lock itself; Node has no name for the flag. */
async function openLocked(path: string, clock: Clock): Promise<FileHandle> {
  const exclusive = 0x20;
  const { O_RDWR, O_CREAT, O_NONBLOCK } = constants;
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 20) {
    try {
      return await open(path, O_RDWR | O_CREAT | O_NONBLOCK | exclusive, 0o600);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
    await clock.sleep(20);
  }
  throw busy(path);
}

/**
 * Linux: flock(1) locks the open file that it inherits and exits. The lock belongs to the open file, which
 * stays open here, and closing it (or dying) frees it.
 */
async function lockByTool(path: string, clock: Clock): Promise<FileHandle> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    await flock(file.fd, path, clock);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function flock(fd: number, path: string, clock: Clock): Promise<void> {
  const over = new AbortController();
  const child = spawn(tool, ['-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', () =>
      reject(
        new Failure(
          'journal',
          `${path} cannot be locked: install \`${tool}\` (package util-linux).`,
        ),
      ),
    );
    child.once('exit', (code) => resolve(code));
  });
  const late = clock.sleep(limitMs, over.signal).then(() => 'late' as const);
  try {
    const result = await Promise.race([ended, late]);
    if (result === 'late') throw busy(path);
    if (result !== 0)
      throw new Failure('journal', `${path} cannot be locked: flock ended with ${result}.`);
  } finally {
    over.abort();
    child.kill('SIGKILL');
  }
}

function busy(path: string): Failure {
  const [pid] = stoppedWith(resolve(path));
  const told =
    pid === undefined
      ? `another process has been writing to the journal for ${limitMs / 1000} s (lock ${path}). Nothing was written; try again.`
      : `process ${pid} was stopped (Ctrl-Z?) while it wrote to the journal, and what it writes must not meet what others write. ` +
        `Let it go on (\`kill -CONT ${pid}\`) or end it (\`kill -9 ${pid}\`): nothing is lost by either. Then run this again.`;
  return new Failure('journal', told, { retry: 'soon' });
}
