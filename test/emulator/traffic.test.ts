// Traffic that breaks tools, through each data plane: what is open for long, large, in a row, or silent.
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import type { Knobs } from '../../src/emulator/knobs.ts';
import { download, openEvents, openSocket, StrictConnection, upload } from '../clients.ts';
import { anAccount } from './account.ts';
import { type AppDroplet, startApps } from './apps.ts';
import { until } from './droplet.ts';
import { onEachPlane } from './planes.ts';

const addresses: [string, string, string] = ['127.0.6.1', '127.0.6.2', '127.0.6.3'];
const bytes = 20_000_000;

let port = 0;
let apps: AppDroplet[] = [];
let stopApps: () => Promise<void> = async () => {};
let emulator: Emulator | null = null;

beforeAll(async () => {
  const started = await startApps(addresses.slice(0, 2));
  port = started.port;
  apps = started.apps;
  stopApps = started.stop;
});
afterAll(() => stopApps());
afterEach(async () => {
  await emulator?.close();
  emulator = null;
});

onEachPlane((plane) => {
  /** Droplets 1 and 2 behind a balancer, UP. */
  async function begin(knobs: Partial<Knobs> = {}, balancer = {}) {
    const healthCheck = {
      protocol: 'http' as const,
      port,
      path: '/healthz',
      checkIntervalSeconds: 0.1,
      responseTimeoutSeconds: 2,
      healthyThreshold: 2,
      unhealthyThreshold: 2,
    };
    const dropletIds = [1, 2];
    const account = anAccount({
      addresses,
      targetPort: port,
      knobs,
      balancer: { dropletIds, healthCheck, ...balancer },
    });
    const started = await startEmulator({ ...account, plane });
    emulator = started;
    const targets = async () => (await started.state()).balancers[0]?.targets ?? [];
    await until('both are up', async () => {
      const up = (await targets()).filter(({ state }) => state === 'UP');
      return up.length === 2;
    });
    return {
      front: started.balancers[0]?.front ?? '',
      /** By somebody's hand: only these are left. */
      leave: (...ids: number[]) => started.edit({ balancer: 'vulcan-lb', dropletIds: ids }),
      targets,
      active: async () => (await targets()).reduce((sum, one) => sum + one.active, 0),
      counters: async () => (await started.state()).balancers[0]?.counters,
    };
  }

  describe('a WebSocket', () => {
    it('carries messages both ways, and is in flight for as long as it is open', async () => {
      const { front, active } = await begin();
      const socket = await openSocket(front);
      expect(await socket.ask('one')).toBe('one');
      expect(await socket.ask('x'.repeat(60_000))).toBe('x'.repeat(60_000));
      expect(await active()).toBe(1);
      socket.close();
      expect((await socket.closed).code).toBe(1000);
      await until('nothing is in flight', async () => (await active()) === 0);
    });

    it('outlives the removal of its target where that drains', async () => {
      const { front, leave, targets } = await begin({ removal: 'drain' });
      const socket = await openSocket(front);
      leave();
      await until('its target is leaving', async () =>
        (await targets()).every(({ leaving }) => leaving),
      );
      expect(await socket.ask('still')).toBe('still');
      socket.close();
      await socket.closed;
      await until('the target has left', async () => (await targets()).length === 0);
    });

    it('is cut by the removal of its target where that cuts', async () => {
      const { front, leave, counters } = await begin({ removal: 'cut' });
      const socket = await openSocket(front);
      leave();
      expect((await socket.closed).code).toBe(1006);
      await until('it is counted', async () => (await counters())?.cut === 1);
    });

    it('may be silent for longer than a request, up to a limit of its own', async () => {
      const { front, counters } = await begin(
        { tunnelIdleMs: 1500 },
        { httpIdleTimeoutSeconds: 0.3 },
      );
      const socket = await openSocket(front);
      const openedAt = Date.now();
      const { code, at } = await socket.closed;
      expect(code).toBe(1006);
      expect(at - openedAt).toBeGreaterThan(1200);
      await until('it is counted', async () => (await counters())?.timedOut === 1);
    });

    it('is refused as the app refuses it, and with 503 without a target', async () => {
      const { front, leave } = await begin();
      expect(await handshake(front, '/nothing-here', 'websocket')).toMatch(/^HTTP\/1.1 404/);
      leave();
      await until('no target is left', async () =>
        (await handshake(front, '/ws', 'websocket')).startsWith('HTTP/1.1 503'),
      );
    });

    it('is what is upgraded to: with the offer of another protocol a request is as plain as without', async () => {
      const { front } = await begin();
      const answer = await handshake(front, '/echo', 'h2c', 'a body');
      expect(answer).toMatch(/^HTTP\/1.1 200/);
      expect(answer).toMatch(/\r\n\r\na body$/);
    });
  });

  describe('server-sent events', () => {
    it('come one by one, and go on after the removal of their target where that drains', async () => {
      const { front, leave, targets } = await begin({ removal: 'drain' });
      const events = await openEvents(front, 50);
      await until('three have come', () => events.numbers().length >= 3);
      leave();
      await until('its target is leaving', async () =>
        (await targets()).every(({ leaving }) => leaving),
      );
      const before = events.numbers().length;
      await until('more come', () => events.numbers().length > before + 2);
      expect(events.numbers()).toEqual(events.numbers().map((_, i) => i));
      events.leave();
      await until('the target has left', async () => (await targets()).length === 0);
    });

    it('break with the removal of their target where that cuts', async () => {
      const { front, leave } = await begin({ removal: 'cut' });
      const events = await openEvents(front, 50);
      leave();
      expect(await events.ended).toBe('broken');
    });
  });

  describe('a body of many megabytes', () => {
    it.each([
      ['downloaded', download],
      ['uploaded', upload],
    ])('%s is whole, although its target was removed in the middle', async (_, transfer) => {
      const { front, leave, targets } = await begin({ removal: 'drain' });
      const { half, goOn, ended } = transfer(front, bytes);
      await half;
      leave();
      await until('its target is leaving', async () =>
        (await targets()).every(({ leaving }) => leaving),
      );
      goOn();
      expect(await ended).toMatchObject({ whole: true });
    });
  });

  describe('a strict client on one connection', () => {
    it('that pipelines gets its answers in order, while targets go and come', async () => {
      const { front, leave, targets } = await begin({ removal: 'drain' });
      const connection = await StrictConnection.to(front);
      const waits = [40, 1, 25, 3, 10];
      const seen = new Set<string>();
      const round = async () => {
        const answers = await connection.ask(...waits.map((ms) => `/slow?ms=${ms}`));
        expect(answers.map(({ body }) => JSON.parse(body).ms)).toEqual(waits);
        for (const { status, environment } of answers) {
          expect(status).toBe(200);
          seen.add(environment);
        }
      };
      await round();
      expect(seen.size).toBe(2);
      for (const left of [[2], [1, 2], [1]]) {
        leave(...left);
        await round();
        await until('they are up', async () => {
          await round();
          const up = (await targets()).filter(({ state, leaving }) => state === 'UP' && !leaving);
          return up.length === left.length;
        });
      }
      expect(connection.ended).toBe('no');
      connection.leave();
    });

    it('that is idle meanwhile is answered by the other target', async () => {
      const { front, leave, targets } = await begin({ removal: 'cut' });
      const connection = await StrictConnection.to(front);
      leave(1);
      await until('one is left', async () => (await targets()).length === 1);
      const [first] = await connection.ask('/');
      leave(2);
      await until('the other is up', async () => (await targets())[0]?.state === 'UP');
      const [second] = await connection.ask('/');
      expect([first?.environment, second?.environment]).toEqual(apps.map((app) => app.environment));
      connection.leave();
    });

    it.each(['first', 'second'])('loses the request whose target is cut: its %s', async (which) => {
      const { front, leave, active, counters } = await begin({ removal: 'cut' });
      const connection = await StrictConnection.to(front);
      if (which === 'second') await connection.ask('/');
      const asked = connection.ask('/slow?ms=20000').then(
        ([answer]) => answer?.status,
        (error: Error) => error.message,
      );
      await until('it is in flight', async () => (await active()) === 1);
      leave();
      // On a connection that it was keeping HAProxy says and counts nothing: the client is to ask again.
      const silent = plane === 'haproxy' && which === 'second';
      expect(await asked).toBe(silent ? 'closed while 1 answers were owed' : 502);
      if (!silent) await until('it is counted', async () => (await counters())?.cut === 1);
      connection.leave();
    });

    it('that is idle for too long is closed between its requests', async () => {
      const { front } = await begin({}, { httpIdleTimeoutSeconds: 0.3 });
      const connection = await StrictConnection.to(front);
      await connection.ask('/');
      await until('it is closed', () => connection.ended !== 'no');
      expect(connection.ended).toBe('cleanly');
    });

    it('is waited for by a target that fails its health check', async () => {
      const { front, targets } = await begin();
      const connection = await StrictConnection.to(front);
      const asked = connection.ask('/slow?ms=1500');
      await until('it is in flight', async () =>
        (await targets()).some(({ active }) => active > 0),
      );
      for (const { child } of apps) child.kill('SIGUSR1');
      await until('both are down', async () =>
        (await targets()).every(({ state }) => state === 'DOWN'),
      );
      expect((await asked)[0]?.status).toBe(200);
      for (const { child } of apps) child.kill('SIGUSR2');
      connection.leave();
    });
  });
});

/** What comes first in answer to an offer to change the protocol; with a body it is a POST. */
async function handshake(front: string, path: string, to: string, body = ''): Promise<string> {
  const { hostname, port: at } = new URL(front);
  const socket = connect({ host: hostname, port: Number(at) });
  socket.on('error', () => {});
  const lines = [
    `${body === '' ? 'GET' : 'POST'} ${path} HTTP/1.1`,
    'Host: shop',
    'Connection: Upgrade',
    `Upgrade: ${to}`,
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(body === '' ? [] : [`Content-Length: ${body.length}`]),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  let heard = '';
  for await (const part of socket as AsyncIterable<Buffer>) {
    heard += part.toString();
    if (heard.includes('\r\n\r\n') && heard.endsWith(body)) break;
  }
  return heard;
}
