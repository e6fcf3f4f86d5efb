// One append-only file of entries: reading it with its unfinished end, and adding to it durably.
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../lib/failure.ts';
import type { Entry } from '../promotion/entry.ts';
import { decode, encode, tornSentence } from './codec.ts';
import { readWhole, syncDirectory, trouble } from './durable.ts';

export type Log = {
  readonly entries: readonly Entry[];
  /** What was left unfinished at the end, in words; null where nothing was. */
  readonly torn: string | null;
  /** Bytes of whole appends, and of all. */
  readonly goodBytes: number;
  readonly bytes: number;
  /** The last whole line: by it a log is known again. */
  readonly lastLine: Buffer;
};

export const emptyLog: Log = {
  entries: [],
  torn: null,
  goodBytes: 0,
  bytes: 0,
  lastLine: Buffer.alloc(0),
};

/** The log as it is now. What `before` holds is not read again where the file only grew. */
export async function readLog(path: string, before: Log): Promise<Log> {
  const bytes = await readWhole(path, rereadFrom(before));
  if (bytes === null) return emptyLog;
  return grown(before, bytes, path) ?? parseLog((await readWhole(path)) ?? Buffer.alloc(0), path);
}

/** Where to read again from: the beginning of the last whole line. */
export function rereadFrom(log: Log): number {
  return log.goodBytes - log.lastLine.length;
}

/** The log with what follows its last line, given the bytes from there; null where that line is another now. */
export function grown(before: Log, bytes: Buffer, place: string): Log | null {
  const known = before.lastLine.length;
  if (!bytes.subarray(0, known).equals(before.lastLine)) return null;
  return parseLog(bytes.subarray(known), place, before);
}

/** The log after its own writer added these entries, written as `text`. */
export function extended(log: Log, entries: readonly Entry[], text: string): Log {
  const bytes = Buffer.from(text);
  return {
    entries: [...log.entries, ...entries],
    torn: null,
    goodBytes: log.goodBytes + bytes.length,
    bytes: log.goodBytes + bytes.length,
    lastLine: lastLineOf(bytes) ?? log.lastLine,
  };
}

/** The log of the bytes that follow `before`. */
export function parseLog(bytes: Buffer, place: string, before: Log = emptyLog): Log {
  const lines = utf8(bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1), place);
  const decoded = decode(lines, place, before.entries.length);
  const good = Buffer.from(lines.slice(0, decoded.goodChars));
  const rest = bytes.subarray(good.length);
  const entries = [...before.entries, ...decoded.entries];
  return {
    entries,
    torn: rest.length === 0 ? null : tornSentence(entries.length + 1, rest.length, rest.toString()),
    goodBytes: before.goodBytes + good.length,
    bytes: before.goodBytes + bytes.length,
    lastLine: lastLineOf(good) ?? before.lastLine,
  };
}

function lastLineOf(lines: Buffer): Buffer | null {
  return lines.length === 0 ? null : lines.subarray(lines.lastIndexOf(0x0a, lines.length - 2) + 1);
}

/** Damaged bytes must not be read as replacement characters: lengths would no longer agree. */
function utf8(bytes: Buffer, place: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Failure(
      'journal',
      `${place} holds bytes that are not UTF-8 text. Nothing was changed; restore the file from a copy.`,
    );
  }
}

/**
 * Writes the entries after the log's good part, cutting off what was unfinished, and returns when they are
 * on the disk. Where that fails the file is put back as it was. Only under the lock.
 */
export async function extendLog(path: string, log: Log, entries: readonly Entry[]): Promise<void> {
  try {
    const file = await open(path, log.bytes === 0 ? 'a+' : 'r+', 0o600);
    try {
      if (log.bytes > log.goodBytes) await file.truncate(log.goodBytes);
      await writeOrRestore(file, path, log.goodBytes, Buffer.from(encode(entries)));
    } finally {
      await file.close();
    }
    if (log.bytes === 0) await syncDirectory(dirname(path));
  } catch (error) {
    throw trouble('written', path, error);
  }
}

async function writeOrRestore(
  file: FileHandle,
  path: string,
  from: number,
  bytes: Buffer,
): Promise<void> {
  try {
    let done = 0;
    // A full disk shows as a short write first, and as an error only at the next.
    while (done < bytes.length) {
      const left = bytes.length - done;
      done += (await file.write(bytes, done, left, from + done)).bytesWritten;
    }
    await file.sync();
  } catch (error) {
    const restored = await file.truncate(from).then(
      () => file.sync().then(() => true),
      () => false,
    );
    const told = trouble('written', path, error).message;
    const safe = restored
      ? 'Nothing was recorded, and so nothing was begun; make room and run `bgctl resume`.'
      : 'Whether it was recorded is not known; look at the disk, then run `bgctl resume`.';
    throw new Failure('journal', `${told} ${safe}`, { ambiguous: !restored });
  }
}
