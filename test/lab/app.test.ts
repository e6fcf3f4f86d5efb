// The sample app as a process: what it says about itself, how it fails to order, how it stops.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from 'vitest';

const program = join(import.meta.dirname, '..', '..', 'compose', 'app', 'app.js');
const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

type App = {
  child: ChildProcess;
  url: string;
  lines: string[];
  said: (what: string) => Promise<void>;
};

function spawned(env: Record<string, string>) {
  const fixed = { APP_VERSION: 'v9', BGCTL_ENVIRONMENT: 'shop-r7', BGCTL_DROPLET: '3' };
  const child = spawn(process.execPath, [program], {
    env: { ...fixed, HOST: '127.0.0.1', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  return child;
}

async function anApp(env: Record<string, string> = {}): Promise<App> {
  const child = spawned(env);
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  reader.on('line', (line) => lines.push(line));
  const said = async (what: string) => {
    while (!lines.some((line) => line.includes(what))) await once(reader, 'line');
  };
  await said('listening on');
  const port = lines.join('\n').match(/listening on (\d+)/)?.[1];
  return { child, url: `http://127.0.0.1:${port}`, lines, said };
}

const post = (url: string, body: unknown) =>
  fetch(url, { method: 'POST', body: JSON.stringify(body) });

describe('identity', () => {
  test('every answer names version, environment and droplet, a 404 too', async () => {
    const { url } = await anApp();
    for (const path of ['/', '/healthz', '/version', '/nowhere']) {
      const { headers } = await fetch(url + path);
      expect(headers.get('x-app-version')).toBe('v9');
      expect(headers.get('x-bgctl-environment')).toBe('shop-r7');
      expect(headers.get('x-bgctl-droplet')).toBe('3');
      expect(headers.get('x-fault')).toBeNull();
    }
    expect((await fetch(`${url}/nowhere`)).status).toBe(404);
  });

  test('GET / gives the same as JSON, POST /echo gives back what it got', async () => {
    const { url } = await anApp();
    const seen = await (await fetch(url)).json();
    expect(seen).toEqual({ version: 'v9', environment: 'shop-r7', droplet: '3' });
    const echoed = await fetch(`${url}/echo`, { method: 'POST', body: 'ünïcode \u0000 bytes' });
    expect(await echoed.text()).toBe('ünïcode \u0000 bytes');
  });

  test('an idle connection is promised 75 s', async () => {
    const { url } = await anApp();
    expect((await fetch(url)).headers.get('keep-alive')).toBe('timeout=75');
  });
});

describe('signals', () => {
  test('SIGUSR1 fails the health check and nothing else, SIGUSR2 restores it', async () => {
    const { child, url, said } = await anApp();
    child.kill('SIGUSR1');
    await said('failing health');
    const failing = await fetch(`${url}/healthz`);
    expect(failing.status).toBe(503);
    expect(await failing.text()).toContain('draining');
    expect((await fetch(url)).status).toBe(200);
    child.kill('SIGUSR2');
    await said('health restored');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('SIGTERM refuses new connections, finishes open requests, then exits 0', async () => {
    const { child, url, said } = await anApp();
    const ended = once(child, 'exit');
    const open = await begun(`${url}/slow?ms=600`);
    child.kill('SIGTERM');
    await said('stopping');
    await expect(fresh(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await open.status).toBe(200);
    expect(await ended).toEqual([0, null]);
  });

  test('a slow shutdown lingers as long as told', async () => {
    const { child } = await anApp({ FAULT_SLOW_SHUTDOWN_MS: '700' });
    const began = performance.now();
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(performance.now() - began).toBeGreaterThan(650);
  });
});

describe('faults', () => {
  test('errors are marked as made to order and spare the health check', async () => {
    const { url } = await anApp({ FAULT_ERROR_RATE: '1' });
    const failed = await fetch(url);
    expect([failed.status, failed.headers.get('x-fault')]).toEqual([500, '1']);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('errors after a time wait for the load’s first request, not for probes', async () => {
    const { url } = await anApp({ FAULT_ERROR_RATE: '1', FAULT_ERROR_AFTER_MS: '300' });
    await fetch(url);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect((await fetch(url)).status).toBe(200);
    const load = { headers: { 'x-load': '1' } };
    expect((await fetch(url, load)).status).toBe(200);
    await expect.poll(async () => (await fetch(url, load)).status).toBe(500);
  });

  test('a crash on start says why and exits 1', async () => {
    const child = spawned({ FAULT_CRASH_ON_START: '1' });
    let text = '';
    child.stdout?.on('data', (part) => {
      text += part;
    });
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(text).toContain('FAULT_CRASH_ON_START');
  });

  test('never healthy answers 503 with its reason, and serves', async () => {
    const { url } = await anApp({ FAULT_NEVER_HEALTHY: '1' });
    const health = await fetch(`${url}/healthz`);
    expect([health.status, await health.text()]).toEqual([503, expect.stringContaining('schema')]);
    expect((await fetch(url)).status).toBe(200);
  });

  test('a hanging app accepts and never answers', async () => {
    const { url } = await anApp({ FAULT_HANG: '1' });
    const asked = fetch(`${url}/healthz`, { signal: AbortSignal.timeout(300) });
    await expect(asked).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('latency delays every answer', async () => {
    const { url } = await anApp({ FAULT_LATENCY_MS: '250' });
    const began = performance.now();
    await fetch(url);
    expect(performance.now() - began).toBeGreaterThan(240);
  });

  test('a slow boot listens late', async () => {
    const began = performance.now();
    await anApp({ BOOT_MS: '400' });
    expect(performance.now() - began).toBeGreaterThan(400);
  });

  test('faults are set while it runs only where that was opened, and only known ones', async () => {
    const shut = await anApp();
    expect((await post(`${shut.url}/fault`, { hang: true })).status).toBe(403);
    const { url } = await anApp({ FAULTS_OPEN: '1' });
    expect((await post(`${url}/fault`, { hnag: true })).status).toBe(400);
    expect((await post(`${url}/fault`, { errorRate: 'all' })).status).toBe(400);
    expect((await post(`${url}/fault`, { errorRate: 1 })).status).toBe(200);
    expect((await fetch(url)).headers.get('x-fault')).toBe('1');
  });
});

/** A request of which the app has certainly read the head. */
async function begun(url: string): Promise<{ status: Promise<number | undefined> }> {
  const asked = request(url, { headers: { expect: '100-continue' } });
  asked.flushHeaders();
  const status = once(asked, 'response').then(([answer]) => answer.resume().statusCode);
  await once(asked, 'continue');
  asked.end();
  return { status };
}

function fresh(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: new Agent({ keepAlive: false }) });
    asked.on('response', (answer) => resolve(answer.resume().statusCode));
    asked.on('error', reject);
    asked.end();
  });
}
