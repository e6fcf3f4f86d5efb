// Files that are whole or not there at all, also after the power went: write beside, sync, rename, sync the directory.
import { randomUUID } from 'node:crypto';
import { watch } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../lib/failure.ts';

/** Replaces or creates the file with mode 0600. Throws Failure; the file is then as it was. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const beside = `${path}.${randomUUID()}.new`;
  try {
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw trouble('written', path, error);
  }
}

/** Creates the directory with mode 0700, and those above it; an existing one keeps its mode. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first !== undefined) await syncDirectory(dirname(first));
  } catch (error) {
    throw trouble('created', path, error);
  }
}

/** The file's bytes from a place on (none where it ends before), or null where there is no such file. */
export async function readWhole(path: string, from = 0): Promise<Buffer | null> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const bytes = Buffer.alloc(Math.max(0, size - from));
      let done = 0;
      while (done < bytes.length) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw trouble('read', path, error);
  }
}

/**
 * Calls `ring` when the file is written, created or replaced. A courtesy: where the system cannot watch (no such
 * directory, no watches left, a network file system) it never rings.
 */
export function watchFile(directory: string, name: string, ring: () => void): () => void {
  try {
    const watcher = watch(directory, { persistent: false }, (_, changed) => {
      if (changed === null || changed === name) ring();
    });
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => undefined;
  }
}

/** A new name in a directory outlives a crash only when the directory was synced too. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** What the system said of a file, as a Failure; our own pass through. */
export function trouble(
  what: 'written' | 'created' | 'read',
  path: string,
  error: unknown,
): Failure {
  if (error instanceof Failure) return error;
  const code = codeOf(error) ?? 'unknown error';
  const meaning = meanings[code];
  const told = meaning === undefined ? code : `${meaning} (${code})`;
  return new Failure('journal', `${path} could not be ${what}: ${told}.`);
}

const meanings: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would become larger than is allowed',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  EIO: 'the disk reported an error',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
};

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
