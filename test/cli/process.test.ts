// bgctl as scripts run it: exit codes, what stands on stdout, and what is said on stderr.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exit } from '../../src/cli/exit.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const canary = `dop_v1_${'0c'.repeat(32)}`;
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bgctl-cli-'));
  await writeFile(join(directory, 'bad.yml'), `app: Shop\ncloud: { token: ${canary} }\n`);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

describe('bgctl', () => {
  test('--version prints the version and nothing else', async () => {
    const { code, out, err } = await run('--version');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.skipIf(!existsSync('/dev/full'))(
    'goes on, and ends with its own exit code, when nobody takes what it says: a full disk, a reader that went away',
    async () => {
      const full = openSync('/dev/full', 'w');
      const said = spawn(process.execPath, [program, 'status', '--config', 'none.yml'], {
        cwd: directory,
        stdio: ['ignore', full, full],
      });
      expect((await once(said, 'close'))[0]).toBe(2);
      const help = spawn(process.execPath, [program, '--help'], {
        stdio: ['ignore', full, 'pipe'],
      });
      let told = '';
      help.stderr?.on('data', (chunk: Buffer) => {
        told += chunk.toString('utf8');
      });
      expect((await once(help, 'close'))[0]).toBe(0);
      expect(told).toMatch(/^stdout cannot be written to: ENOSPC.*\n$/);
      closeSync(full);
      const gone = spawn(process.execPath, [program, '--help'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      gone.stdout.destroy();
      gone.stderr.destroy();
      expect((await once(gone, 'close'))[0]).toBe(0);
    },
  );

  test('--help lists every command, on stdout', async () => {
    const { code, out, err } = await run('--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const listed = [...out.matchAll(/^ {2}bgctl (\w+)/gm)].map((match) => match[1]);
    expect(listed.join(' ')).toBe(
      'promote abort approve hold extend status history show report plan check rehearse resume resolve logs',
    );
  });

  test('--help tells the exit codes, and that of a command an example', async () => {
    const main = await run('--help');
    for (const code of Object.values(exit))
      expect(main.out).toMatch(new RegExp(`^ *${code}  `, 'm'));
    const { code, out } = await run('history', '--help');
    expect(code).toBe(0);
    expect(out).toContain('bgctl history --most 5');
    expect(out).toContain('exit codes: bgctl --help');
    expect(out).not.toContain('rolled back');
  });

  test('an unknown command is refused with exit 2, and nothing is on stdout', async () => {
    expect(await run('promot')).toEqual({
      code: 2,
      out: '',
      err: 'There is no such command. Did you mean promote?\n',
    });
  });

  test('without a configuration it says which file is missing and what to do', async () => {
    expect(await run('status')).toEqual({
      code: 2,
      out: '',
      err: 'bgctl.yml does not exist: write one (examples/quickstart/bgctl.yml) or name it with --config\n',
    });
  });

  test('a bad configuration is refused with every problem, its line and the mend', async () => {
    const { code, out, err } = await run('promote', 'v2', '--config', 'bad.yml');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('bad.yml:1:6  app: "Shop" is not the name of an app\n    write ');
    expect(err).toContain('bad.yml:1:1  pools: is missing\n');
    expect(err).toMatch(/\nNothing was touched\.\n$/);
  });

  test('--json: a refusal is one object on one line of stdout, and stderr is empty', async () => {
    const { code, out, err } = await run('promote', 'v2', '--config', 'bad.yml', '--json');
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(out.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({ event: 'result', exit: 2, outcome: 'refused' });
    expect(out).not.toContain(canary);
  });
});

type Ran = { code: number | null; out: string; err: string };

async function run(...words: readonly string[]): Promise<Ran> {
  const env = { PATH: process.env.PATH, HOME: directory };
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
