// The data plane really balances: health first, round robin, keep-alive, drain or cut, streaming.
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import type { Knobs } from '../../src/emulator/knobs.ts';
import { anAccount, balancerId } from './account.ts';
import { apiClient, type Call } from './client.ts';
import { type Droplet, startDroplets, until } from './droplet.ts';

const addresses: [string, string, string] = ['127.0.3.1', '127.0.3.2', '127.0.3.3'];
const path = `/load_balancers/${balancerId}/droplets`;

interface World {
  emulator: Emulator;
  call: Call;
  front: string;
  first: Droplet;
  second: Droplet;
  report(dropletId: number): ReturnType<typeof reportOf>;
}

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  while (undo.length > 0) await undo.pop()?.();
});

async function begin(
  dropletIds: number[],
  { knobs = {}, ...balancer }: { knobs?: Partial<Knobs> } & Record<string, unknown> = {},
): Promise<World> {
  const { port, droplets, stop } = await startDroplets(addresses);
  undo.push(stop);
  const [first, second] = droplets;
  if (first === undefined || second === undefined) throw new Error('no droplets');
  const emulator = await startEmulator(
    anAccount({ addresses, targetPort: port, knobs, balancer: { dropletIds, ...balancer } }),
  );
  undo.push(() => emulator.close());
  const world: World = {
    emulator,
    call: apiClient(emulator.endpoint),
    front: emulator.balancers[0]?.front ?? '',
    first,
    second,
    report: (id) => reportOf(emulator, id),
  };
  return world;
}

const reportOf = (emulator: Emulator, id: number) =>
  emulator.state().balancers[0]?.targets.find(({ dropletId }) => dropletId === id);

const isUp = (world: World, id: number) => () => world.report(id)?.state === 'UP';
const get = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
};

/** What a client on one connection of its own gets: status and body, or how the connection ended. */
function ask(url: string, agent?: Agent): Promise<string> {
  return new Promise((resolve) => {
    const asked = request(url, { agent: agent ?? false }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => resolve(`${response.statusCode} ${text}`));
      response.on('error', () => resolve('broken'));
    });
    asked.on('error', () => resolve('reset'));
    asked.end();
  });
}

describe('health', () => {
  it('a new target gets nothing before its checks have passed in a row', async () => {
    const world = await begin([1]);
    await until('droplet 1 is up', isUp(world, 1));
    world.second.healthStatus = 503;
    await world.call('POST', path, { droplet_ids: [2] });
    expect(world.report(2)).toMatchObject({ state: 'DOWN', requests: 0 });
    for (let i = 0; i < 10; i += 1) expect((await get(world.front)).text).toBe(addresses[0]);
    world.second.healthStatus = 200;
    await until('droplet 2 is up', isUp(world, 2));
    expect(world.report(2)?.passes).toBe(3);
    const texts = [];
    for (let i = 0; i < 4; i += 1) texts.push((await get(world.front)).text);
    expect(texts.toSorted()).toEqual([addresses[0], addresses[0], addresses[1], addresses[1]]);
  });

  it('the front answers 503 while no target is up', async () => {
    const world = await begin([]);
    expect((await get(world.front)).status).toBe(503);
    expect(world.emulator.state().balancers[0]?.counters.noTarget).toBe(1);
  });

  it('a target that fails its checks gets no new requests, and finishes those in flight', async () => {
    const world = await begin([1, 2]);
    await until('both are up', () => isUp(world, 1)() && isUp(world, 2)());
    const open = [ask(`${world.front}/hold`), ask(`${world.front}/hold`)];
    await until('each has one', () => world.first.seen.length + world.second.seen.length === 2);
    world.first.healthStatus = 503;
    await until('droplet 1 is down', () => world.report(1)?.state === 'DOWN');
    expect(world.report(1)).toMatchObject({ active: 1, lastCheck: { because: '503' } });
    for (let i = 0; i < 6; i += 1) expect((await get(world.front)).text).toBe(addresses[1]);
    world.first.release();
    world.second.release();
    expect((await Promise.all(open)).toSorted()).toEqual(['200 127.0.3.1', '200 127.0.3.2']);
  });

  it('a redirect passes only where the knob says so', async () => {
    const world = await begin([1]);
    world.first.healthStatus = 301;
    await until('it is refused', () => world.report(1)?.lastCheck?.because === '301');
    expect(world.report(1)).toMatchObject({ state: 'DOWN', passes: 0 });
    world.emulator.setKnobs({ healthyStatuses: '2xx-3xx' });
    await until('droplet 1 is up', isUp(world, 1));
  });

  it('a target that is gone, or silent, goes down', async () => {
    const world = await begin([1, 2]);
    await until('both are up', () => isUp(world, 1)() && isUp(world, 2)());
    await world.first.stop();
    world.second.healthStatus = 0;
    const down = (id: number) => world.report(id)?.state === 'DOWN';
    await until('both are down', () => down(1) && down(2));
    expect(world.report(1)?.lastCheck?.because).toContain('ECONNREFUSED');
    expect(world.report(2)?.lastCheck?.because).toBe('no answer in time');
  });
});

describe('edits', () => {
  it('reach the data plane after the propagation time', async () => {
    const world = await begin([1], { knobs: { propagationMs: 250 } });
    await until('droplet 1 is up', isUp(world, 1));
    const editedAt = Date.now();
    await world.call('DELETE', path, { droplet_ids: [1] });
    expect(world.emulator.state().balancers[0]?.dropletIds).toEqual([]);
    expect((await get(world.front)).status).toBe(200);
    await until('the front has lost it', async () => (await get(world.front)).status === 503);
    expect(Date.now() - editedAt).toBeGreaterThanOrEqual(240);
  });

  it('a droplet that returns must earn its health again', async () => {
    const world = await begin([1, 2]);
    await until('both are up', () => isUp(world, 1)() && isUp(world, 2)());
    await world.call('DELETE', path, { droplet_ids: [1] });
    await world.call('POST', path, { droplet_ids: [1] });
    expect(world.report(1)?.state).toBe('DOWN');
    await until('droplet 1 is up again', isUp(world, 1));
  });
});

describe.each([false, true])('removal with backend keep-alive %s', (enableBackendKeepalive) => {
  it('that drains lets an open request finish and sends no new one', async () => {
    const knobs: Partial<Knobs> = { removal: 'drain', poolIdleMs: 60_000 };
    const world = await begin([1], { knobs, enableBackendKeepalive });
    await until('droplet 1 is up', isUp(world, 1));
    const before = [ask(`${world.front}/hold`), ask(`${world.front}/hold`)];
    await until('both are there', () => world.first.seen.length === 2);
    world.first.release();
    await Promise.all(before);
    const open = ask(`${world.front}/hold`);
    await until('it is there', () => world.first.seen.length === 3);
    expect(world.report(1)?.idleConnections).toBe(enableBackendKeepalive ? 1 : 0);
    await world.call('DELETE', path, { droplet_ids: [1] });
    expect(world.report(1)).toMatchObject({ leaving: true, active: 1, idleConnections: 0 });
    expect((await get(world.front)).status).toBe(503);
    world.first.release();
    expect(await open).toBe(`200 ${addresses[0]}`);
    await until('it has left', () => world.report(1) === undefined);
    const closed = () => [...world.first.sockets].every((socket) => socket.destroyed);
    await until('every connection is closed', closed);
  });

  it('that cuts ends open requests: 502 without an answer begun, else a broken one', async () => {
    const world = await begin([1], { knobs: { removal: 'cut' }, enableBackendKeepalive });
    await until('droplet 1 is up', isUp(world, 1));
    const waiting = ask(`${world.front}/hold`);
    const receiving = ask(`${world.front}/half`);
    await until('both are there', () => world.report(1)?.active === 2);
    await until('both were seen', () => world.first.seen.length === 2);
    await world.call('DELETE', path, { droplet_ids: [1] });
    expect(await waiting).toMatch(/^502/);
    expect(await receiving).toMatch(/broken|reset/);
    expect(world.emulator.state().balancers[0]?.counters.cut).toBe(2);
  });
});

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
