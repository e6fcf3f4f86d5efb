// What every journal must do, wherever it is kept; run against each place.
import { describe, expect, test } from 'vitest';
import { encode } from '../../src/journal/codec.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Failure } from '../../src/lib/failure.ts';
import { epochOf } from './epoch.ts';
import { aborted, entered, everyFact, start as started } from './facts.ts';
import type { Kind } from './places.ts';
import { journalScene, killed, tell } from './scene.ts';

export function journalContract(kind: Kind): void {
  const scene = journalScene(kind);
  const { open, start, leased } = scene;

  describe('entries', () => {
    test('a journal that was never written is empty, and reading it makes nothing', async () => {
      expect(await scene.journal.read()).toEqual({ entries: [], torn: null });
      expect(await scene.journal.holder()).toBe(null);
      expect(await scene.hand.exists()).toBe(false);
    });

    test('every kind of fact comes back as it was, numbered from 1, with its time', async () => {
      const epoch = await leased();
      const done = await scene.journal.append(everyFact, { afterSeq: 0, epoch, at: 1234 });
      expect(done).toBe('appended');
      const expected = everyFact.map((fact, index) => ({ ...fact, seq: index + 1, at: 1234 }));
      for (const reader of [scene.journal, open()])
        expect(await reader.read()).toEqual({ entries: expected, torn: null });
    });

    test('an append is on the disk and seen by another process when it resolves', async () => {
      await tell(scene.journal, 'a', 0);
      const other = start('read');
      expect(await other.line()).toBe('1 entries');
    });

    test('who watches is told that another wrote, where the place can tell; not after the end', async () => {
      await tell(scene.journal, 'a', 0);
      let rings = 0;
      const end = open().watch(() => {
        rings += 1;
      });
      // A watch of the file system begins by itself, and says nothing of when.
      let seq = 1;
      while (kind !== 'ssh' && rings === 0) {
        await tell(scene.journal, 'again', seq);
        seq += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      end();
      const before = rings;
      await tell(scene.journal, 'last', seq);
      expect(rings).toBe(before);
    });

    test('I4: an append after an older end is refused and writes nothing', async () => {
      await tell(scene.journal, 'first', 0);
      const before = await scene.hand.lines();
      expect(await tell(open(), 'second', 0)).toBe('someone-else-wrote');
      expect(await tell(scene.journal, 'second', 2)).toBe('someone-else-wrote');
      expect(await scene.hand.lines()).toBe(before);
      expect(await tell(open(), 'second', 1)).toBe('appended');
      expect(await tell(scene.journal, 'third', 2)).toBe('appended');
      expect((await scene.journal.read()).entries).toHaveLength(3);
    });

    test('two processes that append side by side lose none and double none', async () => {
      // A shell on a droplet takes a few commands an entry.
      const each = kind === 'ssh' ? 40 : 100;
      const workers = [start('append', String(each)), start('append', String(each))];
      const said = await Promise.all(workers.map((one) => one.line()));
      expect(said).toEqual(['done', 'done']);
      const { entries, torn } = await scene.journal.read();
      const reasons = entries.map((entry) =>
        JSON.stringify(entry.type === 'asked' && entry.command),
      );
      expect(torn).toBe(null);
      expect(entries.map((entry) => entry.seq)).toEqual(
        Array.from({ length: 2 * each }, (_, index) => index + 1),
      );
      expect(new Set(reasons).size).toBe(2 * each);
    }, 120_000);
  });

  describe('what a crash or a hand leaves behind', () => {
    test('a digit that was flipped within a line is refused, not read as another droplet', async () => {
      await tell(scene.journal, 'whole', 0);
      const [line = ''] = encode([{ ...started(3), seq: 2, at: 1 }]).split('\n');
      await scene.hand.add(line.replace('"droplet":3', '"droplet":4'));
      for (const reader of [scene.journal, open()])
        await expect(reader.read()).rejects.toThrow('line 2 is not a journal entry: it is damaged');
    });

    test('lines of an older bgctl, without a checksum, are read and followed by ones that have one', async () => {
      await tell(scene.journal, 'first', 0);
      await scene.hand.add(
        '{"v":1,"seq":2,"at":1,"type":"asked","by":"anna","command":{"kind":"abort","reason":"old"}}',
      );
      expect(await tell(open(), 'new', 2)).toBe('appended');
      const expected = ['first', 'old', 'new'].map((reason, index) => ({
        ...aborted(reason),
        seq: index + 1,
        at: 1,
      }));
      for (const reader of [scene.journal, open()])
        expect((await reader.read()).entries).toEqual(expected);
      const versions = (await scene.hand.lines()).match(/^\{"v":\d/gm);
      expect(versions).toEqual(['{"v":2', '{"v":1', '{"v":2']);
    });

    test.each([
      ['is not JSON', 'rubbish', 'line 2 is not a journal entry: it is not JSON (rubbish)'],
      ['has a gap', '{"v":1,"seq":4,"at":1,"type":"committed","because":"x"}', 'entry 4 where 2'],
      [
        'has no known type',
        '{"v":1,"seq":2,"at":1,"type":"guessed"}',
        '`type` is missing or wrong',
      ],
      [
        'lacks a field',
        '{"v":1,"seq":2,"at":1,"type":"committed"}',
        '`because` is missing or wrong',
      ],
      [
        'holds an unknown effect',
        '{"v":1,"seq":2,"at":1,"type":"acted","until":1,"because":"","effect":{"kind":"explode"}}',
        '`effect.kind` is missing or wrong',
      ],
      [
        'lacks a part of its effect',
        '{"v":1,"seq":2,"at":1,"type":"acted","until":1,"because":"","effect":{"kind":"remove-project","project":"p"}}',
        '`effect.droplet` is missing or wrong',
      ],
      ['is of a newer version', '{"v":3,"seq":2,"new":"shape"}', 'was written by a newer bgctl'],
      [
        'names an unknown phase',
        '{"v":1,"seq":2,"at":1,"type":"entered","phase":"hold","because":""}',
        '`phase` is missing or wrong',
      ],
      [
        'has another checksum',
        '{"v":2,"seq":2,"at":1,"type":"committed","because":"x","sum":"00000000"}',
        'line 2 is not a journal entry: it is damaged',
      ],
      [
        'lost its checksum',
        '{"v":2,"seq":2,"at":1,"type":"committed","because":"x"}',
        'line 2 is not a journal entry: it is damaged',
      ],
      ['has no version', '{"seq":2,"at":1,"type":"committed","because":"x"}', 'no version'],
    ])('a line that %s refuses the whole journal and changes nothing', async (_, line, told) => {
      await tell(scene.journal, 'whole', 0);
      await scene.hand.add(line);
      const before = await scene.hand.lines();
      for (const reader of [scene.journal, open()]) {
        await expect(reader.read()).rejects.toThrow(told);
        await expect(reader.read()).rejects.toMatchObject({ name: 'Failure', from: 'journal' });
        await expect(tell(reader, 'more', 1)).rejects.toThrow(Failure);
      }
      expect(await scene.hand.lines()).toBe(before);
    });

    test('a bad line is told by its number with at most 80 of its characters', async () => {
      await tell(scene.journal, 'whole', 0);
      await scene.hand.add('s3cret'.repeat(1000));
      const message = await open()
        .read()
        .catch((error: Error) => error.message);
      expect(message).toContain('line 2');
      expect(String(message).length).toBeLessThan(400);
    });

    test('kill -9 in the midst of appends leaves a journal that reads and goes on', async () => {
      for (let round = 0; round < 5; round += 1) {
        const flood = start('flood');
        let acknowledged = '';
        for (let index = 0; index < 3 + round; index += 1) acknowledged = await flood.line();
        await killed(flood.child);
        const { entries } = await open().read();
        expect(entries.length).toBeGreaterThanOrEqual(Number(acknowledged.split(' ')[1]));
        // Two facts an append: never one without the other.
        expect(entries.length % 2).toBe(0);
      }
      const end = (await scene.journal.read()).entries.length;
      const epoch = await leased();
      expect(await scene.journal.append([entered('on')], { afterSeq: end, epoch, at: 1 })).toBe(
        'appended',
      );
    }, 60_000);
  });

  describe('the lease', () => {
    test('I4: while one holds it another is told who, and since when', async () => {
      const before = Date.now();
      const epoch = await leased(60_000, 'anna@laptop pid 4711');
      const refused = await open().lease('bert', 60_000);
      expect(refused).toMatchObject({
        got: false,
        holder: { who: 'anna@laptop pid 4711', pid: process.pid, epoch },
      });
      const holder = await open().holder();
      expect(refused).toEqual({ got: false, holder });
      expect(holder?.since).toBeGreaterThanOrEqual(before);
      expect(holder?.until).toBe((holder?.since ?? 0) + 60_000);
    });

    test('I4: a living process keeps it; killed, it is taken over at once with a higher epoch', async () => {
      const holder = start('hold', '3600000');
      const said = await holder.line();
      expect(said).toMatch(/^epoch [0-9]+$/);
      const first = Number(said.split(' ')[1]);
      expect(await scene.journal.lease('anna', 1000)).toMatchObject({
        got: false,
        holder: { pid: holder.child.pid, epoch: first },
      });
      await killed(holder.child);
      const gone = await scene.journal.holder();
      expect(gone).toMatchObject({ pid: holder.child.pid, epoch: first });
      expect(gone?.until, 'it is told as gone').toBeLessThanOrEqual(Date.now());
      const epoch = await leased(1000);
      expect(epoch).toBeGreaterThan(first);
      expect(await scene.journal.holder()).toMatchObject({ who: 'anna', epoch });
    });

    test('I4: a holder past its time is replaced, and what it then writes is lease-lost', async () => {
      let now = 1_000_000;
      const clock = { ...systemClock, now: () => now };
      const slow = open(clock);
      const lost = await epochOf(slow, 'slow', 5000);
      now += 4999;
      expect(await open(clock).lease('quick', 5000)).toMatchObject({ got: false });
      now += 1;
      const epoch = await epochOf(open(clock), 'quick', 5000);
      expect(epoch).toBeGreaterThan(lost);
      const late = await slow.append([entered('late')], { afterSeq: 0, epoch: lost, at: now });
      expect(late).toBe('lease-lost');
      expect(await slow.renew(lost, 5000)).toBe(false);
      await slow.release(lost);
      expect(await open(clock).holder()).toMatchObject({ who: 'quick', epoch });
      expect((await slow.read()).entries).toEqual([]);
      const asked = await slow.append([aborted('please')], { afterSeq: 0, epoch: null, at: now });
      expect(asked).toBe('appended');
      // Others wrote since, and yet the lost lease is what it must hear of.
      const stale = await slow.append([entered('late')], { afterSeq: 0, epoch: lost, at: now });
      expect(stale).toBe('lease-lost');
    });

    test('a holder past its time that nobody replaced goes on, and may renew', async () => {
      let now = 1_000_000;
      const late = open({ ...systemClock, now: () => now });
      const epoch = await epochOf(late, 'late', 5000);
      now += 60_000;
      expect(await late.append([entered('a')], { afterSeq: 0, epoch, at: now })).toBe('appended');
      expect(await late.renew(epoch, 5000)).toBe(true);
      expect(await late.holder()).toMatchObject({ since: 1_000_000, until: now + 5000, epoch });
    });

    test('given up, it is free at once, and its epoch is never given again', async () => {
      const first = await leased();
      await scene.journal.release(first);
      expect(await scene.journal.holder()).toBe(null);
      expect(await scene.journal.append([entered('a')], { afterSeq: 0, epoch: first, at: 1 })).toBe(
        'lease-lost',
      );
      expect(await epochOf(open(), 'bert', 1000)).toBeGreaterThan(first);
    });

    test('facts other than asked need a lease: without any they are not written', async () => {
      expect(await scene.journal.append([entered('a')], { afterSeq: 0, epoch: null, at: 1 })).toBe(
        'lease-lost',
      );
      expect(await scene.journal.append([entered('a')], { afterSeq: 0, epoch: 1, at: 1 })).toBe(
        'lease-lost',
      );
      const mixed = [aborted('x'), entered('a')];
      expect(await scene.journal.append(mixed, { afterSeq: 0, epoch: null, at: 1 })).toBe(
        'lease-lost',
      );
      expect((await scene.journal.read()).entries).toEqual([]);
    });

    test('without its lease, epochs go on from those the journal has seen', async () => {
      const epoch = await leased();
      const fact = { type: 'leased', by: 'anna', epoch: 41 } as const;
      await scene.journal.append([fact], { afterSeq: 0, epoch, at: 1 });
      await scene.hand.setLease(null);
      // A clock that is far behind, so that only the entry can tell the number.
      const behind = open({ ...systemClock, now: () => 1000 });
      expect(await behind.lease('bert', 1000)).toEqual({ got: true, epoch: 42 });
    });

    test('a journal that begins anew takes a higher epoch than the one that was lost', async () => {
      let now = 1_000_000;
      const clock = { ...systemClock, now: () => now };
      let lost = 0;
      for (const who of ['anna', 'bert', 'carl']) {
        lost = await epochOf(open(clock), who, 1000);
        now += 1000;
      }
      await scene.hand.lose();
      const anew = open(clock);
      const epoch = await epochOf(anew, 'dora', 1000);
      expect(epoch).toBeGreaterThan(lost);
      expect(await anew.append([entered('a')], { afterSeq: 0, epoch, at: now })).toBe('appended');
      const late = await anew.append([entered('b')], { afterSeq: 1, epoch: lost, at: now });
      expect(late).toBe('lease-lost');
    });

    test('many that want it at once: one gets it', async () => {
      const wanted = Array.from({ length: 8 }, (_, index) => open().lease(`w${index}`, 60_000));
      const taken = await Promise.all(wanted);
      expect(taken.filter((one) => one.got)).toHaveLength(1);
    });

    test('a lease that cannot be understood is left alone and told', async () => {
      await leased();
      await scene.hand.setLease('{"v":9}');
      await expect(open().lease('bert', 1000)).rejects.toThrow('is not a lease');
      await expect(tell(open(), 'still asked', 0)).resolves.toBe('appended');
    });
  });

  describe('beside the entries', () => {
    test('a compose file is kept by its hash and comes back unchanged, as often as it is stored', async () => {
      const text = "services:\n  web:\n    command: ['$HOME', \"'\"]\n# ünï\n";
      await scene.journal.store('sha256:00ff', text);
      await scene.journal.store('sha256:00ff', text);
      expect(await open().load('sha256:00ff')).toBe(text);
      await expect(scene.journal.load('sha256:none')).rejects.toThrow('is not kept');
      await expect(scene.journal.store('../out', text)).rejects.toThrow();
    });

    test('what is kept for a report takes the place of what was kept before, and another process recalls it', async () => {
      const text = (part: string) => JSON.stringify({ part, said: "ünï 'quoted' $HOME \n \\ end" });
      expect(await scene.journal.recall('r42.7')).toBe(null);
      await scene.journal.keep('r42.7', text('first'));
      await scene.journal.keep('r42.8', text('of another controller'));
      await scene.journal.keep('r42.7', text('last'));
      expect(await open().recall('r42.7')).toBe(text('last'));
      expect(await open().recall('r42.8')).toBe(text('of another controller'));
      expect(await open().recall('r43.7')).toBe(null);
      await expect(scene.journal.keep('../out', '')).rejects.toThrow('can be a file name');
      await expect(scene.journal.recall('..')).rejects.toThrow('can be a file name');
    });

    test('a report of a megabyte is kept whole, asks for no lease, and is no entry', async () => {
      const text = 'é'.repeat(500_000);
      await scene.journal.keep('r42.1', text);
      expect((await open().recall('r42.1'))?.length).toBe(text.length);
      expect(await scene.journal.read()).toEqual({ entries: [], torn: null });
      expect(await tell(scene.journal, 'first', 0)).toBe('appended');
    });
  });
}
