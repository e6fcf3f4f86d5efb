// Who answers at the balancer's own address, in every form an app can say it.
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import type { Settings } from '../../src/policy/settings.ts';
import { balancerTraffic } from '../../src/probes/traffic.ts';
import { deadPort, serve, serveTcp } from './servers.ts';

type Identity = Settings['traffic']['identity'];

const byHeader: Identity = {
  kind: 'header',
  environment: 'X-Environment',
  droplet: 'X-Droplet',
  path: '/who',
};

function traffic(port: number, identity: Identity, more: { address?: string } = {}) {
  const address = `http://127.0.0.1:${port}`;
  const settings = {
    traffic: { ports: [80], health: '/up', address: null, identity, drain: null },
  };
  const warmUpMs = async () => 6000;
  return balancerTraffic({ settings, address, warmUpMs, clock: systemClock, ...more });
}

describe('a name in headers', () => {
  test('tells environment and droplet, whatever the case of the header', async () => {
    let asked: string | undefined;
    const port = await serve((request, response) => {
      asked = request.url;
      response.writeHead(200, { 'x-ENVIRONMENT': 'shop-r7', 'x-droplet': '3164444' }).end();
    });
    const before = Date.now();
    const seen = await traffic(port, byHeader).ask();
    expect(seen).toMatchObject({ environment: 'shop-r7', droplet: 3164444, trouble: null });
    expect(seen.at).toBeGreaterThanOrEqual(before);
    expect(asked).toBe('/who');
  });

  test.each([
    ['none', {}, null],
    ['rubbish', { 'x-droplet': 'web-1' }, null],
    ['a negative number', { 'x-droplet': '-4' }, null],
    ['a number', { 'x-droplet': '12' }, 12],
  ])('a droplet that is %s is read with care', async (_, headers, droplet) => {
    const port = await serve((_request, response) =>
      response.writeHead(200, { 'x-environment': 'shop-r7', ...headers }).end(),
    );
    expect((await traffic(port, byHeader).ask()).droplet).toBe(droplet);
  });

  test('that is missing is trouble: nobody can tell who answered', async () => {
    const port = await serve((_, response) => response.end('hello'));
    const seen = await traffic(port, byHeader).ask();
    expect(seen.environment).toBe(null);
    expect(seen.trouble).toContain('HTTP 200 without the header X-Environment');
  });

  test('on an answer of 404 is a name: the app answered', async () => {
    const port = await serve((_, response) =>
      response.writeHead(404, { 'x-environment': 'shop-r7' }).end(),
    );
    expect(await traffic(port, byHeader).ask()).toMatchObject({
      environment: 'shop-r7',
      trouble: null,
    });
  });

  test('on an answer of 500 is told, and so is the trouble', async () => {
    const port = await serve((_, response) =>
      response.writeHead(500, { 'x-environment': 'shop-r7' }).end('boom'),
    );
    expect(await traffic(port, byHeader).ask()).toMatchObject({
      environment: 'shop-r7',
      trouble: 'HTTP 500 boom',
    });
  });
});

describe('a name in the body of a path', () => {
  const byPath: Identity = { kind: 'path', path: '/version' };

  test.each([
    ['JSON with both', '{"environment":"shop-r7","droplet":12}', 'shop-r7', 12],
    ['JSON with a droplet as text', '{"environment":"shop-r7","droplet":"12"}', 'shop-r7', 12],
    ['JSON without a droplet', '{"environment":"shop-r7"}', 'shop-r7', null],
    ['JSON with an impossible droplet', '{"environment":"shop-r7","droplet":-1}', 'shop-r7', null],
    ['a JSON string', '"shop-r7"', 'shop-r7', null],
    ['plain text', 'shop-r7\n', 'shop-r7', null],
    ['JSON of something else', '{"version":"1"}', null, null],
    ['an HTML page', '<html>hello</html>', null, null],
    ['nothing', '', null, null],
  ])('%s', async (_, body, environment, droplet) => {
    const port = await serve((_request, response) => response.end(body));
    const seen = await traffic(port, byPath).ask();
    expect([seen.environment, seen.droplet]).toEqual([environment, droplet]);
    expect(seen.trouble === null).toBe(environment !== null);
  });

  test('an error page is no name', async () => {
    const port = await serve((_, response) => response.writeHead(404).end('Not-Found'));
    const seen = await traffic(port, byPath).ask();
    expect(seen.environment).toBe(null);
    expect(seen.trouble).toBe('HTTP 404 names no environment: Not-Found');
  });
});

describe('what people would meet', () => {
  test('a 503 of the balancer is trouble', async () => {
    const port = await serve((_, response) => response.writeHead(503).end('no targets'));
    const seen = await traffic(port, { kind: 'none' }).ask();
    expect(seen).toMatchObject({ environment: null, trouble: 'HTTP 503 no targets' });
  });

  test('an app without a name is asked for its health path, and is no trouble', async () => {
    let asked: string | undefined;
    const port = await serve((request, response) => {
      asked = request.url;
      response.end('up');
    });
    expect((await traffic(port, { kind: 'none' }).ask()).trouble).toBe(null);
    expect(asked).toBe('/up');
  });

  test('a refused connection is trouble', async () => {
    const seen = await traffic(await deadPort(), byHeader).ask();
    expect(seen.trouble).toContain('connection refused');
  });

  test('a reset connection is trouble', async () => {
    const port = await serveTcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
    expect((await traffic(port, byHeader).ask()).trouble).toContain('connection reset');
  });

  test('no answer in time is trouble', async () => {
    const port = await serveTcp(() => undefined);
    const clock = { ...systemClock, now: () => 5, sleep: async () => undefined };
    const settings = {
      traffic: { ports: [80], health: '/', address: null, identity: byHeader, drain: null },
    };
    const given = { settings, address: `http://127.0.0.1:${port}`, warmUpMs: async () => 0, clock };
    expect((await balancerTraffic(given).ask()).trouble).toContain('timed out after');
  });

  test('I5: a name that cannot be resolved here teaches nothing, and is told as a Failure', async () => {
    const asking = traffic(1, byHeader, { address: 'http://nowhere.invalid' }).ask();
    await expect(asking).rejects.toMatchObject({ name: 'Failure', from: 'traffic', retry: 'soon' });
  });

  test('each question comes over a connection of its own', async () => {
    const ports = new Set<number | undefined>();
    const port = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end();
    });
    const asked = traffic(port, { kind: 'none' });
    for (let index = 0; index < 3; index += 1) await asked.ask();
    expect(ports.size).toBe(3);
  });
});

test.each([
  [{ kind: 'none' }, 'nothing'],
  [{ kind: 'path', path: '/' }, 'environment'],
  [{ ...byHeader, droplet: null }, 'environment'],
  [byHeader, 'droplet'],
] as const)('identity %j promises to name: %s', async (identity, identifies) => {
  const made = traffic(1, identity);
  expect(made.identifies).toBe(identifies);
  expect(await made.warmUpMs()).toBe(6000);
});
