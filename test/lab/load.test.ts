// The load generator's honesty: every lost request is counted, nothing is tried twice, nobody else is hit.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Load, readFlags, type Summary, startLoad } from '../../compose/lab/load.ts';
import { Tally } from '../../compose/lab/tally.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function aTarget(handler: Handler): Promise<{ url: string; count: () => number }> {
  let count = 0;
  const server = createServer(async (request, response) => {
    count += 1;
    const parts = await request.toArray();
    response.setHeader('x-app-version', 'v1');
    response.setHeader('x-bgctl-environment', 'shop-r1');
    handler(request, response, Buffer.concat(parts));
  });
  server.keepAliveTimeout = 75_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endings.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, count: () => count };
}

const right: Handler = (request, response, body) => {
  if (request.method === 'POST') response.end(body);
  else response.end('{"version":"v1"}');
};

async function loadOn(url: string, rate = 200): Promise<Load> {
  const load = await startLoad({ url, rate, seconds: 10 });
  endings.push(() => load.stop());
  return load;
}

/** Half a second of load, unless told otherwise, summed up. */
async function summaryOf(url: string, seconds = 0.5): Promise<Summary> {
  const load = await startLoad({ url, rate: 200, seconds });
  return load.ended;
}

describe('what counts', () => {
  test('right answers are neither failed nor bad, and each request is sent once', async () => {
    const target = await aTarget(right);
    const seen = await summaryOf(target.url);
    expect(seen).toMatchObject({ failed: 0, bad: 0, failures: [], failureKinds: {} });
    expect(seen.requests).toBe(target.count());
    expect(seen.byVersion).toEqual({ v1: seen.requests });
    expect(seen.byEnvironment).toEqual({ 'shop-r1': seen.requests });
    expect(seen.p50).toBeGreaterThan(0);
  });

  test('a refused connection is a failure', async () => {
    const target = await aTarget(right);
    await endings.pop()?.();
    const seen = await summaryOf(target.url);
    expect(seen.failed).toBe(seen.requests);
    expect(seen.failureKinds).toEqual({ refused: seen.requests });
    expect(seen.failures).toHaveLength(20);
    expect(seen.p50).toBeNull();
  });

  test('a reset is a failure and is not tried again', async () => {
    const target = await aTarget((_request, response) => response.socket?.resetAndDestroy());
    const seen = await summaryOf(target.url);
    expect(seen.failureKinds).toEqual({ reset: seen.requests });
    expect(target.count()).toBe(seen.requests);
  });

  test('an answer that is cut off is a failure', async () => {
    const target = await aTarget((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{', () => response.destroy());
    });
    const seen = await summaryOf(target.url);
    expect(seen.failed).toBe(seen.requests);
    expect(Object.keys(seen.failureKinds)).toEqual(['cut']);
  });

  test.each([500, 503, 404, 204, 302])('status %i is a failure', async (status) => {
    const target = await aTarget((_request, response) => response.writeHead(status).end());
    const seen = await summaryOf(target.url);
    expect(seen.failureKinds).toEqual({ [`http-${status}`]: seen.requests });
  });

  test('a wrong body is a failure: of a POST, and of a GET that names another version', async () => {
    const target = await aTarget((_request, response) => response.end('{"version":"v2"}'));
    const seen = await summaryOf(target.url);
    expect(seen.failureKinds).toEqual({ 'wrong-body': seen.requests });
    expect(new Set(seen.failures.map(({ method }) => method))).toEqual(new Set(['GET', 'POST']));
  });

  test('an error made to order is bad, not failed', async () => {
    const target = await aTarget((_request, response) =>
      response.writeHead(500, { 'x-fault': '1' }).end(),
    );
    const seen = await summaryOf(target.url);
    expect([seen.bad, seen.failed]).toEqual([seen.requests, 0]);
  });
});

describe('how it runs', () => {
  test('sends the mix: GET and POST, kept alive and fresh, some slow; all marked as load', async () => {
    const seen = { total: 0, post: 0, fresh: 0, slow: 0, marked: 0 };
    const target = await aTarget((request, response, body) => {
      seen.total += 1;
      if (request.method === 'POST') seen.post += 1;
      if (request.headers.connection === 'close') seen.fresh += 1;
      if (request.url === '/slow?ms=2000') seen.slow += 1;
      if (request.headers['x-load'] === '1') seen.marked += 1;
      right(request, response, body);
    });
    await summaryOf(target.url, 2.5);
    expect(seen.marked).toBe(seen.total);
    expect(seen.post / seen.total).toBeCloseTo(0.25, 0.9);
    expect(seen.fresh / seen.total).toBeCloseTo(0.23, 0.9);
    expect(seen.slow).toBeGreaterThan(0);
  });

  test('windows between marks hold the requests sent in them, under the mark’s name', async () => {
    let delayMs = 0;
    const target = await aTarget((request, response, body) => {
      setTimeout(right, delayMs, request, response, body);
    });
    const load = await loadOn(target.url);
    const reached = (count: number) =>
      expect.poll(() => load.snapshot()?.requests ?? 0, { timeout: 8000 }).toBeGreaterThan(count);
    await reached(50);
    delayMs = 100;
    load.mark('switch');
    await reached(300);
    const seen = await load.stop();
    const { start, switch: during } = seen.windows;
    expect((start?.requests ?? 0) + (during?.requests ?? 0)).toBe(seen.requests);
    expect(during?.p50).toBeGreaterThan(90);
    expect(start?.p50).toBeLessThan(60);
  });

  test('what is open when it stops is waited for and counted', async () => {
    const target = await aTarget((request, response, body) => {
      setTimeout(right, 500, request, response, body);
    });
    const load = await loadOn(target.url);
    await expect.poll(target.count).toBeGreaterThan(20);
    const seen = await load.stop();
    expect(seen.failed).toBe(0);
    expect(seen.requests).toBe(target.count());
  });

  test('by itself it ends at its time, or at SIGTERM, with a summary as its last line', async () => {
    const target = await aTarget(right);
    const alone = async (seconds: string, signal?: NodeJS.Signals) => {
      const program = join(import.meta.dirname, '..', '..', 'compose', 'lab', 'load.ts');
      const flags = ['--url', target.url, '--rate', '50', '--seconds', seconds, '--json'];
      const child = spawn(process.execPath, [program, ...flags], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let text = '';
      child.stdout.on('data', (part) => {
        text += part;
      });
      const before = target.count();
      if (signal) {
        await expect.poll(target.count).toBeGreaterThan(before);
        child.kill(signal);
      }
      expect(await once(child, 'close')).toEqual([0, null]);
      return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Summary;
    };
    expect(await alone('0.5')).toMatchObject({ failed: 0, seconds: 0.5 });
    expect((await alone('60', 'SIGTERM')).requests).toBeGreaterThan(0);
  });
});

describe('bounds', () => {
  test.each([
    'http://10.0.0.1',
    'http://example.com',
    'http://localhost:80',
    'https://127.0.0.1',
    '',
  ])('refuses to load %j', (url) => {
    expect(() => readFlags(['--url', url])).toThrow(/--url must be/);
  });

  test.each([
    ['--rate', '1001'],
    ['--rate', '0'],
    ['--seconds', '901'],
    ['--seconds', 'long'],
  ])('refuses %s %s', (flag, value) => {
    expect(() => readFlags(['--url', 'http://127.0.0.1:80', flag, value])).toThrow(/at most/);
  });

  test('quantiles are right to two in a hundred', () => {
    const tally = new Tally();
    for (let ms = 1; ms <= 1000; ms += 1) tally.time(ms);
    expect(Math.abs((tally.quantile(0.5) ?? 0) / 500 - 1)).toBeLessThan(0.02);
    expect(Math.abs((tally.quantile(0.99) ?? 0) / 990 - 1)).toBeLessThan(0.02);
  });
});
