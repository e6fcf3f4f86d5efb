// bgctl while DigitalOcean cannot be reached, or without a token: what needs only the journal works all the same.

import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { cli } from '../../src/cli/cli.ts';
import { clock } from '../../src/cli/clock.ts';
import { encode } from '../../src/journal/codec.ts';
import { encodeLease } from '../../src/journal/lease.ts';
import { thisProcess } from '../../src/journal/machine.ts';
import type { Entry } from '../../src/promotion/entry.ts';
import { bgctlYml, changed, composeYml } from '../policy/texts.ts';
import { aStory } from '../report/story.ts';
import { capture } from './streams.ts';

let directory = '';
let cloud: Server;
let asked = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bgctl-offline-'));
  cloud = createServer((_, response) => {
    asked += 1;
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end('{"id":"unauthorized","message":"no"}');
  });
  cloud.listen(0, '127.0.0.1');
  await once(cloud, 'listening');
  await mkdir(join(directory, '.bgctl', 'journal'), { recursive: true });
  const { entries } = await aStory({ errors: 0.08 });
  await writeFile(join(directory, '.bgctl', 'journal', 'shop.jsonl'), encode(versioned(entries)));
  await writeFile(join(directory, 'compose.yml'), composeYml);
  await writeFile(join(directory, 'known_hosts'), '');
  await write('bgctl.yml', settings());
  await mkdir(join(directory, 'midway'));
  const end = entries.findLastIndex((entry) => entry.type === 'entered' && entry.phase === 'idle');
  const midway = encode(versioned(entries.slice(0, end)));
  await writeFile(join(directory, 'midway', 'shop.jsonl'), midway);
  await write('midway.yml', `${settings()}journal: { file: ./midway }\n`);
  await write('empty.yml', `${settings()}journal: { file: ./none }\n`);
});

afterAll(async () => {
  cloud.close();
  await rm(directory, { recursive: true, force: true });
});

beforeEach(() => {
  asked = 0;
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('without a token and without a request to DigitalOcean', () => {
  test('history lists what was promoted', async () => {
    const { code, out } = await run('history');
    expect({ code, asked }).toEqual({ code: 0, asked: 0 });
    expect(out).toMatch(/^r42 .* {2}v2 {2}pool b {2}rolled-back: /);
  });

  test('show tells of a release', async () => {
    const { code, out } = await run('show', 'r42');
    expect({ code, asked }).toEqual({ code: 0, asked: 0 });
    expect(out).toMatch(/^r42 on pool b, asked by /);
    expect(out).toContain('  web: v2 = ');
  });

  test('report writes the page', async () => {
    const file = join(directory, 'page.html');
    const { code, out } = await run('report', 'r42', '--output', file);
    expect({ code, asked, out }).toEqual({ code: 0, asked: 0, out: `${file}\n` });
  });

  test('status tells what the journal knows, and why the rest was not looked at', async () => {
    const { code, out } = await run('status');
    expect({ code, asked }).toEqual({ code: 0, asked: 0 });
    expect(out).toMatch(/^shop is /);
    expect(out).toContain(
      'the load balancer and the droplets were not looked at: the environment variable DIGITALOCEAN_TOKEN is not set',
    );
    const json = await run('status', '--json');
    expect(JSON.parse(json.out)).toMatchObject({ app: 'shop', compared: null });
  });

  test.each([
    { holder: 'of this machine that died', ago: 1_000, lives: false, pid: 2 ** 22 + 1 },
    { holder: 'of this machine that lives', ago: 1_000, lives: true, pid: process.pid },
    { holder: 'whose time is over', ago: 60_000, lives: false, pid: process.pid },
  ])('status tells of a driver $holder as it is', async ({ ago, lives, pid }) => {
    const since = Date.now() - ago;
    const holder = { ...thisProcess(), pid, who: `anna pid ${pid}`, since, until: since + 20_000 };
    const lease = join(directory, 'midway', 'shop.lease.json');
    await writeFile(lease, encodeLease({ v: 1, epoch: 7, held: true, holder }));
    const config = ['--config', join(directory, 'midway.yml')];
    const { out } = await run('status', ...config);
    const json = await run('status', '--json', ...config);
    const began = `since ${clock(since)} UTC`;
    expect(out).toContain(
      lives
        ? `  driven by anna pid ${pid} ${began}\n`
        : `  was driven by anna pid ${pid} ${began}, which is gone: \`bgctl resume\` goes on\n`,
    );
    expect(JSON.parse(json.out).holder).toMatchObject({ gone: !lives });
  });

  test('logs of what never ran is refused', async () => {
    expect(await run('logs', 'r7')).toEqual({
      code: 2,
      out: '',
      err: 'r7 is not in the journal; the last are r42\n',
    });
    const gone = await run('logs', 'r42');
    expect(gone.err).toMatch(
      /^r42 does not run; .*\. What it last said is in `bgctl show r42`\.\n$/,
    );
    for (const words of [['logs'], ['logs', 'r1'], ['show', 'r1']]) {
      const { code, err } = await run(...words, '--config', join(directory, 'empty.yml'));
      expect({ words, code, err }).toEqual({
        words,
        code: 2,
        err: 'No release was promoted yet.\n',
      });
    }
    expect(asked).toBe(0);
  });

  test('before the first release nothing is said of going back, nor of a time that never was', async () => {
    const { out } = await run('status', '--json', '--config', join(directory, 'empty.yml'));
    expect(JSON.parse(out)).toMatchObject({ phase: 'idle', since: null, live: null });
  });

  test('a journal on a droplet needs its address: only then the token is asked for', async () => {
    const text = `${settings()}journal: { ssh: { droplet: 77, path: /opt/shop/bgctl } }\n`;
    await write('ssh.yml', text);
    const { code, err } = await run('history', '--config', join(directory, 'ssh.yml'));
    expect({ code, asked }).toEqual({ code: 2, asked: 0 });
    expect(err).toContain('DIGITALOCEAN_TOKEN is not set');
  });
});

describe('before the first request', () => {
  beforeEach(() => {
    vi.stubEnv('DIGITALOCEAN_TOKEN', 'a-token-of-a-test');
  });

  test.each([['promote', 'v2'], ['plan'], ['check']])(
    '%s tells the mistakes of the compose file',
    async (...words) => {
      await write('named.yml', changed(settings(), 'compose.yml', 'named-compose.yml'));
      await write('named-compose.yml', `${composeYml}    container_name: web\n`);
      const { code, err } = await run(...words, '--config', join(directory, 'named.yml'));
      expect({ code, asked }).toEqual({ code: 2, asked: 0 });
      expect(err).toContain('container_name');
    },
  );

  test('promote tells services without a version and versions without a service', async () => {
    const none = await run('promote');
    expect(none).toMatchObject({
      code: 2,
      err: 'no version was given for web: write web=TAG or web=sha256:…\nNothing was touched.\n',
    });
    const { err } = await run('promote', 'web=v2', 'wbe=v2');
    expect(err).toContain('wbe is not a service that bgctl.yml names under images\n');
    expect(asked).toBe(0);
  });

  test('resolve without a choice is refused', async () => {
    const { code, err } = await run('resolve');
    expect({ code, asked }).toEqual({ code: 2, asked: 0 });
    expect(err).toContain('choose one of --keep RELEASE, --adopt and --restore');
  });

  test.each([
    ['policy', '# policy', 'policy: ./gone', 'name standard, cautious or swift'],
    ['compose.file', 'file: compose.yml', 'file: ./gone', 'correct the path'],
    ['hosts.key', 'key: ./known_hosts', 'key: ./gone', 'name the private key'],
    ['hosts.knownHosts', 'knownHosts: ./known_hosts', 'knownHosts: ./gone', 'pin the droplets'],
  ])('a file that is missing is told at its key: %s', async (key, from, to, mend) => {
    const text = changed(settings(), from, to);
    await write('missing.yml', text);
    const config = join(directory, 'missing.yml');
    const { code, err } = await run('promote', 'v2', '--config', config);
    expect({ code, asked }).toEqual({ code: 2, asked: 0 });
    const line = text.split('\n').findIndex((one) => one.includes('./gone')) + 1;
    expect(err).toContain(`${config}:${line}:`);
    expect(err).toContain(`  ${key}: ${join(directory, 'gone')} does not exist\n    `);
    expect(err).toContain(mend);
    expect(err).not.toContain('--config');
  });
});

test('check tells a missing file of SSH once, at its line, and does not knock at every droplet for it', async () => {
  vi.stubEnv('DIGITALOCEAN_TOKEN', 'a-token-of-a-test');
  const id = changed(settings(), 'shop-lb', '4de7ac8b-495b-4884-9a69-1050c6793cd6');
  const text = changed(
    changed(id, '  health: /health', '  health: /health\n  address: http://127.0.0.1:9'),
    'key: ./known_hosts',
    'key: ./gone',
  );
  await write('keyless.yml', changed(text, '{ tag: shop-a }', '{ droplets: [1, 2] }'));
  const config = join(directory, 'keyless.yml');
  const { code, out } = await run('check', '--config', config);
  expect(code).toBe(2);
  const told = out.split('\n').filter((line) => line.includes('gone'));
  expect(told).toEqual([
    `✗ hosts.key (${config}:9): ${join(directory, 'gone')} does not exist: name the private key that the droplets accept, or write agent and add it to ssh-agent`,
  ]);
  expect(out).toContain('! droplets: not asked: ');
  expect(out).not.toMatch(/^. droplet \d+: /m);
  const json = (await run('check', '--json', '--config', config)).out.trim().split('\n');
  const lines = json.map((line) => JSON.parse(line));
  expect(lines.at(-1)).toMatchObject({ event: 'result', outcome: 'refused', exit: 2 });
  const verdicts = lines.slice(0, -1).map(({ verdict }) => verdict);
  expect(verdicts.filter((one) => !['ok', 'warn', 'fail'].includes(one))).toEqual([]);
  expect(lines.at(-1).fail).toBe(verdicts.filter((one) => one === 'fail').length);
  expect(lines[0]).toEqual({
    verdict: 'fail',
    what: `hosts.key (${config}:9)`,
    detail: `${join(directory, 'gone')} does not exist`,
    mend: expect.stringMatching(/^name the private key/),
  });
});

function settings(): string {
  const { port } = cloud.address() as AddressInfo;
  return changed(
    changed(
      changed(`${bgctlYml}# policy\n`, '  services: { db: shared }\n', ''),
      '  balancer: shop-lb',
      `  balancer: shop-lb\n  endpoint: http://127.0.0.1:${port}`,
    ),
    'hosts: { user: deploy }',
    'hosts: { user: deploy, key: ./known_hosts, knownHosts: ./known_hosts }',
  );
}

function write(name: string, text: string): Promise<void> {
  return writeFile(join(directory, name), text);
}

async function run(...words: readonly string[]) {
  const written = capture();
  const config = words.includes('--config') ? [] : ['--config', join(directory, 'bgctl.yml')];
  const code = await cli([...words, ...config], '1.2.3');
  const ran = { code, out: written.out.join(''), err: written.err.join('') };
  vi.restoreAllMocks();
  return ran;
}

/** As a promotion of v2 is journaled. */
function versioned(entries: readonly Entry[]): readonly Entry[] {
  return entries.map((entry) => {
    if (entry.type !== 'asked' || entry.command.kind !== 'promote') return entry;
    const { release } = entry.command;
    const versions = Object.fromEntries(Object.keys(release.images).map((name) => [name, 'v2']));
    return { ...entry, command: { ...entry.command, release: { ...release, versions } } };
  });
}
