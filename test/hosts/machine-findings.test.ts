// What check tells of a droplet as a machine: kernel, engine, clock and room, each well, doubtful and bad.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clockAhead } from '../../src/hosts/clock-ahead.ts';
import { dropletFacts, type HostFacts } from '../../src/hosts/facts.ts';
import { machineFindings } from '../../src/hosts/machine-findings.ts';
import type { SshHost, SshPool } from '../../src/hosts/ssh.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { here } from './here.ts';
import { shopSettings } from './settings.ts';

const gib = 1024 ** 3;
const well: HostFacts = {
  docker: '28.0.1',
  dockerTrouble: '',
  notRoot: null,
  compose: '2.34.0',
  missingPrograms: [],
  tcpTrouble: null,
  diskFreeBytes: 20 * gib,
  memoryAvailableBytes: 2 * gib,
  kernel: '5.15.0-105-generic',
  synchronised: true,
  ahead: { ms: 40, withinMs: 20 },
  directoryTrouble: null,
  logins: {},
};

function verdict(what: string, changes: Partial<HostFacts>): string {
  const found = machineFindings({ ...well, ...changes }).find((one) => one.what === what);
  return `${found?.verdict} ${found?.detail}`;
}

test('a droplet that has it all is well', () => {
  expect(machineFindings(well).filter((one) => one.verdict !== 'ok')).toEqual([]);
});

test.each([
  ['kernel', { kernel: '6.8.0' }, 'ok 6.8.0'],
  [
    'kernel',
    { kernel: '5.4.0-1' },
    'warn 5.4.0-1 is older than what Ubuntu 22.04 came with (5.15)',
  ],
  ['kernel', { kernel: null }, 'warn could not be read'],
  ['Docker Engine', { docker: '20.10.24' }, 'ok 20.10.24'],
  [
    'Docker Engine',
    { docker: '19.03.15' },
    'warn 19.03.15 is older than what Ubuntu 22.04 came with (20.10)',
  ],
  ['Docker Engine', { docker: null, dockerTrouble: 'no such file' }, 'fail no such file'],
  ['Docker Compose', { compose: 'v2.0.0' }, 'ok v2.0.0'],
  ['Docker Compose', { compose: '1.29.2' }, 'fail 1.29.2 is not V2'],
  ['Docker Compose', { compose: null }, 'fail docker compose is missing'],
  ['disk free', { diskFreeBytes: 5 * gib }, 'ok 5.0 GiB'],
  ['disk free', { diskFreeBytes: 3 * gib }, 'warn only 3.0 GiB, want 5.00 GiB'],
  ['disk free', { diskFreeBytes: gib }, 'fail only 1.0 GiB, want 2.00 GiB'],
  ['disk free', { diskFreeBytes: null }, 'warn could not be read'],
  ['memory available', { memoryAvailableBytes: 0.3 * gib }, 'warn only 0.3 GiB, want 0.50 GiB'],
  ['memory available', { memoryAvailableBytes: 0.1 * gib }, 'fail only 0.1 GiB, want 0.25 GiB'],
  [
    'time synchronisation',
    { synchronised: false },
    'warn the clock is not synchronised, or not yet',
  ],
  [
    'time synchronisation',
    { synchronised: null },
    'warn not known: neither systemd nor chrony tells',
  ],
  [
    'clock',
    { ahead: { ms: -1_900, withinMs: 0 } },
    "ok 1.9 s behind this machine's, 0.0 s more or less",
  ],
  [
    'clock',
    { ahead: { ms: 2_200, withinMs: 100 } },
    "warn 2.2 s before this machine's, 0.1 s more or less",
  ],
  [
    'clock',
    { ahead: { ms: 2_200, withinMs: 500 } },
    "ok 2.2 s before this machine's, 0.5 s more or less",
  ],
  [
    'clock',
    { ahead: { ms: -31_000, withinMs: 100 } },
    "fail 31.0 s behind this machine's, 0.1 s more or less",
  ],
  ['clock', { ahead: null }, 'warn could not be read'],
] as const)('%s of %j is %s', (what, changes, said) => {
  expect(verdict(what, changes)).toBe(said);
});

describe('a clock', () => {
  const asked = (stdout: string, tookMs = 400) => {
    let now = 1_700_000_000_000;
    const host = {
      exec: async () => {
        now += tookMs;
        return { code: 0, stdout, stderr: '' };
      },
    } as unknown as SshHost;
    return clockAhead(host, { ...systemClock, now: () => now });
  };

  test('is compared with the middle of the way there and back', async () => {
    expect(await asked('1700000005.200999999\n')).toEqual({ ms: 5_000, withinMs: 200 });
    expect(await asked('1699999995.200\n')).toEqual({ ms: -5_000, withinMs: 200 });
  });

  test('that says whole seconds only is known half a second less well', async () => {
    expect(await asked('1700000000\n')).toEqual({ ms: 300, withinMs: 700 });
  });

  test.each(['', 'date: not found', '12'])('that says “%s” is not known', async (said) => {
    expect(await asked(said)).toBeNull();
  });
});

describe('as this machine’s own shell tells them', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'bgctl-machine-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** What is known on this machine where neither program says anything. */
  const marked = existsSync('/run/systemd/timesync/synchronized') ? true : null;
  const quiet = { docker: 'exit 1', timedatectl: 'exit 1', chronyc: 'exit 1' };

  async function facts(programs: Readonly<Record<string, string>>): Promise<HostFacts> {
    const host = here(directory, { programs: { ...quiet, ...programs } });
    const reached = Object.assign(host, {
      connectTcp: async () => ({ destroy: () => undefined }),
    });
    const pool = { on: () => reached } as unknown as SshPool;
    const settings = shopSettings({ compose: { directory } });
    return dropletFacts({ settings, pool, clock: systemClock }).hostFacts(1, []);
  }

  test.each([
    ['timedatectl that is content', { timedatectl: 'echo yes' }, true],
    ['timedatectl that is not', { timedatectl: 'echo no' }, false],
    ['chrony that is content', { chronyc: "echo 'Leap status     : Normal'" }, true],
    ['chrony that is not', { chronyc: "echo 'Leap status     : Not synchronised'" }, false],
    ['systemd’s own mark, or of nobody', {}, marked],
    [
      'a timedatectl that says something else',
      { timedatectl: 'echo Failed to connect to bus' },
      marked,
    ],
  ])('time is synchronised by the word of %s', async (_, programs, synchronised) => {
    expect((await facts(programs)).synchronised).toBe(synchronised);
  });

  test('kernel and clock are read, and this machine agrees with itself', async () => {
    const { kernel, ahead } = await facts({ uname: 'echo 6.1.0-18-amd64' });
    expect(kernel).toBe('6.1.0-18-amd64');
    const { ms = Number.NaN, withinMs = 0 } = ahead ?? {};
    // Less by the thousandths that are cut off.
    expect(Math.abs(ms)).toBeLessThanOrEqual(withinMs + 1);
    expect((await facts({ date: 'echo 1700000000.000' })).ahead?.ms).toBeLessThan(-30_000);
  });
});
