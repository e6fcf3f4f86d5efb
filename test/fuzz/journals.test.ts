// Journals of real stories, damaged: what is read is told as damage, or is what was written, never something else.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { encode } from '../../src/journal/codec.ts';
import { dropletSide } from '../../src/journal/droplet.ts';
import { decodeLease } from '../../src/journal/lease.ts';
import { parseLog } from '../../src/journal/log.ts';
import { endMark } from '../../src/journal/script.ts';
import { Failure } from '../../src/lib/failure.ts';
import type { Entry } from '../../src/promotion/entry.ts';
import { fold } from '../../src/promotion/fold.ts';
import { quietDay } from '../../src/simulator/faults.ts';
import { policyOf } from '../../src/simulator/scene.ts';
import { scenarios } from '../simulation/scenarios.ts';
import { tell } from '../simulation/tell.ts';
import { damaged, limitMs, tries } from './damage.ts';

const told = [
  'a promotion',
  'abort after the commit point',
  'the controller is frozen while switching',
];
const policy = policyOf(quietDay);
const journals: { name: string; entries: readonly Entry[]; bytes: Buffer }[] = [];

beforeAll(async () => {
  // One after the other: a story takes the machine's chance for itself while it is told.
  for (const { name, script } of scenarios.filter(({ name }) => told.includes(name))) {
    const { entries } = await tell(script);
    const bytes = Buffer.from(appends(entries).map(encode).join(''));
    journals.push({ name, entries, bytes });
  }
  expect(journals.every(({ entries }) => entries.length > 20)).toBe(true);
});

/** Facts of one moment were one append. */
function appends(entries: readonly Entry[]): Entry[][] {
  return [...Map.groupBy(entries, ({ at }) => at).values()];
}

/** Throws where what is read of the bytes is neither damage in words nor a beginning of what was written. */
function read(bytes: Buffer, entries: readonly Entry[], from: Buffer): 'refused' | 'prefix' {
  const log = readOrNull(bytes);
  if (log === null) return 'refused';
  expect(log.entries).toEqual(entries.slice(0, log.entries.length));
  if (log.entries.length < entries.length && bytes.length > log.goodBytes)
    expect(log.torn).toMatch(/^line \d+, \d+ bytes: /);
  expect(from.subarray(0, log.goodBytes)).toEqual(bytes.subarray(0, log.goodBytes));
  const app = fold('shop', policy, log.entries);
  expect(app).toEqual(fold('shop', policy, entries.slice(0, log.entries.length)));
  return 'prefix';
}

function readOrNull(bytes: Buffer) {
  try {
    return parseLog(bytes, 'the journal');
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.from).toBe('journal');
    expect(error.message).toMatch(/line \d+ |newer bgctl|not UTF-8/);
    expect(error.message).not.toMatch(/\p{Cc}/u);
    return null;
  }
}

describe('a journal of which', () => {
  test(
    'any bytes are flipped, cut, doubled, or lines moved, is refused or read as a beginning of itself',
    () => {
      const seen = { refused: 0, prefix: 0 };
      for (const { entries, bytes } of journals)
        fc.assert(
          fc.property(damaged(bytes), (broken) => {
            seen[read(broken, entries, bytes)] += 1;
          }),
          tries(700),
        );
      expect(Math.min(seen.refused, seen.prefix)).toBeGreaterThan(20);
    },
    limitMs,
  );

  test(
    'any one byte is another is not read as if nothing were',
    () => {
      for (const { entries, bytes } of journals)
        fc.assert(
          fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
            const broken = Buffer.from(bytes);
            broken[at] = (broken[at] ?? 0) ^ by;
            const log = readOrNull(broken);
            // Only what was written after it may be left, and then it is told as never finished.
            if (log !== null) expect(log.torn).not.toBe(null);
            if (log !== null) expect(log.entries).toEqual(entries.slice(0, log.entries.length));
          }),
          tries(700),
        );
    },
    limitMs,
  );
});

const first: Entry = { type: 'committed', because: 'x', seq: 1, at: 1 };
const lease =
  '{"v":1,"epoch":1764379555,"held":true,"holder":{"pid":7,"host":"ci-1","boot":"b","who":"anna","since":1,"until":2}}\n';

test(
  'a damaged lease is refused in words, or has an epoch that can grow and a holder that can be named',
  () => {
    fc.assert(
      fc.property(damaged(Buffer.from(lease)), (bytes) => {
        try {
          const { epoch, held, holder } = decodeLease(bytes.toString('utf8'), 'the lease');
          expect(epoch + 1).toBeGreaterThan(epoch);
          expect(typeof held).toBe('boolean');
          if (holder === null) return;
          expect(typeof holder.who).toBe('string');
          expect(typeof holder.host).toBe('string');
          expect([holder.pid, holder.since, holder.until].every(Number.isFinite)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
      tries(2_000),
    );
  },
  limitMs,
);

describe('a journal on a droplet, of whose answer any bytes are flipped, cut or doubled,', () => {
  const place = 'droplet 7:/j/shop.jsonl';

  test(
    'is a Failure, or what was written, or a torn end that was there',
    async () => {
      const [{ entries, bytes } = { entries: [], bytes: Buffer.alloc(0) }] = journals;
      const token = `3015617425 ${bytes.length}`;
      const answer = `${token}\n${lease}${bytes}${endMark}`;
      await fc.assert(
        fc.asyncProperty(damaged(Buffer.from(answer)), async (broken) => {
          const run = async () => ({ code: 0, stdout: broken.toString('utf8'), stderr: '' });
          const side = dropletSide({ run, directory: '/j', app: 'shop', place });
          try {
            const look = await side.look(side.nothing);
            if (look === null) throw new Error('nothing was known before');
            expect(look.known.entries).toEqual(entries);
            expect(look.known.torn).toBe(null);
          } catch (error) {
            if (!(error instanceof Failure)) throw error;
          }
        }),
        tries(1_000),
      );
    },
    limitMs,
  );

  test.each(['append', 'swap'])(
    'is never taken for done, when it is that of %s',
    async (order) => {
      const { entries } = parseLog(Buffer.from(encode([first])), place);
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'binary' }), fc.nat(3), async (stdout, code) => {
          const run = async () => ({ code, stdout, stderr: stdout });
          const side = dropletSide({ run, directory: '/j', app: 'shop', place });
          try {
            const addition = { entries, afterSeq: 0, leaseStart: '' };
            const done =
              order === 'append'
                ? await side.extend(side.nothing, addition)
                : await side.swap('-', lease);
            expect(done === 'moved' || done === 'lease-lost' || done === false).toBe(true);
          } catch (error) {
            if (!(error instanceof Failure)) throw error;
          }
        }),
        tries(500),
      );
    },
    limitMs,
  );
});
