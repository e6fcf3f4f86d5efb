// Entries to lines and back, and what is left of them when the end is missing.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../src/journal/codec.ts';
import { emptyLog, extended, grown, parseLog, rereadFrom } from '../../src/journal/log.ts';
import { Failure } from '../../src/lib/failure.ts';
import type { Entry } from '../../src/promotion/entry.ts';
import { aborted, entered, everyFact, start } from './facts.ts';

/** Appends of one to three entries each, with any text. */
const appends = fc
  .array(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 3 }), {
    maxLength: 6,
  })
  .map((groups) => {
    let seq = 0;
    return groups.map((group) =>
      group.map((text): Entry => {
        seq += 1;
        return { ...aborted(text), seq, at: 1000 + seq };
      }),
    );
  });

describe('entries as lines', () => {
  test('every fact is one line, with the version first, and comes back as it was', () => {
    const entries = everyFact.map((fact, index): Entry => ({ ...fact, seq: index + 1, at: 5 }));
    const text = encode(entries);
    const lines = text.split('\n').slice(0, -1);
    expect(lines).toHaveLength(entries.length);
    for (const line of lines)
      expect(line).toMatch(/^\{"v":2,"seq":\d+,"at":5,.*,"sum":"[0-9a-f]{8}"\}$/);
    expect(decode(text, 'j').entries).toEqual(entries);
  });

  test('any text in a fact survives, and never breaks a line', () => {
    fc.assert(
      fc.property(appends, (groups) => {
        const text = groups.map((group) => encode(group)).join('');
        const { entries, goodChars } = decode(text, 'j');
        expect(entries).toEqual(groups.flat());
        expect(goodChars).toBe(text.length);
        expect(text.split('\n')).toHaveLength(groups.flat().length + 1);
      }),
    );
  });

  test('cut off at any byte, what is left is whole appends, and a longer cut never has fewer', () => {
    fc.assert(
      fc.property(appends, fc.nat(), (groups, pick) => {
        const bytes = Buffer.from(groups.map((group) => encode(group)).join(''));
        const cut = pick % (bytes.length + 1);
        const log = parseLog(bytes.subarray(0, cut), 'j');
        const ends = groups.map((_, index) => groups.slice(0, index + 1).flat().length);
        expect([0, ...ends]).toContain(log.entries.length);
        expect(log.entries).toEqual(groups.flat().slice(0, log.entries.length));
        expect(log.torn === null).toBe(log.goodBytes === cut);
        expect(log.bytes).toBe(cut);
        const whole = groups.slice(0, ends.indexOf(log.entries.length) + 1);
        const good = Buffer.byteLength(whole.map((group) => encode(group)).join(''));
        expect(log.goodBytes).toBe(good);
      }),
      { numRuns: 500 },
    );
  });

  test('read in two parts, or written here, a log is the same as read at once', () => {
    fc.assert(
      fc.property(appends, fc.nat(), (groups, pick) => {
        const bytes = Buffer.from(groups.map((group) => encode(group)).join(''));
        const at = pick % (bytes.length + 1);
        const before = parseLog(bytes.subarray(0, at), 'j');
        const whole = parseLog(bytes, 'j');
        expect(grown(before, bytes.subarray(rereadFrom(before)), 'j')).toEqual(whole);
        const written = groups.reduce(
          (log, group) => extended(log, group, encode(group)),
          emptyLog,
        );
        expect(written).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  test('a file whose last known line has become another is not taken for grown', () => {
    const [one, two] = ['one', 'two'].map((text) => encode([{ ...aborted(text), seq: 1, at: 1 }]));
    const before = parseLog(Buffer.from(one ?? ''), 'j');
    expect(grown(before, Buffer.from(two ?? ''), 'j')).toBe(null);
    expect(grown(before, Buffer.from((one ?? '').slice(0, 20)), 'j')).toBe(null);
  });

  test('an append that was never finished and yet was followed by another is damage', () => {
    const first = encode([
      { ...entered('a'), seq: 1, at: 1 },
      { ...entered('b'), seq: 2, at: 1 },
    ]).split('\n')[0];
    const next = encode([
      { ...entered('c'), seq: 2, at: 2 },
      { ...entered('d'), seq: 3, at: 2 },
    ]);
    expect(() => decode(`${first}\n${next}`, 'j')).toThrow('never finished');
  });

  test('bytes that are not UTF-8 within whole lines are damage', () => {
    const good = Buffer.from(encode([{ ...entered('aé'), seq: 1, at: 1 }]));
    const bad = Buffer.from(good);
    bad[good.indexOf(0xc3)] = 0xff;
    expect(parseLog(good, 'j').entries).toHaveLength(1);
    expect(() => parseLog(bad, 'j')).toThrow(Failure);
  });

  test('a digit of a droplet that was flipped is not another droplet', () => {
    const entry: Entry = { ...start(3), seq: 1, at: 1 };
    const line = encode([entry]);
    expect(decode(line, 'j').entries).toEqual([entry]);
    expect(() => decode(line.replace('"droplet":3', '"droplet":2'), 'j')).toThrow(
      'j, line 1 is not a journal entry: it is damaged, its checksum is another',
    );
  });

  test.each([
    ['a letter of a key', '"images":{"web"', '"images":{"veb"'],
    ['its version', '"v":2', '"v":1'],
    ['the name of its checksum', ',"sum":', ',"sun":'],
    ['a digit of its checksum', /(.)"\}\n$/, 'x"}\n'],
    ['its checksum, cut out', /,"sum":"[0-9a-f]{8}"/, ''],
    ['a part up to its end', /,"policy":.*\}\}/, '}}'],
  ])('a line of which this was damaged is refused: %s', (_, from, to) => {
    const line = encode([{ ...everyFact[0], seq: 1, at: 1 } as Entry]);
    const broken = line.replace(from, to);
    expect(broken).not.toBe(line);
    expect(() => decode(broken, 'j')).toThrow('line 1 is not a journal entry');
  });

  test('lines of version 1, which have no checksum, are read before and after those that have one', () => {
    const old = (seq: number) => `{"v":1,"seq":${seq},"at":1,"type":"committed","because":"x"}\n`;
    const fresh = encode([{ ...aborted('y'), seq: 2, at: 1 }]);
    const { entries } = decode(old(1) + fresh + old(3), 'j');
    expect(entries.map(({ seq, type }) => `${seq} ${type}`)).toEqual([
      '1 committed',
      '2 asked',
      '3 committed',
    ]);
    expect(entries.some((entry) => 'sum' in entry || 'v' in entry)).toBe(false);
  });

  test('keys that this version does not name pass through', () => {
    const line = '{"v":1,"seq":1,"at":1,"type":"committed","because":"x","later":{"a":1}}\n';
    expect(decode(line, 'j').entries).toEqual([
      { seq: 1, at: 1, type: 'committed', because: 'x', later: { a: 1 } },
    ]);
  });
});

describe('probes in lines of older journals', () => {
  test('are read as they were written: what they lack has its plain meaning', () => {
    const gates = [
      '{"kind":"http","of":"balancer","path":"/up","expect":"ok","timeoutMs":2000}',
      '{"kind":"container"}',
    ].map((probe) => ({ name: 'g', probe: JSON.parse(probe), everyMs: 1, unknownMax: 3 }));
    const [adopted] = everyFact;
    if (adopted?.type !== 'asked' || adopted.command.kind !== 'adopt') throw new Error('no policy');
    const policy = { ...adopted.command.policy, gate: { limitMs: 9, minMs: 0, gates } };
    const line = { v: 1, seq: 1, at: 5, ...adopted, command: { ...adopted.command, policy } };
    const [entry] = decode(`${JSON.stringify(line)}\n`, 'j').entries;
    expect(JSON.parse(JSON.stringify(entry))).toMatchObject({
      command: { policy: { gate: { gates: gates.map(({ probe }) => ({ probe })) } } },
    });
  });
});
