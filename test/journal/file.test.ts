// The journal as files of this machine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encode } from '../../src/journal/codec.ts';
import { fileJournal } from '../../src/journal/file.ts';
import { underLock } from '../../src/journal/lock.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { journalContract } from './contract.ts';
import { epochOf } from './epoch.ts';
import { aborted, entered } from './facts.ts';
import { filesContract } from './files-contract.ts';

describe('a journal in files of this machine', () => {
  journalContract('file');
  filesContract('file');
});

describe('files of this machine', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bgctl-file-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const open = (clock = systemClock) => fileJournal({ directory, app: 'shop', clock });

  test('a disk that gets full within an append leaves the journal as it was, and says so', async () => {
    const journal = open();
    await journal.append([aborted('x'.repeat(3000))], { afterSeq: 0, epoch: null, at: 1 });
    const before = await readFile(join(directory, 'shop.jsonl'), 'utf8');
    // The system lets a process write so much and no more: a short write, then EFBIG, as a full disk does it.
    const limited = 'trap "" XFSZ; ulimit -f 8; exec "$@"';
    const worker = fileURLToPath(new URL('./full-disk.ts', import.meta.url));
    const args = ['-c', limited, 'sh', process.execPath, worker, directory];
    const child = spawn('sh', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += String(chunk);
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(said).toContain('Failure journal');
    expect(said).toContain('Nothing was recorded, and so nothing was begun');
    expect(await readFile(join(directory, 'shop.jsonl'), 'utf8')).toBe(before);
    const next = await journal.append([aborted('y')], { afterSeq: 1, epoch: null, at: 1 });
    expect(next).toBe('appended');
  });

  test.each([
    ['another boot', { machine: 'another boot' }],
    ["another container's processes, though of the same boot", { machine: 'boot pid:[1]' }],
    ['another host', { host: 'elsewhere' }],
    ['a system that does not tell', { machine: null }],
  ])('I4: a holder of %s is not judged dead by its number', async (_, other) => {
    await open().lease('gone', 60_000);
    await changeHolder({ pid: 2 ** 22 + 1, ...other });
    expect(await open().lease('anna', 1000)).toMatchObject({ got: false, holder: { who: 'gone' } });
  });

  test('a holder whose number has passed to another process is dead', async () => {
    const gone = await epochOf(open(), 'gone', 60_000);
    expect(await open().lease('anna', 60_000)).toMatchObject({ got: false });
    await changeHolder({ started: '1' });
    expect(await epochOf(open(), 'anna', 1000)).toBeGreaterThan(gone);
  });

  test('I9: a lock that is never given back is a Failure after its limit', async () => {
    const held = Promise.withResolvers<void>();
    const taken = Promise.withResolvers<void>();
    const lock = underLock(join(directory, 'shop.lock'), systemClock, async () => {
      taken.resolve();
      await held.promise;
    });
    await taken.promise;
    const hasty = { ...systemClock, sleep: () => systemClock.sleep(200) };
    const given = { afterSeq: 0, epoch: null, at: 1 };
    await expect(open(hasty).append([aborted('a')], given)).rejects.toMatchObject({
      name: 'Failure',
      from: 'journal',
      retry: 'soon',
    });
    held.resolve();
    await lock;
    expect(await open(hasty).append([aborted('a')], given)).toBe('appended');
  });

  test('a process that was stopped while it held the lock is named, and what to do with it', async () => {
    const path = join(directory, 'shop.lock');
    const holder = spawn('flock', ['-o', '-x', path, 'sh', '-c', 'echo locked; exec sleep 30'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    const end = () => process.kill(-Number(holder.pid), 'SIGKILL');
    try {
      await once(holder.stdout, 'data');
      holder.kill('SIGSTOP');
      const hasty = { ...systemClock, sleep: () => systemClock.sleep(200) };
      const given = { afterSeq: 0, epoch: null, at: 1 };
      await expect(open(hasty).append([aborted('a')], given)).rejects.toThrow(
        `process ${holder.pid} was stopped (Ctrl-Z?)`,
      );
    } finally {
      end();
    }
    expect(await open().append([aborted('a')], { afterSeq: 0, epoch: null, at: 1 })).toBe(
      'appended',
    );
  });

  test('a line that another process is just writing is not taken for torn', async () => {
    const journal = open();
    await journal.append([aborted('a')], { afterSeq: 0, epoch: null, at: 1 });
    const path = join(directory, 'shop.jsonl');
    const line = encode([{ ...aborted('b'), seq: 2, at: 1 }]);
    const reading = await underLock(join(directory, 'shop.lock'), systemClock, async () => {
      await appendFile(path, line.slice(0, 40));
      const promise = open().read();
      await systemClock.sleep(100);
      await appendFile(path, line.slice(40));
      return { promise };
    });
    expect(await reading.promise).toMatchObject({ entries: [{ seq: 1 }, { seq: 2 }], torn: null });
  });

  test('without flock(1) nothing is written, and it says what to install', async () => {
    const { PATH } = process.env;
    process.env.PATH = directory;
    try {
      const writing = open().append([aborted('a')], { afterSeq: 0, epoch: null, at: 1 });
      await expect(writing).rejects.toThrow('install `flock`');
    } finally {
      process.env.PATH = PATH;
    }
    expect((await open().read()).entries).toEqual([]);
  });

  test('an entry that was cut back by a writer whose disk failed is not remembered by a reader', async () => {
    const journal = open();
    await journal.append([aborted('kept')], { afterSeq: 0, epoch: null, at: 1 });
    const kept = await readFile(join(directory, 'shop.jsonl'), 'utf8');
    await journal.append([aborted('cut back')], { afterSeq: 1, epoch: null, at: 1 });
    expect((await journal.read()).entries).toHaveLength(2);
    await writeFile(join(directory, 'shop.jsonl'), kept);
    expect((await journal.read()).entries).toHaveLength(1);
    await open().append([aborted('longer than that one')], { afterSeq: 1, epoch: null, at: 2 });
    expect((await journal.read()).entries).toMatchObject([{ at: 1 }, { at: 2 }]);
  });

  test('a directory that cannot be used is told as a Failure', async () => {
    await writeFile(join(directory, 'in-the-way'), '');
    const journal = fileJournal({
      directory: join(directory, 'in-the-way'),
      app: 'shop',
      clock: systemClock,
    });
    const writing = journal.append([aborted('a')], { afterSeq: 0, epoch: null, at: 1 });
    await expect(writing).rejects.toMatchObject({ name: 'Failure', from: 'journal' });
    await mkdir(join(directory, 'shop.jsonl'));
    await expect(open().read()).rejects.toMatchObject({ name: 'Failure', from: 'journal' });
  });

  test('two apps in one directory have a journal and a lease each', async () => {
    const clock = { ...systemClock, now: () => 1_000_000 };
    const other = fileJournal({ directory, app: 'blog', clock });
    const epoch = await epochOf(open(clock), 'anna', 1000);
    // At the same time: were the epochs shared, this one would be higher.
    expect(await other.lease('bert', 1000)).toEqual({ got: true, epoch });
    expect(await open().append([entered('a')], { afterSeq: 0, epoch, at: 1 })).toBe('appended');
    expect((await other.read()).entries).toEqual([]);
  });

  async function changeHolder(change: object): Promise<void> {
    const path = join(directory, 'shop.lease.json');
    const lease = JSON.parse(await readFile(path, 'utf8'));
    Object.assign(lease.holder, change);
    await writeFile(path, `${JSON.stringify(lease)}\n`);
  }
});
