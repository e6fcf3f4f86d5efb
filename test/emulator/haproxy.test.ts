// HAProxy as a data plane beyond what every plane does: its words, its reload, its process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { configOf, serverWords } from '../../src/emulator/haproxy/config.ts';
import { countLine, stateIn } from '../../src/emulator/haproxy/log.ts';
import { findHaproxy } from '../../src/emulator/haproxy/program.ts';
import { healthOf, rowsOf, sessionsOf, workersIn } from '../../src/emulator/haproxy/stats.ts';
import { turnKnobs } from '../../src/emulator/knobs.ts';
import { noCounters } from '../../src/emulator/plane.ts';
import { settingsFrom, settingsOf } from '../../src/emulator/settings.ts';
import { StrictConnection } from '../clients.ts';
import { root } from '../sources.ts';
import { anAccount, balancerId, vpc } from './account.ts';
import { until } from './droplet.ts';
import { onHaproxy } from './planes.ts';
import { addresses, allUp, ask, begin, end, get, type World } from './world.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  while (undo.length > 0) await undo.pop()?.();
  await end();
});

describe('the program', () => {
  async function aProgram(says: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'haproxy-'));
    undo.push(() => rm(folder, { recursive: true }));
    const file = join(folder, 'haproxy');
    await writeFile(file, `#!/bin/sh\necho "${says}"\n`);
    await chmod(file, 0o755);
    return file;
  }

  it('is found when it is new enough', async () => {
    const old = await aProgram(
      'HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/',
    );
    expect(await findHaproxy(['/nowhere/haproxy', old])).toBe(old);
    const new_ = await aProgram('HAProxy version 3.0.1-1 2027/01/01');
    expect(await findHaproxy([new_])).toBe(new_);
  });

  it('is asked for, with the words to install it, when it is missing or too old', async () => {
    await expect(findHaproxy(['/nowhere/haproxy'])).rejects.toThrow(
      /not on this machine. Install it .*apt-get install --no-install-recommends haproxy/,
    );
    const old = await aProgram('HAProxy version 2.4.24-0ubuntu0.22.04 2026/01/01');
    await expect(findHaproxy([old])).rejects.toThrow(/is HAProxy 2\.4\.24\S*; 2\.6 or newer/);
  });
});

describe('the configuration', () => {
  const place = { address: '127.0.0.1', port: 8000, stateFile: '/x/states' };
  const knobs = turnKnobs({}, {});
  const settings = (balancer = {}) => {
    const [options] = anAccount({ balancer }).balancers;
    const full = { ...options, httpIdleTimeoutSeconds: 60, enableBackendKeepalive: false };
    return settingsFrom(settingsOf({ ...full, ...balancer } as never, 8000), false);
  };

  it('says the balancer’s own interval, thresholds and times', () => {
    expect(serverWords('127.0.2.1', settings(), knobs)).toBe(
      '127.0.2.1:9 check port 9 inter 100ms rise 3 fall 2 pool-max-conn 500 pool-purge-delay 4000ms',
    );
    const text = configOf(place, settings(), knobs, []);
    for (const line of [
      'bind 127.0.0.1:8000',
      'timeout check 500ms',
      'retries 0',
      'timeout http-keep-alive 60000ms',
      'timeout tunnel 3600000ms',
      'http-reuse never',
      'option http-server-close',
      "http-check send meth GET uri '/health' ver HTTP/1.1",
      'http-check expect status 200-299',
    ])
      expect(text).toContain(line);
    const kept = configOf(place, settings({ enableBackendKeepalive: true }), knobs, []);
    expect(kept).toContain('option http-keep-alive');
  });

  it('takes no words from a path', () => {
    const [options] = anAccount().balancers;
    const path = `/a b'\n  server evil 127.0.0.1:1 # %[env(HOME)]`;
    const text = configOf(
      place,
      settings({ healthCheck: { ...options?.healthCheck, path } }),
      knobs,
      [],
    );
    expect(text).toContain(
      `uri '/a%20b%27%0A%20%20server%20evil%20127.0.0.1:1%20#%20%[env(HOME)]' ver`,
    );
  });
});

describe('what it prints', () => {
  it.each([
    ['request 200 -- droplet-1.1', { classes: { '2xx': 1 } }],
    ['request 503 SC <NOSRV>', { classes: { '5xx': 1 }, noTarget: 1 }],
    ['request 503 SC droplet-1.1', { classes: { '5xx': 1 }, refused: 1 }],
    ['request 502 SH droplet-1.1', { classes: { '5xx': 1 }, refused: 1 }],
    ['request 200 SD droplet-1.1', { classes: { '2xx': 1 }, broken: 1 }],
    ['request 502 KH droplet-1.1', { classes: { '5xx': 1 }, cut: 1 }],
    ['request 504 sH droplet-1.1', { classes: { '5xx': 1 }, timedOut: 1 }],
    ['request 101 cD droplet-1.1', { classes: { '1xx': 1 }, timedOut: 1 }],
    ['request -1 CH droplet-1.1', { clientGone: 1 }],
    ['request 400 PR <NOSRV>', { classes: { '4xx': 1 } }],
  ])('%s is counted as what it was', (line, counted) => {
    const counters = noCounters();
    countLine(counters, line);
    expect(counters).toEqual({ ...noCounters(), requests: 1, ...counted });
  });

  it('of servers says which came up and which went down', () => {
    const up = 'Server targets/droplet-2.2 is UP, reason: Layer7 check passed, code: 200';
    expect(stateIn(up)).toEqual({ server: 'droplet-2.2', state: 'UP' });
    const down = 'Server targets/droplet-2.2 is going DOWN for maintenance. 0 active';
    expect(stateIn(down)).toEqual({ server: 'droplet-2.2', state: 'DOWN' });
    expect(stateIn('backend targets has no server available!')).toBeNull();
  });

  it.each([
    ['DOWN', 'INI', '', 0, { state: 'DOWN', passes: 0, fails: 0 }],
    ['DOWN 1/3', 'L7OK', '200', 1, { state: 'DOWN', passes: 1, fails: 0 }],
    ['DOWN', '* L7STS', '503', 0, { state: 'DOWN', passes: 0, fails: 2 }],
    ['UP', 'L7OK', '200', 4, { state: 'UP', passes: 3, fails: 0 }],
    ['UP 1/2', 'L7STS', '503', 3, { state: 'UP', passes: 0, fails: 1 }],
  ])('of a server that is %s after %s tells its health', (status, check, code, health, found) => {
    const rows = rowsOf(
      `# pxname,svname,status,check_status,check_code,check_rise,check_fall,check_health\ntargets,a,${status},${check},${code},3,2,${health}\n`,
    );
    expect(healthOf(rows[0] ?? {})).toMatchObject(found);
  });

  it('of its processes tells the one that takes requests from those that finish', () => {
    const text =
      '#<PID> <type> <reloads>\n12  master  2 [failed: 1]  0d\n# workers\n31   worker  0  0d\n# old workers\n30   worker  1  0d\n';
    expect(workersIn(text)).toEqual({ current: 31, old: [30], failed: 1 });
    expect(rowsOf('Can’t find the target')).toEqual([]);
    const sessions =
      '0x55b7: proto=tcpv4 fe=front be=targets srv=droplet-1.1 ts=00\n0x55b8: srv=droplet-1.10 ts=00\n';
    expect(sessionsOf('droplet-1.1', sessions)).toEqual(['0x55b7']);
  });
});

onHaproxy(() => {
  const put = (world: World, changes: object) =>
    world.call('PUT', `/load_balancers/${balancerId}`, {
      name: 'vulcan-lb',
      region: 'fra1',
      vpc_uuid: vpc,
      droplet_ids: [1, 2],
      forwarding_rules: [
        {
          entry_protocol: 'http',
          entry_port: 80,
          target_protocol: 'http',
          target_port: world.targetPort,
        },
      ],
      health_check: {
        protocol: 'http',
        port: world.targetPort,
        path: '/health',
        check_interval_seconds: 1,
        response_timeout_seconds: 3,
        healthy_threshold: 3,
        unhealthy_threshold: 2,
      },
      ...changes,
    });

  describe('a target that leaves', () => {
    it('may be looked at all the while', async () => {
      const world = await begin([1, 2], { plane: 'haproxy', knobs: { removal: 'cut' } });
      await allUp(world, 1, 2);
      for (const dropletIds of [[1], [1, 2], [2], [1, 2], [1], [1, 2]]) {
        const looks = Array.from({ length: 4 }, () => world.emulator.state());
        world.emulator.edit({ balancer: 'vulcan-lb', dropletIds });
        for (let n = 0; n < 4; n += 1) looks.push(world.emulator.state());
        await Promise.all(looks);
        const [balancer] = (await world.emulator.state()).balancers;
        const here = balancer?.targets.filter(({ leaving }) => !leaving) ?? [];
        expect(here.map((one) => one.dropletId).toSorted()).toEqual(dropletIds);
      }
    });
  });

  describe('a change of the settings', () => {
    it('loses no request, keeps who is healthy, and removal still reaches what began before', async () => {
      const world = await begin([1, 2], { plane: 'haproxy', knobs: { removal: 'cut' } });
      await allUp(world, 1, 2);
      const open = [ask(`${world.front}/hold`), ask(`${world.front}/hold`)];
      await until('each has one', () => world.first.seen.length + world.second.seen.length === 2);
      let asked = 0;
      let settled = false;
      const changed = put(world, { enable_backend_keepalive: true })
        .then(({ status }) => expect(status).toBe(200))
        .then(() => world.balancer())
        .finally(() => {
          settled = true;
        });
      while (!settled) {
        expect((await get(world.front)).status).toBe(200);
        asked += 1;
      }
      await changed;
      expect(asked).toBeGreaterThan(0);
      expect(await world.report(1)).toMatchObject({ state: 'UP', active: 1 });
      expect(await world.report(2)).toMatchObject({ state: 'UP', active: 1 });
      world.emulator.edit({ balancer: 'vulcan-lb', dropletIds: [2] });
      const [one] = await Promise.all([Promise.race(open), world.balancer()]);
      expect(one).toMatch(/^502/);
      world.second.release();
      expect((await Promise.all(open)).toSorted()).toEqual([
        `200 ${addresses[1]}`,
        expect.stringMatching(/^502/),
      ]);
    });

    it('makes nobody healthy who was not', async () => {
      const world = await begin([1, 2], { plane: 'haproxy' });
      world.second.healthStatus = 503;
      await allUp(world, 1);
      await until('the other is down', async () => (await world.report(2))?.state === 'DOWN');
      await put(world, { http_idle_timeout_seconds: 30 });
      await world.balancer();
      for (let i = 0; i < 6; i += 1) expect((await get(world.front)).text).toBe(addresses[0]);
      expect((await world.report(2))?.state).toBe('DOWN');
    });

    it('of the health check is followed', async () => {
      const world = await begin([1, 2], { plane: 'haproxy' });
      await allUp(world, 1, 2);
      world.first.healthStatus = 302;
      await until('it is down', async () => (await world.report(1))?.state === 'DOWN');
      world.emulator.setKnobs({ healthyStatuses: '2xx-3xx' });
      await allUp(world, 1, 2);
    });
  });

  describe('the process', () => {
    it('never has a new server take a request before its checks passed', async () => {
      const world = await begin([1], { plane: 'haproxy' });
      await allUp(world, 1);
      world.second.healthStatus = 503;
      let over = false;
      const client = async () => {
        const connection = await StrictConnection.to(world.front);
        while (!over)
          for (const { status } of await connection.ask('/', '/', '/', '/'))
            expect(status).toBe(200);
        connection.leave();
      };
      const clients = Promise.all([client(), client()]).finally(() => {
        over = true;
      });
      for (let round = 0; round < 40 && !over; round += 1) {
        for (const dropletIds of [[1, 2], [1]]) {
          world.emulator.edit({ balancer: 'vulcan-lb', dropletIds });
          await world.balancer();
        }
      }
      over = true;
      await clients;
      expect(world.first.seen.length).toBeGreaterThan(100);
      expect(world.second.seen).toEqual([]);
    });

    it('says why it does not start', async () => {
      const taken = createServer();
      await once(taken.listen(0, '127.0.0.1'), 'listening');
      undo.push(() => taken.close());
      const frontPort = (taken.address() as { port: number }).port;
      const before = await folders();
      const options = { ...anAccount({ balancer: { frontPort } }), plane: 'haproxy' as const };
      await expect(startEmulator(options)).rejects.toThrow('Address already in use');
      expect(await folders()).toEqual(before);
    });

    it('that ended by itself is told by every look from then on', async () => {
      const world = await begin([1], { plane: 'haproxy' });
      for (const pid of await haproxies(process.pid)) process.kill(pid, 'SIGKILL');
      await until('it is told', () =>
        world.balancer().then(
          () => false,
          (error: Error) => error.message.includes('HAProxy'),
        ),
      );
    });

    it('ends with the emulator, even when that is killed', async () => {
      const program = join(root, 'src', 'emulator', 'main.ts');
      // Killed, it leaves its folder behind: in one that this test takes away.
      const folder = await mkdtemp(join(tmpdir(), 'killed-'));
      undo.push(() => rm(folder, { recursive: true }));
      const env = { ...process.env, TMPDIR: folder };
      const child = spawn(process.execPath, [program, '--plane', 'haproxy'], { env });
      undo.push(() => child.kill('SIGKILL'));
      child.stdin.write(`${JSON.stringify(anAccount())}\n`);
      await once(createInterface({ input: child.stdout }), 'line');
      const [master = 0] = await haproxies(child.pid ?? 0);
      expect(master).toBeGreaterThan(0);
      undo.push(async () => (await nameOf(master)) === 'haproxy' && process.kill(master));
      const workers = await haproxies(master);
      expect(workers).toHaveLength(1);
      child.kill('SIGKILL');
      await until('nothing of it is left', async () => {
        const names = await Promise.all([master, ...workers].map(nameOf));
        return names.every((name) => name === '');
      });
    });
  });
});

async function folders(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('bgctl-haproxy-'));
}

/** Process ids of the haproxy processes that `parent` started. */
async function haproxies(parent: number): Promise<number[]> {
  const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8');
  const pids = children.split(' ').filter(Boolean).map(Number);
  const names = await Promise.all(pids.map(nameOf));
  return pids.filter((_, i) => names[i] === 'haproxy');
}

async function nameOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/comm`, 'utf8').then(
    (name) => name.trim(),
    () => '',
  );
}
