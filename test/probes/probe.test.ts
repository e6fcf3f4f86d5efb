// Probes against real servers on loopback: what is ok, what is an error, and what says nothing.
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { agentOver } from '../../src/hosts/wire.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Failure } from '../../src/lib/failure.ts';
import type { ProbeSpec } from '../../src/policy/policy.ts';
import type { Reach } from '../../src/probes/http.ts';
import { type ProbeParts, probes } from '../../src/probes/probe.ts';
import type { Environment } from '../../src/promotion/environment.ts';
import type { ProjectHealth } from '../../src/promotion/observation.ts';
import { deadPort, serve, serveTcp } from './servers.ts';

const environment: Environment = {
  release: { id: 'r7', images: {}, composeHash: '', env: {}, requestedBy: 'anna', key: 'k' },
  pool: 'a',
  droplets: [7],
  project: 'shop-r7',
  state: 'green',
};

const direct: Reach = {
  address: async () => '127.0.0.1',
  agent: () => new Agent(),
  check: async () => undefined,
};

function http(more: Partial<Extract<ProbeSpec, { kind: 'http' }>> = {}): ProbeSpec {
  return { kind: 'http', of: 'droplets', path: '/ready', expect: null, timeoutMs: 2000, ...more };
}

function parts(port: number, more: Partial<ProbeParts> = {}): ProbeParts {
  return {
    settings: {
      traffic: {
        ports: [port],
        health: '/up',
        address: null,
        identity: { kind: 'none' },
        drain: null,
      },
    },
    reach: direct,
    hosts: { inspect: async () => ({ is: 'healthy', detail: '', restarts: 0 }) },
    address: `http://127.0.0.1:${port}`,
    clock: systemClock,
    ...more,
  };
}

async function sample(spec: ProbeSpec, given: ProbeParts) {
  return probes(given).sample(spec, environment, 7);
}

describe('a droplet asked by HTTP', () => {
  test('is asked for the path at its address and port, over a connection of its own each time', async () => {
    const asked: unknown[] = [];
    const port = await serve((request, response) => {
      const { url, method, headers, socket } = request;
      asked.push([method, url, headers['user-agent'], headers.connection, headers.host]);
      asked.push(socket.remotePort);
      response.end('fine');
    });
    const before = Date.now();
    const first = await sample(http(), parts(port));
    await sample(http({ path: null }), parts(port));
    expect(first).toMatchObject({ droplet: 7, outcome: 'ok', detail: 'HTTP 200 fine' });
    expect(first.at).toBeGreaterThanOrEqual(before);
    expect(asked[0]).toEqual(['GET', '/ready', 'bgctl', 'close', `127.0.0.1:${port}`]);
    expect(asked[2]).toEqual(['GET', '/up', 'bgctl', 'close', `127.0.0.1:${port}`]);
    expect(asked[1]).not.toBe(asked[3]);
  });

  test.each([
    [200, null, 'ok', 'HTTP 200 {"ok":true}'],
    [299, null, 'ok', 'HTTP 299 {"ok":true}'],
    [302, null, 'error', 'HTTP 302 {"ok":true}'],
    [404, null, 'error', 'HTTP 404 {"ok":true}'],
    [503, null, 'error', 'HTTP 503 {"ok":true}'],
    [200, '"ok":true', 'ok', 'HTTP 200 {"ok":true}'],
    [200, 'ready', 'error', 'HTTP 200 without "ready": {"ok":true}'],
    [500, '"ok":true', 'error', 'HTTP 500 {"ok":true}'],
  ])('status %i, with %s expected, is %s', async (status, expected, outcome, detail) => {
    const port = await serve((_, response) => response.writeHead(status).end('{"ok":true}'));
    const seen = await sample(http({ expect: expected }), parts(port));
    expect([seen.outcome, seen.detail]).toEqual([outcome, detail]);
  });

  test('tells of a long and strange body its first 200 characters in one line', async () => {
    const body = `a\u0000b\n\u001b[31mred\r\n${'x'.repeat(1000)}`;
    const port = await serve((_, response) => response.writeHead(503).end(body));
    const { detail } = await sample(http(), parts(port));
    expect(detail).toMatch(/^HTTP 503 a b \[31mred x+…$/);
    expect(detail).toHaveLength('HTTP 503 '.length + 200);
  });

  test('reads no more than 64 KB of a body without end', async () => {
    const port = await serve((_, response) => {
      const more = () => response.write('x'.repeat(16_384), () => setImmediate(more));
      more();
    });
    const seen = await sample(http({ expect: 'never there' }), parts(port));
    expect(seen.outcome).toBe('error');
    expect(seen.detail).toContain('HTTP 200 without "never there"');
  });

  test('that refuses the connection is an error', async () => {
    const seen = await sample(http(), parts(await deadPort()));
    expect([seen.outcome, seen.detail]).toEqual(['error', 'connection refused']);
  });

  test.each([
    ['before an answer', ''],
    ['within the headers', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['within the body', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'],
  ])('that resets %s is an error', async (_, sent) => {
    const port = await serveTcp((socket) => {
      socket.once('data', () => socket.write(sent, () => socket.resetAndDestroy()));
    });
    const seen = await sample(http(), parts(port));
    expect([seen.outcome, seen.detail]).toEqual([
      'error',
      'connection reset before the answer ended',
    ]);
  });

  test('that speaks something else than HTTP is an error', async () => {
    const port = await serveTcp((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    const seen = await sample(http(), parts(port));
    expect([seen.outcome, seen.detail]).toEqual(['error', 'the answer is not HTTP']);
  });

  test.each([
    ['never answers', ''],
    ['stops within the body', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'],
  ])('that %s is an error at the time-out', async (_, sent) => {
    const port = await serveTcp((socket) => socket.write(sent));
    const seen = await sample(http({ timeoutMs: 150 }), parts(port));
    expect([seen.outcome, seen.detail]).toEqual(['error', 'timed out after 150 ms']);
    expect(seen.durationMs).toBeGreaterThanOrEqual(149);
    expect(seen.durationMs).toBeLessThan(1500);
  });

  test('leaves no connection behind when it gave up', async () => {
    const closed = Promise.withResolvers<void>();
    const port = await serveTcp((socket) => socket.once('close', () => closed.resolve()).resume());
    await sample(http({ timeoutMs: 100 }), parts(port));
    await closed.promise;
  });

  test('leaves no connection behind that came after it gave up', async () => {
    const closed = Promise.withResolvers<void>();
    const port = await serveTcp((socket) => socket.once('close', () => closed.resolve()).resume());
    const tunnel = Promise.withResolvers<void>();
    const agent = () => agentOver(() => tunnel.promise.then(() => connect(port, '127.0.0.1')));
    await sample(http({ timeoutMs: 50 }), parts(port, { reach: { ...direct, agent } }));
    tunnel.resolve();
    await closed.promise;
  });
});

describe('I5: what is broken on our side says nothing of the droplet', () => {
  const lost = () =>
    new Failure('host', 'the SSH connection to droplet 7 was lost', { retry: 'soon' });

  test('a tunnel that cannot be opened is unknown', async () => {
    const agent = () => agentOver(() => Promise.reject(lost()));
    const seen = await sample(http(), parts(1, { reach: { ...direct, agent } }));
    expect([seen.outcome, seen.detail]).toEqual(['unknown', lost().message]);
  });

  test('a tunnel that is lost before the answer is unknown', async () => {
    const port = await serveTcp(() => undefined);
    const agent = () =>
      agentOver(async () => {
        const socket = connect(port, '127.0.0.1');
        setImmediate(() => socket.destroy(lost()));
        return socket;
      });
    const seen = await sample(http(), parts(port, { reach: { ...direct, agent } }));
    expect([seen.outcome, seen.detail]).toEqual(['unknown', lost().message]);
  });

  test('a port that refuses within a tunnel that works is an error', async () => {
    const refused = Object.assign(new Failure('host', 'refused'), { code: 'ECONNREFUSED' });
    const agent = () => agentOver(() => Promise.reject(refused));
    const seen = await sample(http(), parts(1, { reach: { ...direct, agent } }));
    expect([seen.outcome, seen.detail]).toEqual(['error', 'connection refused']);
  });

  test('a time-out before the tunnel was open is unknown', async () => {
    const agent = () => agentOver(() => new Promise(() => undefined));
    const reach = { ...direct, agent };
    const seen = await sample(http({ timeoutMs: 100 }), parts(1, { reach }));
    expect(seen.outcome).toBe('unknown');
    expect(seen.detail).toBe('timed out after 100 ms, before a connection was made');
  });

  test('a time-out while the way to the droplet answers no more is unknown', async () => {
    const port = await serveTcp(() => undefined);
    const reach = { ...direct, check: () => Promise.reject(lost()) };
    const seen = await sample(http({ timeoutMs: 100 }), parts(port, { reach }));
    expect([seen.outcome, seen.detail]).toEqual(['unknown', lost().message]);
  });

  test('a droplet whose address cannot be had is unknown', async () => {
    const address = () => Promise.reject(new Failure('cloud', 'DigitalOcean is busy'));
    const seen = await sample(http(), parts(1, { reach: { ...direct, address } }));
    expect([seen.outcome, seen.detail]).toEqual(['unknown', 'DigitalOcean is busy']);
  });

  test('a name that cannot be resolved here is unknown', async () => {
    const given = parts(1, { address: 'http://nowhere.invalid' });
    const seen = await sample(http({ of: 'balancer' }), given);
    expect(seen.outcome).toBe('unknown');
  });

  test('configuration without a port to ask is unknown, never an exception', async () => {
    const given = parts(1);
    const traffic = { ...given.settings.traffic, ports: [] };
    const seen = await sample(http(), { ...given, settings: { traffic } });
    expect(seen.outcome).toBe('unknown');
  });
});

describe("the balancer's address asked by HTTP", () => {
  test('yields samples of droplet 0, whatever droplet was named', async () => {
    const port = await serve((request, response) => response.end(request.url), '127.0.0.9');
    const given = parts(1, { address: `http://127.0.0.9:${port}` });
    const seen = await sample(http({ of: 'balancer' }), given);
    expect(seen).toMatchObject({ droplet: 0, outcome: 'ok', detail: 'HTTP 200 /ready' });
  });
});

describe("the containers' own health", () => {
  const container: ProbeSpec = { kind: 'container' };
  const saying = (is: ProjectHealth['is'], detail = '') =>
    parts(1, { hosts: { inspect: async () => ({ is, detail, restarts: 0 }) } });

  test.each([
    ['healthy', 'ok'],
    ['unhealthy', 'error'],
    ['exited', 'error'],
    ['restarting', 'error'],
    ['starting', 'error'],
    ['absent', 'error'],
  ] as const)('%s is %s', async (is, outcome) => {
    expect(await sample(container, saying(is))).toMatchObject({ outcome, droplet: 7, detail: is });
  });

  test('is asked of the environment on that droplet, and tells why it is bad', async () => {
    const asked: unknown[] = [];
    const inspect = async (place: unknown) => {
      asked.push(place);
      return { is: 'exited', detail: 'web exited with 3', restarts: 0 } as const;
    };
    const seen = await sample(container, parts(1, { hosts: { inspect } }));
    expect(asked).toEqual([{ project: 'shop-r7', droplet: 7 }]);
    expect(seen.detail).toBe('exited: web exited with 3');
  });

  test('I5: that cannot be looked at is unknown', async () => {
    const inspect = () => Promise.reject(new Failure('host', 'Docker is gone'));
    const seen = await sample(container, parts(1, { hosts: { inspect } }));
    expect([seen.outcome, seen.detail]).toEqual(['unknown', 'Docker is gone']);
  });

  test('I9: that is never told is unknown at a limit', async () => {
    const inspect = () => new Promise<never>(() => undefined);
    const clock = { ...systemClock, now: () => 0, sleep: async () => undefined };
    const seen = await sample(container, parts(1, { hosts: { inspect }, clock }));
    expect(seen.outcome).toBe('unknown');
  });
});
