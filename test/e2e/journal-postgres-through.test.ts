// The journal in PostgreSQL as a bgctl.yml names it: reached through a droplet's SSH connection, by the whole program.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { cli } from '../../src/cli/cli.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { parseSettings } from '../../src/policy/parse.ts';
import type { Settings } from '../../src/policy/settings.ts';
import { type Wired, wire } from '../../src/wire.ts';
import type { Journal } from '../../src/world.ts';
import { capture } from '../cli/streams.ts';
import { type StandIn, standIn } from '../hosts/stand-in.ts';
import { type Cluster, password, startCluster } from '../journal/cluster.ts';
import { epochOf } from '../journal/epoch.ts';
import { entered } from '../journal/facts.ts';
import { proxyTo } from '../journal/proxy.ts';
import { tell } from '../journal/scene.ts';
import { bgctlYml, changed, composeYml, parsedValue } from '../policy/texts.ts';

const token = 'a-token-of-the-emulator';
const database = 'shop';
let cluster: Cluster;
let emulator: Emulator;

beforeAll(async () => {
  cluster = await startCluster();
  emulator = await startEmulator(cloud());
});
afterAll(async () => {
  await emulator?.close();
  await cluster?.stop();
});

let droplet: StandIn;
let directory: string;
let file: string;
let settings: Settings;
let wired: Wired;
let journal: Journal;

beforeEach(async () => {
  await cluster.sql('postgres', `create database ${database}`);
  droplet = await standIn();
  directory = await mkdtemp(join(tmpdir(), 'bgctl-through-'));
  file = join(directory, 'bgctl.yml');
  await writeFile(file, ymlOf(droplet));
  await writeFile(join(directory, 'compose.yml'), composeYml);
  vi.stubEnv('DIGITALOCEAN_TOKEN', token);
  vi.stubEnv('JOURNAL', cluster.url(database));
  const where = { home: homedir(), cwd: directory, policies: '/nowhere' };
  settings = parsedValue(parseSettings(await readFile(file, 'utf8'), file, where));
  wired = await wire(settings, { token, journalUrl: cluster.url(database) });
  journal = wired.world.journal;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await wired.close();
  await droplet.close();
  await cluster.sql('postgres', `drop database ${database} with (force)`);
  await rm(directory, { recursive: true });
});

describe('a journal in PostgreSQL, through a droplet', () => {
  test('is read and written over its SSH connection, and says so', async () => {
    expect(journal.place).toBe(`PostgreSQL 127.0.0.1:${cluster.port}/shop through droplet 9`);
    const epoch = await epochOf(journal, 'anna', 60_000);
    expect(await journal.append([entered('a')], { afterSeq: 0, epoch, at: 1 })).toBe('appended');
    expect((await journal.read()).entries).toHaveLength(1);
    expect(droplet.connections).toBe(1);
  });

  test('goes on after the SSH connection was cut', async () => {
    await tell(journal, 'first', 0);
    droplet.cut();
    expect(await tell(journal, 'second', 1)).toBe('appended');
    expect((await journal.read()).entries).toHaveLength(2);
    expect(droplet.connections).toBe(2);
  });

  test('goes on after the database ended the connection', async () => {
    await tell(journal, 'first', 0);
    await cluster.sql(
      'postgres',
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name = 'bgctl'",
      [database],
    );
    expect((await journal.read()).entries).toHaveLength(1);
    expect(await tell(journal, 'second', 1)).toBe('appended');
  });

  // Sooner than any limit: over SSH, the end of what comes is not the end of the channel.
  test('notices at once that the connection behind the droplet broke', async () => {
    const way = await proxyTo(cluster.port);
    const url = cluster.url(database).replace(`:${cluster.port}/`, `:${way.port}/`);
    const other = await wire(settings, { token, journalUrl: url });
    try {
      await tell(other.world.journal, 'first', 0);
      way.loseNextAnswer();
      expect(await tell(other.world.journal, 'second', 1)).toBe('appended');
      await way.lost;
    } finally {
      await other.close();
      await way.close();
    }
  }, 8_000);

  test('says who forbids the way when the droplet does', async () => {
    droplet.refuseForwarding = true;
    const reading = journal.read();
    await expect(reading).rejects.toMatchObject({ name: 'Failure', from: 'journal' });
    await expect(reading).rejects.toThrow('forbidden by its sshd. Set AllowTcpForwarding');
  });
});

describe('bgctl with such a journal', () => {
  test('tells what is in it, and never the password', async () => {
    const release = { type: 'entered', phase: 'held', because: 'a test says so' } as const;
    const epoch = await epochOf(journal, 'anna', 60_000);
    await journal.append([release], { afterSeq: 0, epoch, at: 1 });
    const log = join(directory, 'log');
    const { code, out, err } = await run('history', '--json', '--log', log);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const status = await run('status', '--json');
    expect(JSON.parse(status.out)).toMatchObject({ app: 'shop', holder: { who: 'anna' } });
    expect(noSecret(out, status.out, status.err, await readFile(log, 'utf8'))).toBe(true);
  });

  test('I8: is refused with exit 2 by a wrong password, which nothing repeats', async () => {
    vi.stubEnv('JOURNAL', cluster.url(database).replace('7f3a', '7f3b'));
    const { code, out, err } = await run('status', '--json');
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(JSON.parse(out).message).toContain('does not accept the password of bgctl (28P01)');
    expect(noSecret(out)).toBe(true);
  });

  test.each([
    ['that is not set', '', 'the environment variable JOURNAL is not set: '],
    [
      'of no database',
      'canary7f3a',
      "The address of the journal's database: it is not an address;",
    ],
  ])('is refused with exit 2 for a variable %s', async (_, value, says) => {
    vi.stubEnv('JOURNAL', value);
    const { code, out, err } = await run('status');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(says);
    expect(noSecret(err)).toBe(true);
  });

  test('I8: no process has the password among its words', async () => {
    await tell(journal, 'first', 0);
    const words = await Promise.all(
      (await readdir('/proc'))
        .filter((name) => /^\d+$/.test(name))
        .map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
    );
    expect(words.join('\n')).toContain('postgres');
    expect(noSecret(...words)).toBe(true);
  });
});

function noSecret(...texts: readonly string[]): boolean {
  const parts = [password, encodeURIComponent(password), 'canary', '7f3a', '7f3b'];
  return texts.every((text) => parts.every((part) => !text.includes(part)));
}

async function run(...words: readonly string[]) {
  const written = capture();
  const code = await cli([...words, '--config', file], '1.2.3');
  vi.restoreAllMocks();
  return { code, out: written.out.join(''), err: written.err.join('') };
}

function ymlOf({ hosts }: StandIn): string {
  const ssh = `user: ${hosts.user}, port: ${hosts.port}, key: ${hosts.key}, knownHosts: ${hosts.knownHosts}`;
  const text = changed(bgctlYml, 'user: deploy', ssh);
  const endpoint = `shop-lb\n  endpoint: ${emulator.endpoint}`;
  return `${changed(changed(text, 'shop-lb', endpoint), 'droplets: [11, 12]', 'droplets: [3, 4]')}
journal:
  postgres:
    url: \${JOURNAL}
    ca: ${cluster.ca}
    through: 9
`;
}

/** Droplet 9 is outside both pools: the way to the journal, and this machine. */
function cloud(): Parameters<typeof startEmulator>[0] {
  const vpcUuid = '5a4981aa-9653-4bd1-bef5-d6bff52042e4';
  const balancerId = '4de7ac8b-495b-4884-9a69-1050c6793cd6';
  return {
    token,
    droplets: [1, 2, 3, 4, 9].map((id) => ({
      id,
      name: `web-${id}`,
      region: 'fra1',
      vpcUuid,
      privateAddress: id === 9 ? '127.0.0.1' : `127.0.1.${id}`,
      tags: id < 3 ? ['shop-a'] : [],
    })),
    balancers: [
      {
        id: balancerId,
        name: 'shop-lb',
        region: 'fra1',
        vpcUuid,
        targetPort: 8000,
        healthCheck: {
          port: 8000,
          path: '/health',
          checkIntervalSeconds: 3,
          responseTimeoutSeconds: 5,
          healthyThreshold: 2,
          unhealthyThreshold: 3,
        },
        dropletIds: [1, 2],
      },
    ],
  };
}
