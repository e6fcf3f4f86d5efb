// What passes through the data plane: connections kept or fresh, bodies as streams, failures as they are.
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from './droplet.ts';
import { addresses, ask, begin, end, get, isUp, type World } from './world.ts';

afterEach(end);

describe('connections', () => {
  const serial = async (world: World, n: number) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < n; i += 1) expect(await ask(world.front, agent)).toMatch(/^200/);
    const { connections } = world.emulator.state().balancers[0] ?? {};
    agent.destroy();
    return connections;
  };

  it('of clients are kept; those to targets are fresh for each request by default', async () => {
    const world = await begin([1]);
    await until('droplet 1 is up', isUp(world, 1));
    expect(await serial(world, 5)).toBe(1);
    expect(world.first.sockets.size).toBe(5);
    expect(world.first.seen[0]?.headers.connection).toBe('close');
  });

  it('to targets are pooled with backend keep-alive, for as long as the knob says', async () => {
    const world = await begin([1], { enableBackendKeepalive: true, knobs: { poolIdleMs: 100 } });
    await until('droplet 1 is up', isUp(world, 1));
    await serial(world, 5);
    expect(world.first.sockets.size).toBe(1);
    expect(world.report(1)?.idleConnections).toBe(1);
    await until('the pool is empty', () => world.report(1)?.idleConnections === 0);
  });

  it('in the pool that the target has closed are not used', async () => {
    const world = await begin([1], { enableBackendKeepalive: true });
    await until('droplet 1 is up', isUp(world, 1));
    await serial(world, 1);
    for (const socket of world.first.sockets) socket.end();
    await Promise.all([...world.first.sockets].map((socket: Socket) => once(socket, 'close')));
    expect((await get(world.front)).status).toBe(200);
    expect(world.first.sockets.size).toBe(2);
  });

  it('of idle clients are closed after the idle time', async () => {
    const world = await begin([1], { httpIdleTimeoutSeconds: 0.2 });
    await until('droplet 1 is up', isUp(world, 1));
    const agent = new Agent({ keepAlive: true });
    await ask(world.front, agent);
    expect(world.emulator.state().balancers[0]?.connections).toBe(1);
    await until('it is closed', () => world.emulator.state().balancers[0]?.connections === 0);
    agent.destroy();
  });
});

describe('requests', () => {
  const up = async (options = {}) => {
    const world = await begin([1], options);
    await until('droplet 1 is up', isUp(world, 1));
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
    expect(world.emulator.state().balancers[0]?.counters.refused).toBe(1);
    await world.first.stop();
    expect((await get(world.front)).status).toBe(502);
  });

  it('that get no answer within the idle time get 504', async () => {
    const world = await up({ httpIdleTimeoutSeconds: 0.2 });
    expect((await get(`${world.front}/hold`)).status).toBe(504);
  });

  it('whose client leaves are ended at the target too', async () => {
    const world = await up();
    const asked = request(`${world.front}/hold`).on('error', () => {});
    asked.end();
    await until('it is there', () => world.report(1)?.active === 1);
    asked.destroy();
    await until('it is over', () => world.report(1)?.active === 0);
    await until('the target sees it', () => world.first.seen[0]?.socket.destroyed === true);
    expect(world.emulator.state().balancers[0]?.counters.clientGone).toBe(1);
  });

  it('in flight are lost with a destroyed droplet, even where removal drains', async () => {
    const world = await up({ knobs: { removal: 'drain' } });
    const open = ask(`${world.front}/hold`);
    await until('it is there', () => world.report(1)?.active === 1);
    world.emulator.destroyDroplet(1);
    expect(await open).toMatch(/^502/);
  });
});
