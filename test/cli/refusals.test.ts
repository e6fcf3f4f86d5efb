// Command lines that are refused before anything is asked of anybody: exit 2, a sentence, no secret.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { cli } from '../../src/cli/cli.ts';
import { bgctlYml, changed, composeYml } from '../policy/texts.ts';
import { capture } from './streams.ts';

const canary = `dop_v1_${'0c'.repeat(32)}`;
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bgctl-refusals-'));
  await writeFile(join(directory, 'good.yml'), bgctlYml);
  await writeFile(join(directory, 'compose.yml'), composeYml);
  await writeFile(join(directory, 'token.yml'), `app: shop\ncloud: { token: ${canary} }\n`);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('bgctl refuses, with exit 2 and a sentence on stderr', () => {
  test.each([
    [['frobnicate'], 'Unknown argument: frobnicate; `bgctl --help` lists what there is'],
    [['promot'], 'There is no such command. Did you mean promote?'],
    [[], 'name a command; `bgctl --help` lists them'],
    [['--', 'promote', 'v2'], 'name a command; `bgctl --help` lists them'],
    [['status', '--nope'], 'Unknown argument: nope; `bgctl --help` lists what there is'],
    [['bogus'], 'Unknown argument: bogus; `bgctl --help` lists what there is'],
    [['--config', 'x.yml', 'histroy'], 'There is no such command. Did you mean history?'],
    [['history', '--most', 'abc'], '--most abc is not a number from 1 on: write --most 20'],
    [['history', '--most', '1.5'], '--most 1.5 is not a number from 1 on: write --most 20'],
    [['logs', '--lines', '-5'], '--lines -5 is not a number from 1 on: write --lines 50'],
    [['logs', '--lines', '0'], '--lines 0 is not a number from 1 on: write --lines 50'],
    [['promote', '--timeout', '5x'], '--timeout 5x is not a duration: write 90s, 10m or 1h'],
    [
      ['promote', '--timeout', '600h'],
      '--timeout 600h is too long: the longest is 596h, and without it there is no limit',
    ],
  ])('%j', async (words, sentence) => {
    expect(await run(...words)).toEqual({ code: 2, out: '', err: `${sentence}\n` });
  });

  test('a file that is not there, by its name', async () => {
    const { code, out, err } = await run('status', '--config', 'none.yml');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^none\.yml does not exist: write one /);
  });

  test('to begin without the token that the configuration names', async () => {
    vi.stubEnv('DIGITALOCEAN_TOKEN', '');
    const { code, out, err } = await run('abort', '--config', join(directory, 'good.yml'));
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('the environment variable DIGITALOCEAN_TOKEN is not set: ');
  });
});

describe('a policy that cannot work with the bgctl.yml', () => {
  const of = (word: string) => run(word, '--config', join(directory, 'nameless.yml'));

  beforeAll(async () => {
    const identity = 'identity: { header: x-bgctl-environment, path: / }';
    const nameless = `${changed(bgctlYml, identity, 'identity: none')}policy: ./p.yml\n`;
    await writeFile(join(directory, 'nameless.yml'), nameless);
    const gate =
      'name: g, probe: { http: { of: balancer } }, judge: { outOf: { failures: 1, of: 5 } }';
    await writeFile(join(directory, 'p.yml'), `switch:\n  gates:\n    - { ${gate} }\n`);
  });

  test.each(['promote', 'plan', 'check'])('is refused by %s, with its place', async (word) => {
    vi.stubEnv('DIGITALOCEAN_TOKEN', canary);
    const { code, err } = await of(word);
    expect(code).toBe(2);
    expect(err).toMatch(
      /p\.yml:3:\d+ {2}switch\.gates\[0\]\.probe\.http\.of: this gate could never pass/,
    );
    expect(err).toContain('Nothing was touched.');
  });

  test('does not keep anybody from what is under way: there only the token is missed', async () => {
    vi.stubEnv('DIGITALOCEAN_TOKEN', '');
    const { err } = await of('abort');
    expect(err).toContain('DIGITALOCEAN_TOKEN is not set');
    expect(err).not.toContain('could never pass');
  });
});

describe('I8: a refusal repeats no secret', () => {
  test.each([[[]], [['--json']]])('a token in the configuration, said %j', async (json) => {
    const { code, out, err } = await run(
      'status',
      '--config',
      join(directory, 'token.yml'),
      ...json,
    );
    expect(code).toBe(2);
    expect(out + err).toContain('cloud.token: must be a reference');
    expect(out + err).not.toContain(canary);
  });

  test('a token that was typed where a file name belongs', async () => {
    const { out, err } = await run('status', '--config', `${canary}.yml`);
    expect(out).toBe('');
    expect(err).toContain('[redacted].yml does not exist');
  });

  test('a password of the environment, quotes and all', async () => {
    vi.stubEnv('MY_PASSWORD', 'hunter"2-canary');
    const { out } = await run('hunter"2-canary', '--json');
    expect(JSON.parse(out).message).toContain('Unknown argument: [redacted];');
    expect(out).not.toContain('2-canary');
  });
});

test('I8: nor does a refusal repeat the password in an address of the environment', async () => {
  vi.stubEnv('JOURNAL', 'postgresql://shop:c%40nary-7f3a@db.example.com/shop');
  const { out } = await run('c@nary-7f3a', 'c%40nary-7f3a', '--json');
  expect(JSON.parse(out).message).toContain('Unknown arguments: [redacted], [redacted];');
});

async function run(
  ...words: readonly string[]
): Promise<{ code: number; out: string; err: string }> {
  const written = capture();
  const code = await cli(words, '1.2.3');
  return { code, out: written.out.join(''), err: written.err.join('') };
}
