// What passes through the data plane: connections kept or fresh, bodies as streams, failures as they are.
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from './droplet.ts';
import { onEachPlane } from './planes.ts';
import {
  addresses,
  allUp,
  ask,
  begin as beginOn,
  end,
  type Given,
  get,
  type World,
} from './world.ts';

afterEach(end);

onEachPlane((plane) => {
  const begin = (dropletIds: number[], options: Given = {}) =>
    beginOn(dropletIds, { plane, ...options });

  describe('connections', () => {
    const serial = async (world: World, n: number) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let i = 0; i < n; i += 1) expect(await ask(world.front, agent)).toMatch(/^200/);
      const { connections } = await world.balancer();
      agent.destroy();
      return connections;
    };

    it('of clients are kept; those to targets are fresh for each request by default', async () => {
      const world = await begin([1]);
      await allUp(world, 1);
      expect(await serial(world, 5)).toBe(1);
      expect(world.first.sockets.size).toBe(5);
      expect(world.first.seen[0]?.headers.connection).toBe('close');
    });

    it('to targets are pooled with backend keep-alive, for as long as the knob says', async () => {
      const world = await begin([1], { enableBackendKeepalive: true, knobs: { poolIdleMs: 100 } });
      await allUp(world, 1);
      await serial(world, 5);
      expect(world.first.sockets.size).toBe(1);
      const idle = async () => (await world.report(1))?.idleConnections ?? -1;
      const open = [ask(`${world.front}/hold`), ask(`${world.front}/hold`)];
      await until('both are there', () => world.first.seen.length === 7);
      world.first.release();
      await Promise.all(open);
      // HAProxy keeps as many as it was using lately, and its own health checks use one.
      const most = plane === 'own' ? 0 : 1;
      await until(`at most ${most} are left in the pool`, async () => (await idle()) <= most);
    });

    it('in the pool that the target has closed are not used', async () => {
      const world = await begin([1], { enableBackendKeepalive: true });
      await allUp(world, 1);
      await serial(world, 1);
      for (const socket of world.first.sockets) socket.end();
      await Promise.all([...world.first.sockets].map((socket: Socket) => once(socket, 'close')));
      expect((await get(world.front)).status).toBe(200);
      expect(world.first.sockets.size).toBe(2);
    });

    it('of idle clients are closed after the idle time', async () => {
      const world = await begin([1], { httpIdleTimeoutSeconds: 0.2 });
      await allUp(world, 1);
      const agent = new Agent({ keepAlive: true });
      await ask(world.front, agent);
      expect((await world.balancer()).connections).toBe(1);
      await until('it is closed', async () => (await world.balancer()).connections === 0);
      agent.destroy();
    });
  });

  describe('requests', () => {
    const up = async (options = {}) => {
      const world = await begin([1], options);
      await allUp(world, 1);
      return world;
    };

    it('reach the target with who the client was, and without the headers of one connection', async () => {
      const world = await up();
      const response = await fetch(`${world.front}/some/path?and=query`, {
        headers: { 'x-forwarded-for': '10.1.2.3', 'x-mine': 'yes' },
      });
      expect(response.headers.get('x-app')).toBe('sample');
      const [seen] = world.first.seen;
      expect(seen?.url).toBe('/some/path?and=query');
      expect(seen?.headers).toMatchObject({
        host: new URL(world.front).host,
        'x-mine': 'yes',
        'x-forwarded-for': '10.1.2.3, 127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-port': new URL(world.front).port,
      });
      expect([...response.headers.keys()].join()).not.toContain('balancer');
    });

    it.each([
      ['with a length', { 'content-length': '300000' }],
      ['in chunks', { 'transfer-encoding': 'chunked' }],
    ])('stream a body %s through and back', async (_, headers) => {
      const world = await up();
      const asked = request(`${world.front}/echo`, { method: 'POST', headers });
      const part = 'x'.repeat(100_000);
      asked.write(part);
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      await until('the first part is back before the last is sent', () => bytes === 100_000);
      asked.write(part);
      asked.end(part);
      await once(response, 'end');
      expect(bytes).toBe(300_000);
    });

    it.each(['POST', 'DELETE', 'HEAD'])(
      '%s without a body is passed on without one',
      async (method) => {
        const world = await up();
        const { hostname, port } = new URL(world.front);
        const socket = connect({ host: hostname, port: Number(port) });
        socket.write(`${method} / HTTP/1.1\r\nHost: vulcan\r\nConnection: close\r\n\r\n`);
        expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1.1 200/);
        expect(world.first.seen[0]?.method).toBe(method);
        expect(world.first.seen[0]?.headers['transfer-encoding']).toBeUndefined();
      },
    );

    it('DELETE with a body keeps it', async () => {
      const world = await up();
      const response = await fetch(`${world.front}/echo`, { method: 'DELETE', body: '{"a":1}' });
      expect(await response.text()).toBe('{"a":1}');
    });

    it('get the head of an answer before its body is there', async () => {
      const world = await up();
      const headOnly = await fetch(`${world.front}/head`);
      expect(headOnly.status).toBe(200);
      const response = await fetch(`${world.front}/half`);
      const reader = response.body?.getReader();
      const read = async () => new TextDecoder().decode((await reader?.read())?.value);
      expect(await read()).toBe('first ');
      world.first.release();
      expect(await read()).toBe('second');
      expect(await headOnly.text()).toBe(addresses[0]);
    });

    it('that fail at the target fail, with 502, and are not repeated', async () => {
      const world = await up({ enableBackendKeepalive: true });
      await get(world.front);
      expect((await get(`${world.front}/vanish`)).status).toBe(502);
      expect(world.first.seen.filter(({ url }) => url === '/vanish')).toHaveLength(1);
      await until('it is counted', async () => (await world.balancer()).counters.refused === 1);
      await world.first.stop();
      expect((await get(world.front)).status).toBe(plane === 'own' ? 502 : 503);
    });

    it('that get no answer within the idle time get 504', async () => {
      const world = await up({ httpIdleTimeoutSeconds: 0.2 });
      expect((await get(`${world.front}/hold`)).status).toBe(504);
    });

    it('whose client leaves are ended at the target too', async () => {
      const world = await up();
      const asked = request(`${world.front}/hold`).on('error', () => {});
      asked.end();
      await until('it is there', async () => (await world.report(1))?.active === 1);
      asked.destroy();
      await until('it is over', async () => (await world.report(1))?.active === 0);
      await until('the target sees it', () => world.first.seen[0]?.socket.destroyed === true);
      await until('it is counted', async () => (await world.balancer()).counters.clientGone === 1);
    });

    it('in flight are lost with a destroyed droplet, even where removal drains', async () => {
      const world = await up({ knobs: { removal: 'drain' } });
      const open = ask(`${world.front}/hold`);
      await until('it is there', async () => (await world.report(1))?.active === 1);
      world.emulator.destroyDroplet(1);
      expect(await open).toMatch(/^502/);
    });
  });
});
