// Ways to damage bytes, texts and JSON; how often a fuzz test tries, and from which seed.
import fc from 'fast-check';

const { BGCTL_FUZZ_RUNS = '1', BGCTL_FUZZ_SEED = '20260211' } = process.env;
const times = Number(BGCTL_FUZZ_RUNS);

/** For fc.assert: `BGCTL_FUZZ_RUNS=50` tries fifty times as often; a failure prints its seed and its shortest example. */
export function tries(usual: number): { numRuns: number; seed: number } {
  return { numRuns: Math.max(1, Math.round(usual * times)), seed: Number(BGCTL_FUZZ_SEED) };
}

/** A test's time grows with its tries. */
export const limitMs = 60_000 * Math.max(1, times);

type Edit = (bytes: Buffer) => Buffer;

/** Part of anything, as a share of its length, so that it shrinks to the beginning. */
const place = fc.nat(1_000_000).map((part) => part / 1_000_000);
const at = (share: number, length: number) => Math.min(length, Math.floor(share * (length + 1)));

const flip = fc.tuple(place, fc.integer({ min: 0, max: 7 })).map(([share, bit]): Edit => {
  return (bytes) => {
    const copy = Buffer.from(bytes);
    const index = Math.min(copy.length - 1, at(share, copy.length));
    if (index >= 0) copy[index] = (copy[index] ?? 0) ^ (1 << bit);
    return copy;
  };
});

const replace = fc.tuple(place, fc.integer({ min: 0, max: 255 })).map(([share, byte]): Edit => {
  return (bytes) => splice(bytes, at(share, bytes.length), 1, Buffer.from([byte]));
});

/** A few bytes, or many, taken out, or there twice. */
const span = fc.tuple(place, fc.oneof(fc.integer({ min: 1, max: 12 }), fc.nat(400)), fc.boolean());
const cutOrDouble = span.map(([share, length, doubled]): Edit => {
  return (bytes) => {
    const from = at(share, bytes.length);
    const part = bytes.subarray(from, from + length);
    return splice(bytes, from, doubled ? 0 : length, doubled ? part : Buffer.alloc(0));
  };
});

const cutEnd = place.map(
  (share): Edit =>
    (bytes) =>
      bytes.subarray(0, at(share, bytes.length)),
);

/** A line gone, twice, or somewhere else. */
const lines = fc
  .tuple(place, place, fc.constantFrom('drop', 'double', 'move', 'swap'))
  .map(([one, other, how]): Edit => {
    return (bytes) => {
      const all = bytes.toString('latin1').split('\n');
      const [from, to] = [at(one, all.length - 1), at(other, all.length - 1)];
      const [line = '', there = ''] = [all[from], all[to]];
      if (how === 'double') all.splice(to, 0, line);
      else if (how === 'swap') [all[from], all[to]] = [there, line];
      else all.splice(from, 1);
      if (how === 'move') all.splice(to, 0, line);
      return Buffer.from(all.join('\n'), 'latin1');
    };
  });

const edit = fc.oneof(flip, replace, cutOrDouble, cutEnd, lines);

/** One to three damages, one after the other. */
export function damaged(bytes: Buffer): fc.Arbitrary<Buffer> {
  return fc
    .array(edit, { minLength: 1, maxLength: 3 })
    .map((edits) => readable(edits.reduce((now, one) => one(Buffer.from(now)), bytes)));
}

/** Shown as text where an example of a failure is printed. */
function readable(bytes: Buffer): Buffer {
  const value = () => JSON.stringify(bytes.toString('utf8'));
  return Object.defineProperty(bytes, fc.toStringMethod, { value });
}

/** As it would come out of a file or a connection: what is not UTF-8 is replaced. */
export function damagedText(text: string): fc.Arbitrary<string> {
  return damaged(Buffer.from(text)).map((bytes) => bytes.toString('utf8'));
}

function splice(bytes: Buffer, from: number, gone: number, fresh: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, from), fresh, bytes.subarray(from + gone)]);
}

/** What nobody expects for a value. */
export const junk = fc.constantFrom<unknown>(
  null,
  true,
  false,
  0,
  -1,
  1e308,
  2 ** 53,
  0.5,
  '',
  ' ',
  '0',
  '3',
  '1e3',
  'null',
  '\u0000',
  '\ud800',
  '../../etc/passwd',
  '<html>',
  'x'.repeat(5_000),
  [],
  {},
  [[]],
  [null],
  { length: 3 },
);

type Json = { [key: string]: unknown };

/** The same JSON with one to three of its values, somewhere, replaced, gone, doubled or under another name. */
export function damagedJson(value: unknown): fc.Arbitrary<unknown> {
  const one = fc.tuple(fc.nat(100_000), fc.constantFrom('put', 'drop', 'rename', 'double'), junk);
  return fc.array(one, { minLength: 1, maxLength: 3 }).map((edits) =>
    edits.reduce((now, [pick, how, fresh]) => {
      const copy = structuredClone(now);
      const spots = spotsOf(copy);
      const spot = spots[pick % Math.max(1, spots.length)];
      if (spot === undefined) return fresh;
      const { parent, key } = spot;
      const old = parent[key];
      if (how === 'put') parent[key] = fresh;
      else if (Array.isArray(parent))
        parent.splice(Number(key), how === 'double' ? 0 : 1, ...(how === 'drop' ? [] : [old]));
      else if (how === 'double') parent[key] = [old, old];
      else delete parent[key];
      if (how === 'rename' && !Array.isArray(parent)) parent[`${key}x`] = old;
      return copy;
    }, value),
  );
}

function spotsOf(value: unknown): { parent: Json; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const parent = value as Json;
  return Object.keys(parent).flatMap((key) => [{ parent, key }, ...spotsOf(parent[key])]);
}
