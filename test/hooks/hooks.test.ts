// An operator's hooks, really run: commands on this host, and a webhook over loopback.
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { operatorsHooks } from '../../src/hooks/hooks.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Failure } from '../../src/lib/failure.ts';
import type { HookSpec } from '../../src/policy/policy.ts';

const call = {
  id: 'shop/r42/verify/notify/17',
  app: 'shop',
  phase: 'verify',
  release: 'r42',
  reason: 'all traffic is on it; $(reboot)',
} as const;

let directory = '';
let lines: string[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bgctl-hooks-'));
  lines = [];
});

function run(
  does: HookSpec['does'],
  { signal = new AbortController().signal, timeoutMs = 20_000, environment = {} } = {},
): Promise<void> {
  const hooks = operatorsHooks({
    clock: systemClock,
    environment: { PATH: process.env.PATH, ...environment },
    withheld: ['DIGITALOCEAN_TOKEN'],
    directory,
    onLine: (line) => lines.push(line),
  });
  const hook = { name: 'notify', does, timeoutMs, retries: 0, required: false };
  return hooks.run(hook, call, signal);
}

const command = (...words: string[]) => ({ kind: 'command', words }) as const;

describe('a command', () => {
  test('learns of the promotion, beside bgctl.yml, without a shell between', async () => {
    const told =
      'printf "%s|" "$BGCTL_HOOK_ID" "$BGCTL_APP" "$BGCTL_RELEASE" "$BGCTL_PHASE" "$BGCTL_REASON" "$1" > told';
    await run(command('sh', '-c', told, 'sh', '$HOME; *'));
    expect(readFileSync(join(directory, 'told'), 'utf8')).toBe(
      `${call.id}|shop|r42|verify|${call.reason}|$HOME; *|`,
    );
  });

  test("I8: does not get bgctl's own secrets, and gets the rest of the environment", async () => {
    const environment = { DIGITALOCEAN_TOKEN: 'secret', TEAM: 'blue' };
    await run(command('sh', '-c', 'echo "<$DIGITALOCEAN_TOKEN> $TEAM"'), { environment });
    await expect.poll(() => lines).toEqual(['notify: <> blue']);
  });

  test.each([
    [command('sh', '-c', 'exit 3'), 'it ended with exit code 3'],
    [command('sh', '-c', 'kill -TERM $$'), 'it was ended by SIGTERM'],
    [command('no-such-command'), 'there is no such command'],
  ])('that goes wrong says how: %j', async (does, because) => {
    await expect(run(does)).rejects.toThrow(new Failure('hook', because));
  });

  test('and all that it started are killed at its time-out', async () => {
    const late = command('sh', '-c', '(sleep 1; touch late) & echo $! > child; sleep 30');
    await expect(run(late, { timeoutMs: 300 })).rejects.toThrow(
      'it did not end within 0.3 s, and was killed',
    );
    const child = Number(readFileSync(join(directory, 'child'), 'utf8'));
    await expect.poll(() => isAlive(child), { timeout: 5_000 }).toBe(false);
    expect(existsSync(join(directory, 'late'))).toBe(false);
  });

  test('that is no longer wanted is ended at once', async () => {
    const stop = new AbortController();
    const running = run(command('sh', '-c', 'echo on; sleep 30'), { signal: stop.signal });
    await Promise.all([
      expect(running).rejects.toThrow('it was no longer wanted'),
      expect
        .poll(() => lines.length)
        .toBe(1)
        .then(() => stop.abort()),
    ]);
  });
});

describe('a webhook', () => {
  type Told = { url: string; headers: IncomingHttpHeaders; body: unknown };
  let server: Server;
  let told: Told[] = [];
  let status = 204;
  let answers = true;
  const at = (path: string) =>
    ({
      kind: 'webhook',
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    }) as const;

  beforeEach(async () => {
    [told, status, answers] = [[], 204, true];
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString());
        told.push({ url: request.url ?? '', headers: request.headers, body });
        if (answers) response.writeHead(status, { location: '/elsewhere' }).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  test('is told as JSON, with an id by which it knows a repetition', async () => {
    await run(at('/hooks'));
    const [{ headers, body } = { headers: {}, body: null }] = told;
    expect(headers).toMatchObject({
      'bgctl-hook-id': call.id,
      'content-type': 'application/json',
    });
    expect(body).toEqual({ ...call, hook: 'notify' });
  });

  test('I8: a secret of its address comes from the environment and is in no message', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
    const does = at('/hooks/${CHAT_HOOK}');
    const environment = { CHAT_HOOK: 's3cret' };
    await run(does, { environment });
    expect(told[0]?.url).toBe('/hooks/s3cret');
    status = 500;
    const failure = await run(does, { environment }).catch((error: Error) => error.message);
    expect(failure).toBe('it answered HTTP 500');
    await expect(run(does)).rejects.toThrow('the environment variable CHAT_HOOK is not set');
  });

  test("I8: is sent none of bgctl's own secrets, whatever its address asks for", async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
    const does = at('/hooks/${DIGITALOCEAN_TOKEN}');
    const environment = { DIGITALOCEAN_TOKEN: 'secret' };
    await expect(run(does, { environment })).rejects.toThrow(
      'the environment variable DIGITALOCEAN_TOKEN is not set for hooks',
    );
    expect(told).toEqual([]);
  });

  test.each([200, 201, 299])('answers %i: well', async (code) => {
    status = code;
    await expect(run(at('/'))).resolves.toBeUndefined();
  });

  test.each([302, 404, 503])('answers %i: it failed, and nobody else is asked', async (code) => {
    status = code;
    await expect(run(at('/'))).rejects.toThrow(`it answered HTTP ${code}`);
    expect(told).toHaveLength(1);
  });

  test('that does not answer, or is not there, is a failure in words', async () => {
    answers = false;
    await expect(run(at('/'), { timeoutMs: 200 })).rejects.toThrow('it did not answer in time');
    const gone = at('/');
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    await expect(run(gone)).rejects.toThrow('it cannot be reached (ECONNREFUSED)');
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
