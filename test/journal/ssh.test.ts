// The journal as files on a droplet, by way of a local shell: what a connection that breaks may do to it.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileJournal } from '../../src/journal/file.ts';
import type { Run } from '../../src/journal/remote.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Failure } from '../../src/lib/failure.ts';
import type { Journal } from '../../src/world.ts';
import { journalContract } from './contract.ts';
import { epochOf } from './epoch.ts';
import { aborted, entered } from './facts.ts';
import { filesContract } from './files-contract.ts';
import { runHere, sshHere } from './places.ts';

describe('a journal in files of a droplet', () => {
  journalContract('ssh');
  filesContract('ssh');
});

describe('over a connection', () => {
  let directory: string;
  let commands: { order: string; stdout: number }[];
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'bgctl-ssh-')), "it's a $dir");
    commands = [];
  });
  afterEach(() => rm(join(directory, '..'), { recursive: true, force: true }));

  const soon = { ...systemClock, sleep: async () => undefined };
  const counted: Run = async (words, options) => {
    const ran = await runHere(words, options);
    commands.push({ order: words[4] ?? '', stdout: ran.stdout.length });
    return ran;
  };
  const open = (run: Run = counted) => sshHere(directory, soon, run);
  const tell = (journal: Journal, reason: string, afterSeq: number) =>
    journal.append([aborted(reason)], { afterSeq, epoch: null, at: 1 });
  const lost = new Failure('host', 'the SSH connection was lost', {
    retry: 'soon',
    ambiguous: true,
  });

  /** Runs the command, but its first answers to this order never come. */
  function losingAnswers(to: string, times = 1): Run {
    let left = times;
    return async (words, options) => {
      const ran = await counted(words, options);
      if (words[4] !== to || left === 0) return ran;
      left -= 1;
      throw lost;
    };
  }

  test('an append costs one command, and a look brings over only what is new', async () => {
    const journal = open();
    await tell(journal, 'a'.repeat(5000), 0);
    await tell(journal, 'b'.repeat(5000), 1);
    await tell(open(), 'c'.repeat(100), 2);
    commands = [];
    await tell(journal, 'too early', 2);
    expect(commands.map(({ order }) => order)).toEqual(['append', 'read']);
    expect(commands[1]?.stdout).toBeLessThan(6000);
    expect((await journal.read()).entries).toHaveLength(3);
    commands = [];
    await tell(journal, 'd', 3);
    await tell(journal, 'e', 4);
    expect(commands.map(({ order }) => order)).toEqual(['append', 'append']);
  });

  test('an append that landed although its answer was lost is written once and told as done', async () => {
    const journal = open(losingAnswers('append'));
    expect(await tell(journal, 'a', 0)).toBe('appended');
    expect(await tell(journal, 'b', 1)).toBe('appended');
    expect((await open().read()).entries.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  test('a look whose end was lost on the way is no torn journal, and nothing is cut off there', async () => {
    await tell(open(), 'a', 0);
    await tell(open(), 'b', 1);
    let left = 1;
    const cutting: Run = async (words, options) => {
      const ran = await counted(words, options);
      if (words[4] !== 'read' || left === 0) return ran;
      left -= 1;
      return { ...ran, stdout: ran.stdout.slice(0, ran.stdout.indexOf('"b"')) };
    };
    const journal = open(cutting);
    await expect(journal.read()).rejects.toThrow('did not arrive whole');
    left = 1;
    expect(await tell(journal, 'c', 2)).toBe('appended');
    expect((await open().read()).entries.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  test('a compose file that was damaged there is not handed out', async () => {
    const text = 'services: {}\n';
    const hash = createHash('sha256').update(text).digest('hex');
    const journal = open();
    await journal.store(hash, text);
    expect(await journal.load(hash)).toBe(text);
    await writeFile(join(directory, 'compose', `${hash}.yml`), 'services: {}');
    await expect(journal.load(hash)).rejects.toThrow('is damaged: its content has another hash');
  });

  test('an append that never arrived is sent again', async () => {
    let left = 2;
    const journal = open(async (words, options) => {
      if (words[4] !== 'append' || left === 0) return counted(words, options);
      left -= 1;
      throw lost;
    });
    expect(await tell(journal, 'a', 0)).toBe('appended');
    expect((await journal.read()).entries).toHaveLength(1);
  });

  test('an append that broke off within its text writes nothing, and is sent again', async () => {
    let left = 1;
    const journal = open(async (words, options) => {
      if (words[4] !== 'append' || left === 0) return counted(words, options);
      left -= 1;
      return counted(words, { ...options, stdin: options.stdin?.slice(0, 30) ?? '' });
    });
    expect(await tell(journal, 'a', 0)).toBe('appended');
    expect((await readFile(join(directory, 'shop.jsonl'), 'utf8')).split('\n')).toHaveLength(2);
  });

  test('an append that lands late, after it was sent again, is refused on the droplet', async () => {
    const late: (() => Promise<string>)[] = [];
    const journal = open(async (words, options) => {
      if (words[4] !== 'append' || late.length > 0) return counted(words, options);
      late.push(async () => (await counted(words, options)).stdout);
      throw lost;
    });
    expect(await tell(journal, 'a', 0)).toBe('appended');
    expect(await Promise.all(late.map((land) => land()))).toEqual(['moved\n']);
    expect((await journal.read()).entries).toHaveLength(1);
  });

  test("another's entry in the place of one whose answer was lost is not taken for ours", async () => {
    let left = 1;
    const journal = open(async (words, options) => {
      if (words[4] !== 'append' || left === 0) return counted(words, options);
      left -= 1;
      await tell(open(), 'quicker', 0);
      throw lost;
    });
    expect(await tell(journal, 'ours', 0)).toBe('someone-else-wrote');
  });

  test('I4: an append that lands after the lease was taken over is refused on the droplet', async () => {
    let now = 1_000_000;
    const clock = { ...soon, now: () => now };
    const slow = sshHere(directory, clock, counted);
    const epoch = await epochOf(slow, 'slow', 1000);
    now += 1000;
    const quick = await epochOf(sshHere(directory, clock, counted), 'quick', 1000);
    expect(quick).toBeGreaterThan(epoch);
    commands = [];
    const late = await slow.append([entered('late')], { afterSeq: 0, epoch, at: 1 });
    expect(late).toBe('lease-lost');
    // Told by the far side itself, without another look.
    expect(commands.map(({ order }) => order)).toEqual(['append']);
  });

  test('a lease whose answer was lost is taken once', async () => {
    const journal = open(losingAnswers('swap'));
    const epoch = await epochOf(journal, 'anna', 60_000);
    expect(commands.filter(({ order }) => order === 'swap')).toHaveLength(1);
    expect(await open().lease('bert', 60_000)).toMatchObject({
      got: false,
      holder: { who: 'anna', epoch },
    });
  });

  test('renewing costs one command', async () => {
    const journal = open();
    const epoch = await epochOf(journal, 'anna', 60_000);
    commands = [];
    expect(await journal.renew(epoch, 60_000)).toBe(true);
    expect(await journal.renew(epoch, 60_000)).toBe(true);
    expect(commands.map(({ order }) => order)).toEqual(['swap', 'swap']);
  });

  test('a lease that was refused is asked for anew: it may be free by now', async () => {
    const [anna, bert] = [open(), open()];
    const epoch = await epochOf(anna, 'anna', 60_000);
    expect(await bert.lease('bert', 60_000)).toMatchObject({ got: false });
    await anna.release(epoch);
    expect(await epochOf(bert, 'bert', 60_000)).toBeGreaterThan(epoch);
  });

  test('I9: a droplet that stays away is a Failure of the journal, and an append then ambiguous', async () => {
    const journal = open(() => Promise.reject(lost));
    const from = { name: 'Failure', from: 'journal', retry: 'soon' };
    await expect(journal.read()).rejects.toMatchObject(from);
    await expect(journal.lease('anna', 1)).rejects.toMatchObject(from);
    await expect(tell(journal, 'a', 0)).rejects.toMatchObject({ ...from, ambiguous: true });
    let landed = false;
    const silent = open(async (words, options) => {
      if (!landed) await counted(words, options);
      landed = true;
      throw lost;
    });
    await expect(tell(silent, 'b', 0)).rejects.toMatchObject({ ...from, ambiguous: true });
    expect((await open().read()).entries).toHaveLength(1);
  });

  test('a disk that gets full within an append leaves the journal as it was, and says so', async () => {
    await tell(open(), 'x'.repeat(3000), 0);
    const before = await readFile(join(directory, 'shop.jsonl'), 'utf8');
    const full = open((words, options) =>
      counted(['sh', '-c', 'ulimit -f 8; trap "" XFSZ; exec "$@"', 'sh', ...words], options),
    );
    const writing = tell(full, 'y'.repeat(3500), 1);
    await expect(writing).rejects.toMatchObject({
      name: 'Failure',
      from: 'journal',
      ambiguous: false,
    });
    await expect(writing).rejects.toThrow('Nothing was recorded');
    expect(await readFile(join(directory, 'shop.jsonl'), 'utf8')).toBe(before);
    expect(await tell(full, 'y', 1)).toBe('appended');
  });

  test('a droplet without flock is told what to install', async () => {
    // All the script's other tools, so that only flock is missing.
    const bin = join(directory, '..', 'bin');
    await mkdir(bin);
    for (const tool of ['cat', 'cksum', 'rm', 'tail', 'wc'])
      await symlink(`/usr/bin/${tool}`, join(bin, tool));
    const bare = open((words, options) =>
      runHere(['env', `PATH=${bin}`, '/bin/sh', ...words.slice(1)], options),
    );
    await tell(open(), 'a', 0);
    await expect(bare.read()).rejects.toThrow('install the package util-linux there');
  });

  test('the same files serve a journal of that machine, and each keeps the other out', async () => {
    const near = fileJournal({ directory, app: 'shop', clock: systemClock });
    const far = open();
    const epoch = await epochOf(near, 'anna', 60_000);
    const holder = { who: 'anna', epoch };
    expect(await far.lease('bert', 60_000)).toMatchObject({ got: false, holder });
    const many = async (journal: Journal, name: string) => {
      for (let done = 0; done < 15; ) {
        const { entries } = await journal.read();
        if ((await tell(journal, `${name} ${done}`, entries.length)) === 'appended') done += 1;
      }
    };
    await Promise.all([many(near, 'near'), many(far, 'far')]);
    const { entries, torn } = await far.read();
    expect(torn).toBe(null);
    expect(entries).toHaveLength(30);
    expect((await near.read()).entries).toEqual(entries);
    await near.store('c0ffee', 'services: {}\n');
    expect(await far.load('c0ffee')).toBe('services: {}\n');
  });
});
