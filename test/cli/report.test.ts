// bgctl in a CI job and `bgctl report`, as processes: what is in the files that the runner names, and in those that people open.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { drive } from '../../src/cli/drive.ts';
import { evidenceFor } from '../../src/cli/evidence.ts';
import { encode } from '../../src/journal/codec.ts';
import { fileJournal } from '../../src/journal/file.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { encodeRecording } from '../../src/report/recording.ts';
import { anApp } from '../builders/app.ts';
import { realPolicy } from '../report/release.ts';
import { aStory } from '../report/story.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** What HTML and JSON would write otherwise than it is. */
const canary = 'canary-"<&\'>-token';
let directory = '';
let cloud: Server;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bgctl-report-'));
  cloud = createServer((_, response) => {
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end('{"id":"not_found","message":"no such thing"}');
  });
  cloud.listen(0, '127.0.0.1');
  await once(cloud, 'listening');
  const { port } = cloud.address() as AddressInfo;
  await writeFile(join(directory, 'bgctl.yml'), settings(port));
  await writeFile(join(directory, 'known_hosts'), '');
  await writeFile(join(directory, 'bad.yml'), 'app: Shop\n');
  await writeFile(join(directory, 'compose.yml'), 'services: { web: { image: x } }\n');
  await keepStory();
});

afterAll(async () => {
  cloud.close();
  await rm(directory, { recursive: true, force: true });
});

describe('bgctl report', () => {
  test('writes the page, names its file, and a secret in a log is in it in no spelling', async () => {
    const ran = await run({}, 'report', 'r42', '--output', 'page.html');
    expect(ran).toMatchObject({ code: 0, out: 'page.html\n' });
    const page = await readFile(join(directory, 'page.html'), 'utf8');
    expect(page).toContain('rolled back');
    expect(page).toContain('said [redacted] aloud');
    expect(page).not.toContain('canary');
    expect(Buffer.byteLength(page)).toBeLessThan(200_000);
  });

  test('--json prints the same as one object on one line', async () => {
    const { code, out } = await run({}, 'report', 'r42', '--json');
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({
      app: 'shop',
      release: { id: 'r42' },
      result: { is: 'rolled-back', exit: 11 },
      missing: [],
    });
    expect(out).not.toContain('canary');
  });

  test('of a release that nobody knows is refused, with those that there are', async () => {
    expect(await run({}, 'report', 'r7')).toEqual({
      code: 2,
      out: '',
      err: 'r7 is not in the journal; the last are r42\n',
    });
  });

  test('of a release of which only the journal is left says what is missing', async () => {
    await rm(join(directory, 'journal', 'reports'), { recursive: true });
    const { code, out, err } = await run({}, 'report', 'r42');
    expect({ code, out }).toEqual({ code: 0, out: 'bgctl-report-r42.html\n' });
    expect(err).toContain('note: Nothing was recorded beside the journal');
    const page = await readFile(join(directory, 'bgctl-report-r42.html'), 'utf8');
    expect(page).toMatch(/errors fails: \d+ of \d+ requests failed/);
    expect(page).not.toContain('<figure>');
    await keepStory();
  });
});

describe('in GitHub Actions', () => {
  test('a bad configuration is an error at its line, and the run’s page says so', async () => {
    const files = await runnerFiles();
    const ran = await run(files.env, 'promote', 'v2', '--config', 'bad.yml');
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/^::error file=bad\.yml,line=1,col=6::app: "Shop" is not the name of/m);
    const { summary, output } = await files.read();
    expect(summary).toContain('## ❌ bgctl: refused');
    expect(output).toBe('result=refused\nexit=2\n');
  });

  test('another refusal is an error without a place; with --json nothing but JSON is printed', async () => {
    const files = await runnerFiles();
    const { err } = await run(files.env, 'report', 'r7');
    expect(err).toContain('::error title=bgctl%3A refused::r7 is not in the journal;');
    const json = await run(files.env, 'report', 'r7', '--json');
    expect(json.err).toBe('');
    expect(JSON.parse(json.out)).toMatchObject({ exit: 2 });
  });

  test('elsewhere the same files stay as they are, and no command is printed', async () => {
    const files = await runnerFiles();
    const { GITHUB_ACTIONS: _, ...env } = files.env;
    const { err } = await run(env, 'promote', 'v2', '--config', 'bad.yml');
    expect(err).not.toContain('::');
    expect(await files.read()).toEqual({ summary: '', output: '' });
  });

  test('the end of a promotion leaves a report, a summary, and outputs for later steps', async () => {
    const journal = fileJournal({
      directory: join(directory, 'journal'),
      app: 'shop',
      clock: systemClock,
    });
    const wired = { address: 'http://192.0.2.1:80', world: { clock: systemClock, journal } };
    const connection = {
      settings: { app: 'shop' },
      policy: realPolicy,
      wired,
      redact: (one: string) => one,
    };
    const made = await evidenceFor(connection as never, 'r42', directory);
    expect(made?.outputs).toEqual({
      release: 'r42',
      result: 'rolled-back',
      report: 'bgctl-report-r42.html',
      url: 'http://192.0.2.1:80',
    });
    expect(made?.summary).toMatch(/^## ↩️ shop r42: rolled-back$/m);
    expect(made?.summary).toContain('| verifying |');
    expect(made?.summary).toContain('### What to do next');
    expect(await readFile(join(directory, 'bgctl-report-r42.html'), 'utf8')).toContain('<figure>');
    expect(await evidenceFor(connection as never, 'r7', directory)).toBe(null);
  });

  test('a cancelled job waits for no report longer than a second: the runner ends it soon', async () => {
    vi.stubEnv('GITHUB_ACTIONS', 'true');
    vi.stubEnv('GITHUB_STEP_SUMMARY', '/dev/null');
    vi.stubEnv('GITHUB_OUTPUT', '/dev/null');
    const app = { ...anApp().in('gating'), released: 42 };
    const alarms: number[] = [];
    const clock = {
      alarm: (ms: number, ring: () => void) => {
        alarms.push(ms);
        queueMicrotask(ring);
        return () => undefined;
      },
    };
    const journal = { read: () => new Promise(() => undefined) };
    for (const is of ['interrupted', 'rest'] as const) {
      const connection = {
        output: { live: false, note() {}, settle() {}, group() {}, result() {}, progress() {} },
        controller: () => ({ drive: async () => ({ is, app, because: 'SIGINT' }) }),
        wired: { counters: () => ({}), world: { clock, journal } },
      };
      await drive(connection as never, { kind: 'promote', release: 'r42' }, {}, []);
    }
    vi.unstubAllEnvs();
    expect(alarms).toEqual([1_000, 5_000]);
  });
});

async function keepStory(): Promise<void> {
  const log = `the app said ${canary} aloud`;
  const { entries, kept } = await aStory({ errors: 0.08, log });
  const journal = join(directory, 'journal');
  await mkdir(join(journal, 'reports'), { recursive: true });
  await writeFile(join(journal, 'shop.jsonl'), encode(entries));
  for (const [name, part] of kept)
    await writeFile(
      join(journal, 'reports', `shop.${name}.json`),
      encodeRecording(part, (one) => one),
    );
}

async function runnerFiles() {
  const place = await mkdtemp(join(directory, 'runner-'));
  const [summary, output] = [join(place, 'summary.md'), join(place, 'output')];
  await Promise.all([summary, output].map((file) => writeFile(file, '')));
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: output };
  const read = async () => ({
    summary: await readFile(summary, 'utf8'),
    output: await readFile(output, 'utf8'),
  });
  return { env, read };
}

async function run(more: Readonly<Record<string, string>>, ...words: readonly string[]) {
  const env = { PATH: process.env.PATH, HOME: directory, DIGITALOCEAN_TOKEN: canary, ...more };
  const child = spawn(process.execPath, [program, ...words], { cwd: directory, env });
  const ran = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    ran.out += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    ran.err += chunk.toString('utf8');
  });
  const [code] = await once(child, 'close');
  return { code: code as number | null, ...ran };
}

function settings(port: number): string {
  return `app: shop
cloud: { token: "\${DIGITALOCEAN_TOKEN}", endpoint: "http://127.0.0.1:${port}", balancer: 4de7ac8b-495b-4884-9a69-1050c6793cd6 }
pools: { a: { droplets: [1, 2] }, b: { droplets: [3, 4] } }
hosts: { user: deploy, knownHosts: ./known_hosts }
compose: { file: compose.yml, directory: /srv/shop }
images: { web: registry.example/acme/shop/web }
traffic: { ports: [8080], health: /health, identity: none }
journal: { file: ./journal }
policy: standard
`;
}
