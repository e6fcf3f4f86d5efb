// What probes look at inside droplets, through a real SSH connection to a Docker Engine that says what it is told.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dropletHosts } from '../../src/hosts/hosts.ts';
import { type SshPool, sshPool } from '../../src/hosts/ssh.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Hosts, Insides } from '../../src/world.ts';
import { shopSettings } from './settings.ts';
import { type StandIn, standIn } from './stand-in.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let droplet: StandIn;
let pool: SshPool;
let engine: Server;
let hosts: Hosts & Insides;
/** What the engine answers to a path that begins so. */
let answers: Record<string, Answer>;
const asked: string[] = [];
/** The droplet's clock is an hour ahead. */
const hourMs = 3_600_000;
const place = { project: 'shop-r7', droplet: 7 };

beforeEach(async () => {
  asked.length = 0;
  answers = {
    '/containers/json': json([{ Id: 'c1' }]),
    '/containers/c1/json': json(inspected()),
    '/info': (_, response) =>
      json({ SystemTime: new Date(Date.now() + hourMs).toISOString() })(_, response, ''),
  };
  engine = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const url = request.url ?? '';
      asked.push(`${request.method} ${url}`);
      const path = Object.keys(answers)
        .filter((one) => url.split('?')[0] === one)
        .at(0);
      const answer = path === undefined ? undefined : answers[path];
      if (answer === undefined) response.writeHead(404).end('{"message":"no such thing"}');
      else answer(request, response, body);
    });
  });
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
  droplet = await standIn();
  droplet.dockerPort = (engine.address() as AddressInfo).port;
  const settings = shopSettings({ hosts: droplet.hosts });
  pool = sshPool({ hosts: settings.hosts, addresses: () => '127.0.0.1', clock: systemClock });
  hosts = dropletHosts({ settings, pool, clock: systemClock });
});

afterEach(async () => {
  await hosts.close();
  await droplet.close();
  engine.closeAllConnections();
  engine.close();
});

function json(value: unknown): Answer {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
}

function inspected(state: Record<string, unknown> = {}, host: Record<string, unknown> = {}) {
  return {
    Id: 'c1',
    Name: '/shop-r7-web-1',
    RestartCount: 2,
    State: {
      Status: 'running',
      ExitCode: 0,
      OOMKilled: false,
      Pid: 4711,
      StartedAt: new Date(Date.now() + hourMs - 60_000).toISOString(),
      ...state,
    },
    Config: {
      Labels: { 'com.docker.compose.service': 'web' },
      Env: ['DB_PASSWORD=canary-hunter2'],
      Tty: false,
    },
    HostConfig: { NetworkMode: 'bridge', ...host },
    NetworkSettings: { Ports: {} },
  };
}

/** As Docker frames what a program writes: stream, length, text. */
function frame(stream: 1 | 2, text: string): Buffer {
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

describe('containers', () => {
  test('are seen with their restarts and starts, by our clock', async () => {
    const { health, containers } = await hosts.containers(place, { usage: false });
    expect(health.is).toBe('healthy');
    const [one] = containers;
    expect(one).toMatchObject({ name: 'shop-r7-web-1', running: true, restarts: 2, usage: null });
    expect(Math.abs((one?.startedAt ?? 0) - (Date.now() - 60_000))).toBeLessThan(5_000);
    expect(asked.some((line) => line.includes('/stats'))).toBe(false);
  });

  test('are seen with what they use, as `docker stats` counts it, in one reading', async () => {
    answers['/containers/c1/json'] = json(inspected({}, { NanoCpus: 1_500_000_000 }));
    answers['/containers/c1/stats'] = json({
      read: '2026-03-01T12:00:00.500Z',
      cpu_stats: { cpu_usage: { total_usage: 2_000_000_000 }, online_cpus: 8 },
      memory_stats: { usage: 1_000, limit: 4_000, stats: { inactive_file: 200 } },
    });
    const { containers } = await hosts.containers(place, { usage: true });
    expect(containers[0]?.usage).toEqual({
      memory: 800,
      memoryLimit: 4_000,
      cpuMs: 2_000,
      cpus: 1.5,
      readAt: Date.parse('2026-03-01T12:00:00.500Z'),
    });
    expect(asked.find((line) => line.includes('/stats'))).toContain('one-shot=true');
  });

  test('that run no more have no use; where Docker says nothing of memory it is not known', async () => {
    answers['/containers/c1/stats'] = json({
      read: '2026-03-01T12:00:00Z',
      cpu_stats: { cpu_usage: { total_usage: 0 }, online_cpus: 2 },
      memory_stats: {},
    });
    const { containers } = await hosts.containers(place, { usage: true });
    expect(containers[0]?.usage).toMatchObject({ memory: null, memoryLimit: null, cpus: 2 });
    answers['/containers/c1/json'] = json(inspected({ Status: 'exited', ExitCode: 137 }));
    answers['/containers/c1/logs'] = (_, response) => response.end();
    const then = await hosts.containers(place, { usage: true });
    expect(then.containers[0]).toMatchObject({ running: false, exitCode: 137, usage: null });
  });
});

describe('logs', () => {
  const span = { service: null, from: 1_800_000_000_250, to: 1_800_000_010_000 };

  test('are lines of both streams, of that time by the droplet’s clock', async () => {
    const text = [frame(1, 'one\ntwo\n'), frame(2, 'three\n')];
    answers['/containers/c1/logs'] = (_, response) => response.end(Buffer.concat(text));
    expect(await hosts.lines(place, span)).toEqual({ lines: ['one', 'two', 'three'], whole: true });
    const line = asked.find((one) => one.includes('/logs')) ?? '';
    const since = Number(new URL(line.split(' ')[1] ?? '', 'http://x').searchParams.get('since'));
    expect(Math.abs(since - 1_800_003_600.25)).toBeLessThan(5);
  });

  test('of more lines than are read are not whole', async () => {
    const many = frame(1, 'x\n'.repeat(20_000));
    answers['/containers/c1/logs'] = (_, response) => response.end(many);
    expect((await hosts.lines(place, span)).whole).toBe(false);
  });

  test('of a service that has no container are a failure, not silence', async () => {
    await expect(hosts.lines(place, { ...span, service: 'worker' })).rejects.toThrow(
      'shop-r7 has no container of worker on droplet 7',
    );
  });
});

describe('a command in a container', () => {
  const given = { service: 'web', command: ['check', '--all'], timeoutMs: 2_000 };

  function ending(code: number, ...output: Buffer[]) {
    const bodies: string[] = [];
    answers['/containers/c1/exec'] = (_, response, body) => {
      bodies.push(body);
      response.writeHead(201, { 'content-type': 'application/json' }).end('{"Id":"e1"}');
    };
    answers['/exec/e1/start'] = (_, response) => response.end(Buffer.concat(output));
    answers['/exec/e1/json'] = json({ ExitCode: code, Running: false });
    return bodies;
  }

  test('gives its exit code and what it printed, without the container’s secrets (I8)', async () => {
    const bodies = ending(3, frame(1, '42\n'), frame(2, 'no canary-hunter2 here\n'));
    const ran = await hosts.run(place, given);
    expect(ran).toEqual({ code: 3, stdout: '42\n', said: '42\nno *** here' });
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ Cmd: ['check', '--all'] });
  });

  test('that does not end in time is late, not lost: Docker still tells of it', async () => {
    ending(0);
    answers['/exec/e1/start'] = (_, response) => response.write(frame(1, 'working\n'));
    const ran = await hosts.run(place, { ...given, timeoutMs: 200 });
    expect(ran).toMatchObject({ code: null, said: 'working' });
  });

  test('that floods is given up', async () => {
    ending(0);
    answers['/exec/e1/start'] = (_, response) => response.end(frame(1, 'x'.repeat(400_000)));
    await expect(hosts.run(place, given)).rejects.toThrow('printed more than');
  });

  test('has nowhere to run where no container of the service runs', async () => {
    expect(await hosts.run(place, { ...given, service: 'worker' })).toBe(null);
  });

  test('that hangs keeps no look waiting, and no SSH session', async () => {
    ending(0);
    answers['/exec/e1/start'] = (_, response) => response.write(frame(1, '.'));
    const hanging = [1, 2, 3].map(() => hosts.run(place, { ...given, timeoutMs: 1_500 }));
    for (let look = 0; look < 5; look += 1) expect((await hosts.inspect(place)).is).toBe('healthy');
    expect(droplet.sessionsMost).toBe(0);
    await Promise.allSettled(hanging);
  });
});
