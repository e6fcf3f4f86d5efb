// What only a database and the way to it can do to a journal: lost answers, killed connections, late writers, other schemas.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { postgresJournal } from '../../src/journal/postgres.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import type { Failure } from '../../src/lib/failure.ts';
import type { Journal } from '../../src/world.ts';
import { type Cluster, password, startCluster } from '../journal/cluster.ts';
import { databaseOf, nameCluster } from '../journal/database.ts';
import { epochOf } from '../journal/epoch.ts';
import { aborted, entered } from '../journal/facts.ts';
import { proxyTo, type Way } from '../journal/proxy.ts';
import { journalScene, tell } from '../journal/scene.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
  nameCluster(cluster);
});
afterAll(() => cluster?.stop());

const scene = journalScene('postgres');
const { open, start } = scene;
const database = () => databaseOf(scene.directory);
const sql = (text: string, values?: unknown[]) => cluster.sql(database(), text, values);

let closing: (() => unknown)[] = [];
beforeEach(() => {
  closing = [];
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
});

type Given = Parameters<typeof postgresJournal>[0];

/** A journal of this test's database, but for what is said. */
function opened(given: Partial<Given> & { port?: number } = {}): Journal {
  const { port = cluster.port, ...rest } = given;
  const url = cluster.url(database()).replace(`:${cluster.port}/`, `:${port}/`);
  const journal = postgresJournal({
    url,
    ca: cluster.ca,
    app: 'shop',
    clock: systemClock,
    ...rest,
  });
  closing.push(() => journal.close());
  return journal;
}

/** Time that passes so much faster. */
function fast(times: number): Clock {
  return { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / times, signal) };
}

async function proxy(): Promise<Way> {
  const made = await proxyTo(cluster.port);
  closing.push(() => made.close());
  return made;
}

/** A person's own connection, in a transaction. */
async function inTransaction(...texts: string[]): Promise<pg.Client> {
  const client = await cluster.connect(database());
  closing.push(() => client.end());
  for (const text of ['begin', ...texts]) await client.query(text);
  return client;
}

const waiting = `from pg_stat_activity
  where datname = $1 and application_name = 'bgctl' and wait_event_type = 'Lock'`;

/** Processes of the server that work for bgctl and wait for a lock. */
async function whenWaiting(count = 1): Promise<readonly number[]> {
  return vi.waitUntil(
    async () => {
      const rows = await cluster.sql('postgres', `select pid ${waiting}`, [database()]);
      return rows.length >= count && rows.map(({ pid }) => Number(pid));
    },
    { timeout: 20_000, interval: 20 },
  );
}

async function terminate(pids: readonly number[]): Promise<void> {
  await cluster.sql('postgres', 'select pg_terminate_backend(pid) from unnest($1::int[]) as pid', [
    pids,
  ]);
}

const terminateAll = () =>
  cluster.sql(
    'postgres',
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name = 'bgctl'",
    [database()],
  );

/** The first words of a client, with the names of user and database alone. */
function withoutSettings(words: Buffer): Buffer {
  const fields = words.subarray(8).toString('latin1').split('\0');
  const kept = fields.flatMap((name, index) =>
    index % 2 === 0 && /^(user|database)$/.test(name) ? [`${name}\0${fields[index + 1]}\0`] : [],
  );
  const body = Buffer.from(`${kept.join('')}\0`, 'latin1');
  const head = Buffer.from(words.subarray(0, 8));
  head.writeInt32BE(body.length + 8, 0);
  return Buffer.concat([head, body]);
}

const failing = (work: Promise<unknown>): Promise<Failure> =>
  work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: Failure) => error,
  );

describe('an append whose answer is lost', () => {
  test('landed: it is told as done and stands there once', async () => {
    const way = await proxy();
    const journal = opened({ port: way.port });
    await tell(journal, 'first', 0);
    way.loseNextAnswer();
    expect(await tell(journal, 'second', 1)).toBe('appended');
    await way.lost;
    expect(await tell(journal, 'third', 2)).toBe('appended');
    expect((await open().read()).entries.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  // Sooner than any limit.
  test('is noticed at once over a channel that stays half open', async () => {
    const way = await proxy();
    const url = cluster.url(database(), { query: '?sslmode=disable' });
    const journal = opened({
      url: url.replace(`:${cluster.port}/`, `:${way.port}/`),
      through: {
        name: 'droplet 7',
        reach: async (host, port) => {
          const channel = connect({ host, port, allowHalfOpen: true });
          await once(channel, 'connect');
          return channel;
        },
      },
    });
    await tell(journal, 'first', 0);
    way.loseNextAnswer('half');
    expect(await tell(journal, 'second', 1)).toBe('appended');
    await way.lost;
  }, 8_000);

  test("but another's stands in its place: it is not taken for ours", async () => {
    const way = await proxy();
    const journal = opened({ port: way.port });
    await tell(journal, 'first', 0);
    const other = open();
    await other.read();
    const person = await inTransaction('lock table bgctl.entries in share mode');
    const ours = tell(journal, 'ours', 1);
    const [first = 0] = await whenWaiting(1);
    const theirs = tell(other, 'theirs', 1);
    await whenWaiting(2);
    await terminate([first]);
    await person.query('rollback');
    expect([await ours, await theirs].sort()).toEqual(['appended', 'someone-else-wrote']);
    const { entries } = await open().read();
    expect(entries).toHaveLength(2);
    const written = JSON.stringify(entries[1]).includes('theirs') ? theirs : ours;
    expect(await written).toBe('appended');
  });

  test('under a connection that is killed in its midst: neither lost nor doubled', async () => {
    const journal = open();
    await tell(journal, 'first', 0);
    const person = await inTransaction('lock table bgctl.entries in share mode');
    const writing = tell(journal, 'second', 1);
    await terminate(await whenWaiting());
    await person.query('rollback');
    expect(await writing).toBe('appended');
    expect((await open().read()).entries.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  test('two processes append side by side while their connections are killed: none lost, none doubled', async () => {
    await scene.journal.append([aborted('made')], { afterSeq: 0, epoch: null, at: 1 });
    const each = 40;
    const workers = [start('append', String(each)), start('append', String(each))];
    const done = Promise.all(workers.map((one) => one.line()));
    let over = false;
    void done.then(() => {
      over = true;
    });
    const count = async () => (await scene.journal.read()).entries.length;
    let kills = 0;
    for (let seen = await count(); !over; seen = await count()) {
      await terminateAll();
      kills += 1;
      await vi.waitUntil(async () => over || (await count()) > seen + 4, { timeout: 60_000 });
    }
    expect(await done).toEqual(['done', 'done']);
    expect(kills).toBeGreaterThan(1);
    const { entries } = await open().read();
    expect(entries.map(({ seq }) => seq)).toEqual(
      Array.from({ length: 2 * each + 1 }, (_, index) => index + 1),
    );
    const said = entries.map((entry) => JSON.stringify(entry.type === 'asked' && entry.command));
    expect(new Set(said).size).toBe(2 * each + 1);
  }, 120_000);

  test('I9: a database that falls silent is a Failure within its limit, and the append then ambiguous', async () => {
    const way = await proxy();
    const journal = opened({ port: way.port, clock: fast(50) });
    await tell(journal, 'first', 0);
    way.fallSilent();
    const failure = await failing(tell(journal, 'second', 1));
    expect(failure).toMatchObject({
      name: 'Failure',
      from: 'journal',
      retry: 'soon',
      ambiguous: true,
    });
    expect(failure.message).toContain('no answer came within');
    expect(await failing(journal.read())).toMatchObject({ from: 'journal', retry: 'soon' });
    expect((await open().read()).entries).toHaveLength(1);
  });
});

describe('I4: who lost the lease', () => {
  test('was frozen in the midst of writing: what it sends when it thaws is refused', async () => {
    const flood = start('flood');
    await flood.line();
    flood.child.kill('SIGSTOP');
    const later = open({ ...systemClock, now: () => systemClock.now() + 120_000 });
    const epoch = await epochOf(later, 'quick', 60_000);
    const { length } = (await later.read()).entries;
    flood.child.kill('SIGCONT');
    // What was answered before the freeze is still to be heard; the first line after it counts.
    let said = await flood.line();
    for (let heard = 0; said.startsWith('appended') && heard < 20; heard += 1)
      said = await flood.line();
    expect(said).toMatch(/^lease-lost /);
    const { entries } = await later.read();
    expect(entries).toHaveLength(length);
    const given = { afterSeq: length, epoch, at: 1 };
    expect(await later.append([entered('on')], given)).toBe('appended');
  });

  test('while its append waited: it is refused all the same', async () => {
    const epoch = await scene.leased();
    const person = await inTransaction(
      `update bgctl.leases set line = replace(line, '"epoch":${epoch},', '"epoch":${epoch + 1},')`,
    );
    const writing = scene.journal.append([entered('late')], { afterSeq: 0, epoch, at: 1 });
    await whenWaiting();
    await person.query('commit');
    expect(await writing).toBe('lease-lost');
    expect((await open().read()).entries).toEqual([]);
  });

  test('is replaced only when what it had begun to write is there', async () => {
    const epoch = await scene.leased(1);
    // Of the same number and not yet committed: who writes it too has to wait.
    const person = await inTransaction("insert into bgctl.entries values ('shop', 1, '')");
    const writing = scene.journal.append([entered('begun')], { afterSeq: 0, epoch, at: 1 });
    await whenWaiting(1);
    const taking = open().lease('quick', 60_000);
    await whenWaiting(2);
    await person.query('rollback');
    expect(await writing).toBe('appended');
    expect(await taking).toMatchObject({ got: true });
    expect((await open().read()).entries).toHaveLength(1);
  });

  test('a lease whose answer was lost is taken once', async () => {
    const way = await proxy();
    const journal = opened({ port: way.port });
    await tell(journal, 'first', 0);
    way.loseNextAnswer();
    const epoch = await epochOf(journal, 'anna', 60_000);
    await way.lost;
    expect(await open().lease('bert', 60_000)).toMatchObject({ got: false, holder: { epoch } });
  });
});

describe('what is written', () => {
  test('is durable although the database itself is set not to wait for the disk', async () => {
    expect(await sql('show synchronous_commit')).toEqual([{ synchronous_commit: 'off' }]);
    await tell(scene.journal, 'first', 0);
    await sql('create table seen (setting text)');
    await sql(`create function see() returns trigger language plpgsql as
      $$ begin insert into seen values (current_setting('synchronous_commit')); return new; end $$`);
    await sql('create trigger see after insert on bgctl.entries execute function see()');
    await tell(scene.journal, 'second', 1);
    expect(await sql('select * from seen')).toEqual([{ setting: 'on' }]);
  });

  test('can only be added to', async () => {
    await tell(scene.journal, 'first', 0);
    for (const change of [
      'update bgctl.entries set seq = 2',
      'delete from bgctl.entries',
      'truncate bgctl.entries',
    ])
      await expect(sql(change)).rejects.toThrow('only ever added');
  });

  test.each([
    ['an entry in the midst', 2, 'entry 2 is missing before entry 3'],
    ['the end of an append', 4, 'the end of the append after entry 1 is missing'],
  ])('and from which a hand took %s is refused as a whole', async (_, seq, says) => {
    const epoch = await scene.leased();
    await tell(scene.journal, 'first', 0);
    const facts = [entered('a'), entered('b'), entered('c')];
    await scene.journal.append(facts, { afterSeq: 1, epoch, at: 1 });
    await sql('alter table bgctl.entries disable trigger user');
    await sql('delete from bgctl.entries where seq = $1', [seq]);
    expect(await failing(open().read())).toMatchObject({ from: 'journal', precondition: true });
    await expect(open().read()).rejects.toThrow(says);
  });

  test('and was put back to an older state is no ground to add to what is gone', async () => {
    await tell(scene.journal, 'first', 0);
    await tell(scene.journal, 'second', 1);
    await sql('alter table bgctl.entries disable trigger user');
    await sql('delete from bgctl.entries where seq = 2');
    expect(await tell(scene.journal, 'third', 2)).toBe('someone-else-wrote');
    expect(await tell(open(), 'another second', 1)).toBe('appended');
    expect(JSON.stringify((await scene.journal.read()).entries[1])).toContain('another second');
  });

  test('belongs to its app: two of them in one database have a journal and a lease each', async () => {
    const clock = { ...systemClock, now: () => 1_000_000 };
    const [shop, blog] = [opened({ clock }), opened({ clock, app: 'blog' })];
    const epoch = await epochOf(shop, 'anna', 1000);
    expect(await blog.lease('bert', 1000)).toEqual({ got: true, epoch });
    expect(await shop.append([entered('a')], { afterSeq: 0, epoch, at: 1 })).toBe('appended');
    await shop.store('c0ffee', 'services: {}');
    expect((await blog.read()).entries).toEqual([]);
    await expect(blog.load('c0ffee')).rejects.toThrow('is not kept');
  });

  test('rings for others, also after the connection that listens was killed', async () => {
    const [journal, other] = [opened({ clock: fast(50) }), open()];
    await tell(journal, 'first', 0);
    let rings = 0;
    journal.watch(() => {
      rings += 1;
    });
    const listeners = () =>
      cluster.sql(
        'postgres',
        "select pid from pg_stat_activity where datname = $1 and query = 'listen bgctl'",
        [database()],
      );
    const listening = () =>
      vi.waitUntil(async () => (await listeners())[0], { timeout: 20_000, interval: 20 });
    const pid = Number((await listening()).pid);
    await tell(other, 'news', 1);
    await vi.waitUntil(() => rings > 0);
    await terminate([pid]);
    await vi.waitUntil(async () => Number((await listening()).pid) !== pid);
    await vi.waitUntil(() => rings > 1);
    const before = rings;
    await tell(other, 'more news', 2);
    await vi.waitUntil(() => rings > before);
  });
});

describe('the schema', () => {
  const versions = () => sql('select version from bgctl.migrations');

  test('is made once by many that come at the same moment', async () => {
    const all = Array.from({ length: 6 }, (_, index) => open().lease(`w${index}`, 60_000));
    expect((await Promise.all(all)).filter(({ got }) => got)).toHaveLength(1);
    expect(await versions()).toEqual([{ version: 1 }]);
  });

  test('is made under a lock, by one who waits for whoever makes it now', async () => {
    const person = await inTransaction(`select pg_advisory_xact_lock(${0x62_67_63_74_6c})`);
    const writing = tell(scene.journal, 'first', 0);
    await whenWaiting();
    expect(await scene.hand.exists()).toBe(false);
    await person.query('commit');
    expect(await writing).toBe('appended');
  });

  test('made half when the connection was killed is not there, and is made at the next attempt', async () => {
    const person = await inTransaction('create schema bgctl');
    const writing = tell(scene.journal, 'first', 0);
    await terminate(await whenWaiting());
    await person.query('rollback');
    expect(await writing).toBe('appended');
    expect(await versions()).toEqual([{ version: 1 }]);
  });

  test('of a newer bgctl is refused in words, and nothing is changed', async () => {
    await tell(scene.journal, 'first', 0);
    await sql('insert into bgctl.migrations (version) values (99)');
    const before = await scene.hand.lines();
    for (const work of [
      (journal: Journal) => journal.read(),
      (journal: Journal) => tell(journal, 'second', 1),
      (journal: Journal) => journal.lease('anna', 1000),
    ]) {
      const failure = await failing(work(open()));
      expect(failure).toMatchObject({ from: 'journal', retry: 'never', precondition: true });
      expect(failure.message).toContain('set up by a newer bgctl: its schema has version 99');
    }
    expect(await scene.hand.lines()).toBe(before);
  });

  test('may be made by somebody else for a user who may not make any', async () => {
    const name = `u${randomUUID().slice(0, 8)}`;
    await sql(`create role ${name} login password '${password}'`);
    const journal = opened({ url: cluster.url(database(), { user: name }) });
    expect(await journal.read()).toEqual({ entries: [], torn: null });
    const failure = await failing(tell(journal, 'first', 0));
    expect(failure.message).toContain(`create schema bgctl authorization "${name}"`);
    await sql(`create schema bgctl authorization "${name}"`);
    expect(await tell(journal, 'first', 0)).toBe('appended');
    await sql(`drop owned by ${name}`);
    await sql(`drop role ${name}`);
  });
});

describe('I8: the way there', () => {
  const untrusted = /its certificate is not to be trusted \(\w+\), so nothing was sent to it/;

  test.each<[string, () => Partial<Given>, RegExp]>([
    ['whose certificate another CA signed', () => ({ ca: cluster.otherCa }), untrusted],
    ['whose CA is not named', () => ({ ca: null }), untrusted],
    [
      'whose certificate is for another name',
      () => ({ url: cluster.url(database(), { host: 'localhost' }) }),
      /its certificate is for another name, so nothing was sent to it/,
    ],
    [
      'that does not know the password',
      () => ({ url: cluster.url(database()).replace('canary', 'other-canary') }),
      /it does not accept the password of bgctl/,
    ],
    [
      'that has no such database',
      () => ({ url: cluster.url('nowhere') }),
      /it has no database of that name/,
    ],
    [
      'whose CA is a file that is not there',
      () => ({ ca: '/nowhere/ca.pem' }),
      /journal\.postgres\.ca cannot be read: ENOENT/,
    ],
  ])('to a database %s is refused, in words and without the password', async (_, given, says) => {
    const failure = await failing(opened(given()).read());
    expect(failure).toMatchObject({ from: 'journal', retry: 'never', precondition: true });
    expect(failure.message).toMatch(says);
    expect(JSON.stringify([failure.message, failure.stack])).not.toContain('canary');
    const sessions =
      "select 1 from pg_stat_activity where application_name = 'bgctl' and datname = $1";
    expect(await cluster.sql('postgres', sessions, [database()])).toEqual([]);
  });

  test('a CA file without a certificate is told', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bgctl-ca-'));
    closing.push(() => rm(directory, { recursive: true }));
    writeFileSync(join(directory, 'ca.pem'), 'rubbish');
    await expect(opened({ ca: join(directory, 'ca.pem') }).read()).rejects.toThrow(
      'ca.pem (journal.postgres.ca) holds no certificate',
    );
  });

  test('an encryption that is refused sends no name and no password', async () => {
    const { port, heard } = await fakeServer('N');
    const failure = await failing(opened({ port }).read());
    expect(failure.message).toContain('it offers no encryption, so nothing was sent to it');
    // The eight bytes that ask for encryption.
    expect(Buffer.concat(heard).toString('hex')).toBe('0000000804d2162f');
  });

  test('unencrypted, on this machine alone, it is used as asked for', async () => {
    const journal = opened({
      url: cluster.url(database(), { query: '?sslmode=disable' }),
      ca: null,
    });
    expect(await tell(journal, 'first', 0)).toBe('appended');
  });

  test('a connection pool in between is refused: it could drop what makes a write durable', async () => {
    const said = 'unsupported startup parameter: statement_timeout';
    const fields = Buffer.from(`SFATAL\0C08P01\0M${said}\0\0`);
    const head = Buffer.from('E\0\0\0\0');
    head.writeInt32BE(fields.length + 4, 1);
    const { port } = await fakeServer(Buffer.concat([head, fields]));
    const url = cluster.url(database(), { query: '?sslmode=disable' });
    const failure = await failing(
      opened({ url: url.replace(`:${cluster.port}/`, `:${port}/`) }).read(),
    );
    expect(failure).toMatchObject({ retry: 'never', precondition: true });
    expect(failure.message).toContain('it is a connection pool, which cannot promise');
  });

  test('a pool that drops the settings of a connection without a word is found out', async () => {
    const way = await proxyTo(cluster.port, withoutSettings);
    closing.push(() => way.close());
    const url = cluster.url(database(), { query: '?sslmode=disable' });
    const journal = opened({ url: url.replace(`:${cluster.port}/`, `:${way.port}/`) });
    const failure = await failing(journal.read());
    expect(failure).toMatchObject({ retry: 'never', precondition: true });
    expect(failure.message).toContain('(a connection pool) drops the settings of a connection');
  });

  test('I9: to one who takes the call and says nothing is given up', async () => {
    const { port } = await fakeServer(null);
    const failure = await failing(opened({ port, clock: fast(100) }).read());
    expect(failure).toMatchObject({ from: 'journal', retry: 'soon', ambiguous: false });
    expect(failure.message).toContain('no answer came within 10 s');
  });

  test('to nobody is a Failure that may be over soon', async () => {
    const way = await proxyTo(cluster.port);
    await way.close();
    const failure = await failing(opened({ port: way.port }).read());
    expect(failure).toMatchObject({ from: 'journal', retry: 'soon', ambiguous: false });
    expect(failure.message).toContain('nobody listens there');
  });

  /** Hears, and answers the first words with this; null: never. */
  async function fakeServer(answer: string | Buffer | null) {
    const heard: Buffer[] = [];
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        heard.push(chunk);
        if (answer !== null) socket.write(answer);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return { port: address.port, heard };
  }
});
