// bgctl rehearse as people run it: what it needs, what it prints, and what it refuses before anything is simulated.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { cli } from '../../src/cli/cli.ts';
import { kinds } from '../../src/simulator/kinds.ts';
import { bgctlYml } from '../policy/texts.ts';
import { capture } from './streams.ts';

let directory = '';
const at = (name: string) => join(directory, name);

const quick = `
name: quick
gate: { limit: 1m, minimum: 5s, gates: [ { name: alive, probe: { http: {} }, every: 1s, judge: { consecutive: { passes: 3, failures: 3 } } } ] }
switch: { limit: 3m }
verify: { limit: 1m, minimum: 20s, gates: [ { name: alive, probe: { http: {} }, every: 1s, judge: { outOf: { failures: 3, of: 10 } } } ] }
drain: { limit: 30s, quiet: 5s, warm: 0s }
`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bgctl-rehearse-'));
  await writeFile(at('quick.yml'), quick);
  await writeFile(at('bad.yml'), 'gate: { limt: 5m }\nverify: { limit: soon }\n');
  await writeFile(at('bgctl.yml'), `${bgctlYml}policy: ./quick.yml\n`);
});

afterAll(() => rm(directory, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

async function run(...words: readonly string[]) {
  const written = capture();
  const code = await cli(['rehearse', ...words], '1.2.3');
  return { code, out: written.out.join(''), err: written.err.join('') };
}

describe('bgctl rehearse', () => {
  test('rehearses a policy without a bgctl.yml: a row for each kind of release, and what to know', async () => {
    const { code, out, err } = await run('--policy', at('quick.yml'), '--runs', '1');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^The policy quick against 10 requests\/s, one run of each release, seed 1\n/,
    );
    for (const { name } of kinds) expect(out).toMatch(new RegExp(`^${name} +\\d+ %`, 'm'));
    expect(out).toMatch(/^A good release takes \d+m\d\ds; everybody is on it after \d+m\d\ds\.$/m);
    expect(out.replace(/\s+/g, ' ')).toContain('no gate asks the way people come');
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('--json: an object a line, the last one with the remarks; the same twice, another from another seed', async () => {
    const words = ['--policy', at('quick.yml'), '--runs', '2', '--json'];
    const { code, out } = await run(...words);
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(lines.map(({ event }) => event)).toEqual([...kinds.map(() => 'rehearsed'), 'result']);
    expect(lines[0]).toMatchObject({ release: 'healthy', runs: 2, promoted: 2 });
    expect(lines.at(-1)).toMatchObject({ exit: 0, outcome: 'rehearsed', policy: 'quick', seed: 1 });
    expect((await run(...words)).out).toBe(out);
    expect((await run(...words, '--seed', '2')).out).not.toBe(out);
  });

  test('takes the policy that bgctl.yml names, needs no token for it, and writes a page', async () => {
    vi.stubEnv('DIGITALOCEAN_TOKEN', '');
    const page = at('page.html');
    const { code, out } = await run('--config', at('bgctl.yml'), '--runs', '1', '--html', page);
    vi.unstubAllEnvs();
    expect(code).toBe(0);
    expect(out).toMatch(/^The policy quick /);
    expect(out.trimEnd().split('\n').at(-1)).toBe(page);
    expect(await readFile(page, 'utf8')).toContain('<title>quick: rehearsal</title>');
  });
});

describe('bgctl rehearse refuses, with exit 2, before anything is simulated,', () => {
  test('a policy with mistakes: all of them, each with its place and the mend', async () => {
    const { code, out, err } = await run('--policy', at('bad.yml'));
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('bad.yml:1:9  gate.limt: ');
    expect(err).toContain('bad.yml:2:18  verify.limit: ');
  });

  test.each([
    [['--runs', '0'], /^--runs must be a whole number from 1 to 10000\n$/],
    [['--runs', '1.5'], /^--runs must be a whole number/],
    [['--runs', 'many'], /^--runs must be a whole number/],
    [['--against', '0'], /^--against must be a number of requests a second, more than 0/],
    [['--against', '-3'], /^--against must be/],
    [['--against', '1e9'], /^--against must be/],
    [['--seed', '-1'], /^--seed must be a whole number/],
    [
      ['--policy', 'fast'],
      /^--policy fast: no such policy comes with bgctl; write one of standard, cautious, swift, demo, or a path/,
    ],
    [['--policy', './none.yml'], /^\.\/none\.yml does not exist/],
    [['--config', 'none.yml'], /^none\.yml does not exist/],
    [['--polcy', 'x'], /^Unknown argument: polcy/],
  ])('%j', async (words, sentence) => {
    const { code, out, err } = await run(...words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(sentence);
  });

  test('a page that cannot be written', async () => {
    const { code, err } = await run(
      '--policy',
      at('quick.yml'),
      '--runs',
      '1',
      '--html',
      at('none/page.html'),
    );
    expect(code).toBe(2);
    expect(err).toMatch(/none\/page\.html cannot be written: /);
  });
});
