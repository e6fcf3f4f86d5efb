// Droplets for real: sshd, Docker and Compose of the lab; start, look, count, drain, remove, and what must not happen.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get, type RequestOptions } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exec, resetDroplet } from '../../compose/lab/faults.ts';
import { type Lab, type LabDroplet, labUp } from '../../compose/lab/lab.ts';
import { type DropletFacts, dropletFacts } from '../../src/hosts/facts.ts';
import { dropletHosts } from '../../src/hosts/hosts.ts';
import { type SshPool, sshPool } from '../../src/hosts/ssh.ts';
import { systemClock as clock } from '../../src/lib/clock.ts';
import { Failure } from '../../src/lib/failure.ts';
import type { Settings } from '../../src/policy/settings.ts';
import type { Guard, Hosts } from '../../src/world.ts';
import { shopSettings } from '../hosts/settings.ts';
import { joinOthers } from './turns.ts';

const app = 'hosts-e2e';
const directory = `/opt/${app}`;
const port = 8008;
const timeoutMs = 20_000;

let lab: Lab;
let droplet: LabDroplet;
let settings: Settings;
let pool: SshPool;
let hosts: Hosts;
let facts: DropletFacts;
let leave = () => {};

beforeAll(async () => {
  leave = await joinOthers();
  lab = await labUp();
  const last = lab.droplets.at(-1);
  if (last === undefined) throw new Error('the lab has no droplet');
  droplet = last;
  settings = {
    ...shopSettings({
      hosts: lab.ssh,
      compose: { directory, services: { web: 'switched' } },
      traffic: {
        ports: [port],
        drain: { service: 'web', fail: { signal: 'SIGUSR1' }, restore: { signal: 'SIGUSR2' } },
      },
    }),
    app,
  };
  pool = poolOf({});
  hosts = dropletHosts({ settings, pool, clock });
  facts = dropletFacts({ settings, pool, clock });
  await resetDroplet(droplet, { app });
}, 900_000);
afterAll(async () => {
  await hosts.close();
  await resetDroplet(droplet, { app });
  leave();
});

function poolOf(changes: Partial<Settings['hosts']>): SshPool {
  return sshPool({
    hosts: { ...settings.hosts, ...changes },
    addresses: () => droplet.address,
    clock,
  });
}

let releases = 0;
/** A place that no other test has used; its fences are new. */
function newPlace() {
  releases += 1;
  return { project: `${app}-r${releases}`, droplet: droplet.id };
}

function guard(epoch = 1, limitMs = 60_000): Guard {
  return { epoch, limitMs, signal: new AbortController().signal };
}

type Service = Record<string, unknown>;

/** The sample app's compose file with one service, `web`, and changes to it. */
function compose(version: string, changes: Service = {}): string {
  const image = lab.images[version]?.reference;
  const web = {
    image,
    ports: [`${port}:8000`],
    restart: 'unless-stopped',
    env_file: lab.app.envFile,
    environment: { FAULTS_OPEN: '1', BGCTL_DROPLET: '$BGCTL_DROPLET' },
    healthcheck: { test: ['CMD', '/app/health'], interval: '500ms', timeout: '2s', retries: 2 },
    ...changes,
  };
  // Compose reads JSON, which is YAML.
  return JSON.stringify({ services: { web } });
}

const release = {
  id: 'r1',
  images: {},
  composeHash: '',
  env: {},
  requestedBy: 'test',
  key: 'test',
} as const;

type Place = ReturnType<typeof newPlace>;

function start(place: Place, text: string, given = guard()): Promise<void> {
  return hosts.start(place, { release, compose: text, guard: given });
}

/** Asks again until it is so; the test's own limit ends it otherwise. */
async function until<T>(ask: () => Promise<T>, good: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await ask();
    if (good(value)) return value;
    await clock.sleep(100);
  }
}

const standing = (place: Place, is: string) =>
  until(
    () => hosts.inspect(place),
    (health) => health.is === is,
  );

async function withRunning(work: (place: Place) => Promise<void>): Promise<void> {
  const place = newPlace();
  await start(place, compose('v1'));
  try {
    await standing(place, 'healthy');
    await work(place);
  } finally {
    await hosts.remove(place, guard());
  }
}

async function failure(result: Promise<unknown>): Promise<Failure> {
  const error = await result.catch((thrown: unknown) => thrown);
  if (error instanceof Failure) return error;
  throw new Error(`no failure: ${String(error)}`);
}

function ask(
  path: string,
  options: RequestOptions = {},
): Promise<{ status: number; body: string }> {
  const target = { host: droplet.address, port, path, ...options };
  return new Promise((resolve, reject) => {
    const asked = get(target, (answer) => {
      const status = answer.statusCode ?? 0;
      text(answer).then((body) => resolve({ status, body }), reject);
    });
    asked.on('error', reject);
  });
}

const containers = async () =>
  (await exec(droplet, ['docker', 'ps', '-aq', '--filter', `name=${app}-`])).stdout;

describe('a project on a droplet', () => {
  test('starts, becomes healthy, starts again without harm, and is gone after its removal', async () => {
    const place = newPlace();
    expect(await hosts.inspect(place)).toEqual({ is: 'absent', detail: '', restarts: 0 });
    await start(place, compose('v1'));
    expect(await standing(place, 'healthy')).toEqual({ is: 'healthy', detail: '', restarts: 0 });
    const before = await containers();
    await start(place, compose('v1'));
    expect(await containers()).toBe(before);

    expect(JSON.parse((await ask('/')).body)).toMatchObject({ droplet: String(droplet.id) });
    expect(await hosts.projects(droplet.id)).toEqual([place.project]);
    const held = { container: `${place.project}-web-1`, project: place.project, hostPort: port };
    expect(await facts.publishedPorts(droplet.id)).toContainEqual(held);
    expect(await facts.containerNames(droplet.id)).toContainEqual({
      name: held.container,
      project: place.project,
    });
    expect(await hosts.logs(place, 20)).toContain('listening on 8000');

    await hosts.remove(place, guard());
    expect(await hosts.inspect(place)).toMatchObject({ is: 'absent' });
    await hosts.remove(place, guard());
    const left = await exec(droplet, ['ls', `${directory}/releases`]);
    expect(left.stdout).toBe('');
    const networks = await exec(droplet, ['docker', 'network', 'ls', '--format', '{{.Name}}']);
    expect(networks.stdout).not.toContain(place.project);
  });

  test('is removed although its compose file is gone, or an env file is missing', async () => {
    const place = newPlace();
    await start(place, compose('v1'));
    await standing(place, 'healthy');
    await exec(droplet, ['rm', '-r', `${directory}/releases/${place.project}`]);
    await hosts.remove(place, guard());
    expect(await hosts.inspect(place)).toMatchObject({ is: 'absent' });

    const other = newPlace();
    await start(other, compose('v1'));
    await standing(other, 'healthy');
    const broken = compose('v1', { env_file: '/nowhere.env' });
    const file = `${directory}/releases/${other.project}/compose.yml`;
    await exec(droplet, ['sh', '-c', 'cat >"$1"', 'x', file], broken);
    await hosts.remove(other, guard());
    expect(await hosts.inspect(other)).toMatchObject({ is: 'absent' });
    expect(await containers()).toBe('');
  });

  test('that ends at once says how, with its last words and without its secrets', async () => {
    const place = newPlace();
    const canary = lab.canaries[0] ?? '';
    const entrypoint = ['/bin/bash', '-c', 'echo "cannot use key $$SECRET_KEY" >&2; exit 3'];
    await start(
      place,
      compose('v1', { entrypoint, restart: 'no', healthcheck: { disable: true } }),
    );
    const { detail } = await standing(place, 'exited');
    expect(detail).toContain(`${place.project}-web-1 is exited (exit code 3)`);
    expect(detail).toContain('cannot use key ***');
    expect(canary).not.toBe('');
    expect(detail + (await hosts.logs(place, 10))).not.toContain(canary);
    await hosts.remove(place, guard());
  });

  test('that Docker restarts again and again is restarting, and its restarts are counted', async () => {
    const place = newPlace();
    await start(place, compose('v1', { entrypoint: ['/bin/bash', '-c', 'exit 1'] }));
    const health = await until(
      () => hosts.inspect(place),
      ({ is, restarts }) => is === 'restarting' && restarts >= 2,
    );
    expect(health.detail).toContain('exit code 1');
    await hosts.remove(place, guard());
  });

  test('that never becomes healthy is unhealthy, with the last answer of its health check', async () => {
    const place = newPlace();
    await start(place, compose('v1', { environment: { FAULT_NEVER_HEALTHY: '1' } }));
    const { detail } = await standing(place, 'unhealthy');
    expect(detail).toContain('database schema 41 is older');
    await hosts.remove(place, guard());
  });

  test('whose port is taken fails to start with Docker’s reason, and is not tried again', async () => {
    await withRunning(async () => {
      const place = newPlace();
      const error = await failure(start(place, compose('v1')));
      expect(error.message).toMatch(
        /^Start of hosts-e2e-r\d+ on droplet 4 failed .*already allocated/s,
      );
      expect(error.retry).toBe('never');
      await hosts.remove(place, guard());
    });
  });

  test('whose image does not exist fails to be pulled with the registry’s reason', async () => {
    const place = newPlace();
    const image = `${lab.registry.host}/${lab.app.repository}@sha256:${'0'.repeat(64)}`;
    const error = await failure(start(place, compose('v1', { image })));
    expect(error.message).toMatch(/^Pull of .* failed .*(manifest unknown|not found)/s);
    expect(error.retry).toBe('never');
    await hosts.remove(place, guard());
  });
});

describe('the fence', () => {
  test('refuses a dead controller’s start that lands after its successor’s removal', async () => {
    const place = newPlace();
    await hosts.remove(place, guard(21));
    const error = await failure(start(place, compose('v1'), guard(20)));
    expect(error.message).toContain('epoch 21');
    expect(error.retry).toBe('never');
    expect(await hosts.inspect(place)).toMatchObject({ is: 'absent' });
    await exec(droplet, ['rm', '-r', `${directory}/.bgctl`]);
  });
});

describe('connections', () => {
  test('a request in flight is busy, a pooled connection is not, and probes do not count', async () => {
    await withRunning(async (place) => {
      const pooled = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let n = 0; n < 25; n++) await ask('/', { agent: pooled });
      const idle = await until(
        () => hosts.connections(place),
        ({ busy }) => busy === 0,
      );
      expect(idle).toEqual({ open: 1, busy: 0 });

      const fresh = ask('/slow?ms=3000', { agent: new Agent() });
      await until(
        () => hosts.connections(place),
        ({ open }) => open === 2,
      );
      expect(await hosts.connections(place)).toEqual({ open: 2, busy: 1 });

      // Again and again on the pooled one, each at once after the answer before it.
      for (let n = 0; n < 20; n++) await ask('/', { agent: pooled });
      const again = ask('/slow?ms=2000', { agent: pooled });
      await clock.sleep(700);
      expect(await hosts.connections(place)).toEqual({ open: 2, busy: 2 });

      const agent = pool.on(droplet.id).httpAgent(droplet.address, port);
      const probes = [ask('/slow?ms=1500', { agent }), ask('/slow?ms=1500', { agent })];
      await clock.sleep(500);
      expect((await hosts.connections(place)).open).toBe(2);
      expect((await Promise.all([fresh, again, ...probes])).map(({ status }) => status)).toEqual([
        200, 200, 200, 200,
      ]);
      pooled.destroy();
      expect(
        await until(
          () => hosts.connections(place),
          ({ open }) => open === 0,
        ),
      ).toEqual({ open: 0, busy: 0 });
    });
  });

  test('of a project that is absent are none', async () => {
    expect(await hosts.connections(newPlace())).toEqual({ open: 0, busy: 0 });
  });
});

describe('the health order', () => {
  test('fails the health check while the app serves, and takes it back', async () => {
    await withRunning(async (place) => {
      await hosts.failHealth(place, guard());
      expect(
        (
          await until(
            () => ask('/healthz'),
            ({ status }) => status !== 200,
          )
        ).status,
      ).toBe(503);
      expect((await ask('/')).status).toBe(200);
      await hosts.restoreHealth(place, guard());
      expect(
        (
          await until(
            () => ask('/healthz'),
            ({ status }) => status === 200,
          )
        ).status,
      ).toBe(200);
    });
  });

  test('leaves Docker willing to restart the app when it crashes later', async () => {
    await withRunning(async (place) => {
      await hosts.failHealth(place, guard());
      await hosts.restoreHealth(place, guard());
      const name = `${place.project}-web-1`;
      const pid = await exec(droplet, ['docker', 'inspect', '-f', '{{.State.Pid}}', name]);
      await exec(droplet, ['kill', '-KILL', pid.stdout.trim()]);
      const health = await until(
        () => hosts.inspect(place),
        ({ is, restarts }) => is === 'healthy' && restarts === 1,
      );
      expect(health.restarts).toBe(1);
    });
  });

  test('may be a command in the container, or a request', async () => {
    await withRunning(async (place) => {
      const ordered = (fail: NonNullable<Settings['traffic']['drain']>['fail']) => {
        const drain = { service: 'web', fail, restore: { signal: 'SIGUSR2' } };
        const changed = { ...settings, traffic: { ...settings.traffic, drain } };
        return dropletHosts({ settings: changed, pool, clock });
      };
      const command = ['/bin/bash', '-c', 'kill -USR1 1'];
      await ordered({ command }).failHealth(place, guard());
      await until(
        () => ask('/healthz'),
        ({ status }) => status === 503,
      );
      await ordered({ request: { method: 'GET', path: '/version' } }).failHealth(place, guard());
      const wrong = ordered({ request: { method: 'POST', path: '/nowhere' } });
      expect((await failure(wrong.failHealth(place, guard()))).message).toContain('answered 404');
    });
  });
});

describe('facts', () => {
  test('tell what check and plan want to know', async () => {
    const repository = `${lab.registry.host}/${lab.app.repository}`;
    const seen = await facts.hostFacts(droplet.id, [repository, 'nginx']);
    expect(seen).toMatchObject({
      dockerTrouble: '',
      notRoot: null,
      missingPrograms: [],
      tcpTrouble: null,
      directoryTrouble: null,
      logins: { [lab.registry.host]: true, 'https://index.docker.io/v1/': false },
    });
    expect(seen.docker).toMatch(/^\d+\.\d+/);
    expect(seen.compose).toMatch(/^2\./);
    expect(seen.diskFreeBytes).toBeGreaterThan(1e8);
    expect(seen.memoryAvailableBytes).toBeGreaterThan(1e8);
  });

  test('fingerprint env files without reading them aloud', async () => {
    const { envFile } = lab.app;
    const sum = await exec(droplet, ['sha256sum', envFile]);
    const wanted = { [envFile]: sum.stdout.split(' ')[0] };
    expect(await facts.fingerprints(droplet.id, [envFile])).toEqual(wanted);
    expect(await facts.envFiles(droplet.id, [envFile, '/no where'])).toMatchObject({
      [envFile]: { owner: 'root' },
      '/no where': null,
    });
    const error = await failure(facts.fingerprints(droplet.id, ['/no where']));
    expect(error.message).toBe('/no where is not on droplet 4.');
  });

  test('resolve a tag to its digest with the droplet’s own login', async () => {
    const repository = `${lab.registry.host}/${lab.app.repository}`;
    const listed = await facts.resolveDigest(droplet.id, repository, 'v1');
    expect(listed).toBe(lab.images.v1?.reference);
    const digest = listed.split('@')[1] ?? '';
    expect(await facts.resolveDigest(droplet.id, repository, digest)).toBe(listed);
    const error = await failure(facts.resolveDigest(droplet.id, repository, 'never-was'));
    expect(error.message).toContain(`there is no tag never-was in ${repository}`);
    expect(error.retry).toBe('never');
  });
});

describe('SSH', () => {
  test('carries hostile strings through a real login shell unchanged', async () => {
    const word = fc.string({ unit: 'binary' }).filter((one) => !one.includes('\0'));
    const sample = fc
      .sample(word, 150)
      .concat("'", "'\\''", '$(reboot)', '`id`', '\n', '', '*', '!!');
    const words = ['sh', '-c', 'printf "%s\\0" "$@"', 'x', ...sample];
    const { stdout } = await pool.on(droplet.id).exec(words, { timeoutMs });
    expect(stdout.split('\0').slice(0, -1)).toEqual(sample);
  });

  test('runs 20 commands at once beside Docker’s API without meeting MaxSessions', async () => {
    const host = pool.on(droplet.id);
    const commands = Array.from({ length: 20 }, (_, n) =>
      host.exec(['sh', '-c', 'sleep 0.1; echo "$1"', 'x', String(n)], { timeoutMs }),
    );
    const looks = Array.from({ length: 10 }, () => hosts.projects(droplet.id));
    expect((await Promise.all(commands)).map(({ stdout }) => Number(stdout))).toEqual(
      Array.from({ length: 20 }, (_, n) => n),
    );
    await Promise.all(looks);
  });

  test('that is cut in the middle of a command fails it, and the next command works', async () => {
    const own = poolOf({});
    const host = own.on(droplet.id);
    try {
      const running = failure(host.exec(['sleep', '5'], { timeoutMs }));
      // The login shell makes way for the command, so its parent is the sshd of this connection.
      await failure(host.exec(['sh', '-c', 'kill -KILL $PPID'], { timeoutMs }));
      expect(await running).toMatchObject({ from: 'host', retry: 'soon', ambiguous: true });
      expect((await host.exec(['echo', 'back'], { timeoutMs })).stdout).toBe('back\n');
      expect(own.counters().connects).toBe(2);
    } finally {
      await own.close();
    }
  });

  test('refuses a droplet that shows another host key than the pinned one', async () => {
    const made = mkdtempSync(join(tmpdir(), 'bgctl-pins-'));
    const knownHosts = join(made, 'known_hosts');
    const pins = readFileSync(lab.ssh.knownHosts, 'utf8').trim().split('\n');
    const another = pins[0]?.split(' ').slice(1).join(' ');
    const name = pins.at(-1)?.split(' ')[0];
    writeFileSync(knownHosts, `${name} ${another}\n`);
    const own = poolOf({ knownHosts });
    try {
      const error = await failure(own.on(droplet.id).exec(['true'], { timeoutMs }));
      expect(error.message).toContain('another host key than the pinned one');
      expect(error.retry).toBe('never');
    } finally {
      await own.close();
      rmSync(made, { recursive: true });
    }
  });

  test('tells a port that nobody listens on from a tunnel that broke', async () => {
    const error = await failure(pool.on(droplet.id).connectTcp(droplet.address, 1));
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
