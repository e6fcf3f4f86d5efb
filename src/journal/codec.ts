// An entry to and from one line of JSON with its checksum; what may follow what; never a newer version than ours. Pure.
import { crc32 } from 'node:zlib';
import { Failure } from '../lib/failure.ts';
import type { Entry } from '../promotion/entry.ts';
import { renewed } from './older.ts';
import { problemOf } from './shape.ts';

/** Version of every line. A journal with a newer one is refused, not guessed at. Lines of version 1 have no checksum. */
const journalVersion = 2;

/** A line as written: `more` says how many lines of the same append follow; left out at its end. */
type Line = { readonly v: number; readonly more?: number; readonly sum?: string } & Entry;

/** The lines of one append, each ended by a newline. */
export function encode(entries: readonly Entry[]): string {
  return entries
    .map((entry, index) => {
      const more = entries.length - 1 - index;
      const { seq, at, ...fact } = entry;
      const line = { v: journalVersion, seq, at, ...(more > 0 && { more }), ...fact };
      return `${sealed(JSON.stringify(line))}\n`;
    })
    .join('');
}

/**
 * A flipped digit of a droplet's number is still JSON of the right shape, and would be a wrong step: so each line ends
 * with the CRC-32 of all before it, as in `…,"sum":"0a1b2c3d"}`. It stands against damage, not against a forger.
 */
function sealed(json: string): string {
  const before = json.slice(0, -1);
  return `${before},"sum":"${crc32(before).toString(16).padStart(8, '0')}"}`;
}

const seal = /,"sum":"[0-9a-f]{8}"\}$/;

function isWhole(line: string): boolean {
  return seal.test(line) && sealed(line.replace(seal, '}')) === line;
}

export type Decoded = {
  readonly entries: readonly Entry[];
  /** How many characters of the text hold whole appends; what follows was never finished. */
  readonly goodChars: number;
};

/**
 * The entries of whole lines, of which the first is number `after + 1`. An append of several facts counts only when its last line is there, so that
 * a crash while writing leaves all of them or none. Throws Failure where a line is not an entry.
 */
export function decode(text: string, place: string, after = 0): Decoded {
  const entries: Entry[] = [];
  let whole = { entries: 0, chars: 0 };
  let chars = 0;
  let owed = 0;
  for (const line of wholeLines(text)) {
    // Every line is an entry, so an entry's number is its line's.
    const number = after + entries.length + 1;
    const { more = 0, entry } = parse(line, number, place);
    if (entry.seq !== number)
      throw bad(place, number, `it is entry ${entry.seq} where ${number} should be`, line);
    if (owed > 0 && more !== owed - 1)
      throw bad(place, number, 'the append before it was never finished', line);
    owed = more;
    entries.push(entry);
    chars += line.length + 1;
    if (more === 0) whole = { entries: entries.length, chars };
  }
  return { entries: entries.slice(0, whole.entries), goodChars: whole.chars };
}

/** What to tell of an unfinished end: `line 12, 57 bytes: {"v":1,"seq":12,"a…`. */
export function tornSentence(line: number, bytes: number, rest: string): string {
  return `line ${line}, ${bytes} bytes: ${excerpt(rest)}`;
}

function wholeLines(text: string): string[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
}

function parse(line: string, number: number, place: string): { more?: number; entry: Entry } {
  const value = json(line);
  if (typeof value !== 'object' || value === null) throw bad(place, number, 'it is not JSON', line);
  const version = 'v' in value ? value.v : undefined;
  if (typeof version === 'number' && version > journalVersion)
    throw new Failure(
      'journal',
      `${place} was written by a newer bgctl: line ${number} has version ${version}, this one reads up to ${journalVersion}. Nothing was changed; use the newer bgctl.`,
      { precondition: true },
    );
  if (version !== journalVersion && version !== 1)
    throw bad(place, number, 'it has no version', line);
  // A line whose version was damaged still ends with its checksum.
  if ((version !== 1 || 'sum' in value) && !isWhole(line))
    throw bad(place, number, 'it is damaged, its checksum is another', line);
  const problem = problemOf(value);
  if (problem !== null) throw bad(place, number, problem, line);
  const { v: _, sum: __, more, ...entry } = value as Line;
  const read = renewed(entry as Entry);
  return more === undefined ? { entry: read } : { more, entry: read };
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function bad(place: string, number: number, problem: string, line: string): Failure {
  return new Failure(
    'journal',
    `${place}, line ${number} is not a journal entry: ${problem} (${excerpt(line)}). Nothing was changed; restore the journal from a copy, or move it away and run \`bgctl resolve --adopt\`.`,
    { precondition: true },
  );
}

/** At most 80 characters, none of them a control character. */
function excerpt(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const clean = text.slice(0, 80).replace(/[\u0000-\u001f\u007f-\u009f]/g, '·');
  return text.length > 80 ? `${clean.slice(0, 79)}…` : clean;
}
