// The guard of remote writes, run by this machine's own shell: order, lock, time limit.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { guardedWords, runGuarded } from '../../src/hosts/guarded.ts';
import type { Ran } from '../../src/hosts/session.ts';
import type { SshHost } from '../../src/hosts/ssh.ts';
import { Failure } from '../../src/lib/failure.ts';
import { shopSettings } from './settings.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bgctl-guard-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const place = { project: 'shop-r42', droplet: 3 };
const settings = () => shopSettings({ compose: { directory } });

/** A droplet that is this machine. */
const here = {
  exec(words: readonly string[]): Promise<Ran> {
    const [program = '', ...rest] = words;
    return new Promise((resolve) => {
      execFile(program, rest, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 255), stdout, stderr });
      });
    });
  },
} as unknown as SshHost;

type Given = { epoch: number; turn: number; limitMs?: number; project?: string };

function write(given: Given, ...command: string[]): Promise<Ran> {
  const limitMs = given.limitMs ?? 20_000;
  const signal = new AbortController().signal;
  return runGuarded(settings(), here, {
    place: { ...place, project: given.project ?? place.project },
    guard: { epoch: given.epoch, limitMs, signal },
    turn: given.turn,
    limitMs,
    command,
    what: 'Start',
  });
}

async function failure(result: Promise<unknown>): Promise<Failure> {
  const error = await result.catch((thrown: unknown) => thrown);
  if (error instanceof Failure) return error;
  throw new Error(`no failure: ${JSON.stringify(error)}`);
}

const slowly = 'echo in >>"$1"; sleep 0.5; echo out >>"$1"';

const when = async (truth: () => boolean) => {
  while (!truth()) await new Promise((resolve) => setTimeout(resolve, 10));
};

describe('a guarded write', () => {
  test('is one array of words, with the data behind the script', () => {
    const words = guardedWords(settings(), place, 7, { turn: 9, limitS: 60 }, ['docker', 'ps']);
    expect(words.slice(0, 2)).toEqual(['sh', '-c']);
    expect(words.slice(3)).toEqual([
      'bgctl',
      `${directory}/.bgctl`,
      'shop',
      'shop-r42',
      '7',
      '9',
      '50',
      '10',
      'docker',
      'ps',
    ]);
  });

  test('runs, hands its words on unchanged, and gives exit code and output back', async () => {
    const ran = await write(
      { epoch: 1, turn: 1 },
      'sh',
      '-c',
      'printf "%s|" "$@"; exit 3',
      'x',
      "a'b",
      '$(id)',
      '',
    );
    expect(ran).toMatchObject({ code: 3, stdout: "a'b|$(id)||" });
  });

  test('of an earlier epoch is refused and changes nothing', async () => {
    await write({ epoch: 5, turn: 10 }, 'true');
    const mark = join(directory, 'mark');
    const refused = await failure(write({ epoch: 4, turn: 99 }, 'touch', mark));
    expect(refused.message).toContain('epoch 5');
    expect(refused).toMatchObject({ from: 'fence', retry: 'never' });
    expect(existsSync(mark)).toBe(false);
  });

  test('of an earlier epoch is refused on every project of the app', async () => {
    await write({ epoch: 5, turn: 10, project: 'shop-r41' }, 'true');
    const refused = await failure(write({ epoch: 4, turn: 11 }, 'true'));
    expect(refused.message).toContain('epoch 5');
  });

  test('of an earlier epoch is refused although the app’s file was lost', async () => {
    await write({ epoch: 5, turn: 10 }, 'true');
    rmSync(join(directory, '.bgctl/shop.epoch'));
    expect((await failure(write({ epoch: 4, turn: 11 }, 'true'))).message).toContain('epoch 5');
  });

  test('that was given up and lands after a later one of the same controller is refused', async () => {
    await write({ epoch: 5, turn: 10 }, 'true');
    const late = await failure(write({ epoch: 5, turn: 9 }, 'true'));
    // The controller is its own successor: nothing tells it to stop.
    expect(late.from).toBe('host');
    expect(late.message).toContain('too late');
    expect((await write({ epoch: 5, turn: 11 }, 'true')).code).toBe(0);
    expect((await write({ epoch: 6, turn: 1 }, 'true')).code).toBe(0);
  });

  test('waits for the command before it', async () => {
    const log = join(directory, 'log');
    const slow = write({ epoch: 1, turn: 1 }, 'sh', '-c', slowly, 'x', log);
    await when(() => existsSync(log));
    await write({ epoch: 2, turn: 2 }, 'sh', '-c', 'echo new >>"$1"', 'x', log);
    await slow;
    expect(readFileSync(log, 'utf8')).toBe('in\nout\nnew\n');
  });

  test('queued behind the lock is judged when its turn comes, not when it arrived', async () => {
    const log = join(directory, 'log');
    const slow = write({ epoch: 1, turn: 1 }, 'sh', '-c', slowly, 'x', log);
    await when(() => existsSync(log));
    const queued = failure(write({ epoch: 1, turn: 2 }, 'sh', '-c', 'echo old >>"$1"', 'x', log));
    await write({ epoch: 2, turn: 3, project: 'shop-r41' }, 'true');
    expect((await queued).message).toContain('epoch 2');
    await slow;
    expect(readFileSync(log, 'utf8')).toBe('in\nout\n');
  });

  test('keeps the lock as long as its command lives, even when the guard’s shell is gone', async () => {
    const log = join(directory, 'log');
    const words = guardedWords(settings(), place, 1, { turn: 1, limitS: 20 }, [
      'sh',
      '-c',
      'echo in >>"$1"; sleep 0.5; echo out >>"$1"',
      'x',
      log,
    ]);
    const child = execFile(words[0] ?? '', words.slice(1), () => {});
    await when(() => existsSync(log));
    child.kill('SIGKILL');
    await write({ epoch: 2, turn: 2 }, 'sh', '-c', 'echo new >>"$1"', 'x', log);
    expect(readFileSync(log, 'utf8')).toBe('in\nout\nnew\n');
  });

  test('of two projects does not wait for the other', async () => {
    const log = join(directory, 'log');
    const slow = write(
      { epoch: 1, turn: 1 },
      'sh',
      '-c',
      'echo in >"$1"; sleep 0.5; echo out >>"$1"',
      'x',
      log,
    );
    await when(() => existsSync(log));
    await write(
      { epoch: 1, turn: 2, project: 'shop-r41' },
      'sh',
      '-c',
      'echo other >>"$1"',
      'x',
      log,
    );
    await slow;
    expect(readFileSync(log, 'utf8')).toBe('in\nother\nout\n');
  });

  test('that takes too long is ended there, with what it started, and says so', async () => {
    const mark = join(directory, 'mark');
    const over = await failure(
      write({ epoch: 1, turn: 1, limitMs: 2_000 }, 'sh', '-c', 'sleep 8; touch "$1"', 'x', mark),
    );
    expect(over.message).toContain('was ended there after 2 s');
    expect(over).toMatchObject({ retry: 'soon', ambiguous: true });
    // Its lock is free again: nothing of it is left.
    await write({ epoch: 1, turn: 2 }, 'true');
    expect(existsSync(mark)).toBe(false);
  });

  test('that waited for a part of a second has the rest of its time, wherever in a second that was', async () => {
    const runs = [0, 1, 2, 3, 4].map(async (fifth) => {
      const project = `shop-r4${fifth}`;
      const log = join(directory, `log${fifth}`);
      await new Promise((resolve) => setTimeout(resolve, fifth * 200));
      const command = ['sh', '-c', 'echo in >"$1"; sleep 0.4', 'x', log];
      const slow = write({ epoch: 1, turn: 1, project }, ...command);
      await when(() => existsSync(log));
      // Its share for the command is one second.
      const { code } = await write({ epoch: 1, turn: 2, limitMs: 2_000, project }, 'true');
      await slow;
      return code;
    });
    expect(await Promise.all(runs)).toEqual([0, 0, 0, 0, 0]);
  });

  test('that cannot get the lock in time says who is in the way', async () => {
    const log = join(directory, 'log');
    const slow = write({ epoch: 1, turn: 1 }, 'sh', '-c', 'echo in >"$1"; sleep 2.5', 'x', log);
    await when(() => existsSync(log));
    const late = await failure(write({ epoch: 1, turn: 2, limitMs: 2_000 }, 'true'));
    expect(late.message).toContain('another command holds the lock of shop-r42');
    expect(late.retry).toBe('soon');
    await slow;
  });

  test('is refused where the fence is unreadable, rather than taken for the first', async () => {
    await write({ epoch: 5, turn: 10 }, 'true');
    writeFileSync(join(directory, '.bgctl/shop.epoch'), 'five\n');
    expect((await failure(write({ epoch: 6, turn: 11 }, 'true'))).message).toContain('numbers');
  });
});
