// What an http probe sends, what it expects, in which turns and at what pace; against real servers on loopback.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import type { HttpProbe } from '../../src/policy/probe-spec.ts';
import { probes } from '../../src/probes/probe.ts';
import { environment, http, leapingClock, parts, phase, sample } from './parts.ts';
import { serve } from './servers.ts';

type Heard = { method: string; url: string; headers: NodeJS.Dict<string | string[]>; body: string };

async function listening(status = 200, answer = 'fine') {
  const heard: Heard[] = [];
  const port = await serve((request, response) => {
    const { method = '', url = '', headers } = request;
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      heard.push({ method, url, headers, body });
      response.writeHead(status).end(answer);
    });
  });
  return { port, heard };
}

const variables = (name: string) => ({ PROBE_TOKEN: 's3cret-canary', USER: 'ann' })[name];

describe('a request of a probe', () => {
  test('is sent with its method, headers and body, and marked with the environment', async () => {
    const { port, heard } = await listening();
    const spec = http({
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'user-agent': 'ours' },
      body: '{"a":1}',
    });
    expect((await sample(spec, parts(port))).outcome).toBe('ok');
    const [{ method, body, headers } = { method: '', body: '', headers: {} }] = heard;
    expect([method, body]).toEqual(['POST', '{"a":1}']);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '7',
      'user-agent': 'ours',
      'bgctl-probe': 'shop-r7',
    });
  });

  test('has its references filled in when it is sent; the values come back in nothing that is told (I8)', async () => {
    const { port, heard } = await listening(503, 'no: Bearer s3cret-canary of ann "s3cret-canary"');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
    const secret = { headers: { authorization: 'Bearer ${PROBE_TOKEN}' }, body: '${USER}' };
    const seen = await sample(http({ method: 'PUT', ...secret }), parts(port, { variables }));
    expect(heard[0]?.headers.authorization).toBe('Bearer s3cret-canary');
    expect(heard[0]?.body).toBe('ann');
    expect(JSON.stringify(seen)).not.toContain('s3cret-canary');
    expect(seen.detail).toBe('HTTP 503 no: Bearer *** of *** "***"');
  });

  test('I5: with a reference to nothing is not sent, and unknown', async () => {
    const { port, heard } = await listening();
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
    const seen = await sample(http({ headers: { 'x-key': '${NOT_SET}' } }), parts(port));
    expect(seen.outcome).toBe('unknown');
    expect(seen.detail).toContain('NOT_SET');
    expect(heard).toEqual([]);
  });

  test('goes to the port that the probe names', async () => {
    const { port, heard } = await listening();
    expect((await sample(http({ port }), parts(1))).outcome).toBe('ok');
    expect(heard).toHaveLength(1);
  });
});

describe('an answer', () => {
  const body = '{"checks":[{"name":"db","ok":true}],"a b":null,"n":3}';
  test.each<[string, number, Partial<HttpProbe>, string, string]>([
    ['of an expected code', 304, { status: [{ from: 304, to: 304 }] }, 'ok', 'HTTP 304'],
    ['of an expected range', 404, { status: [{ from: 200, to: 499 }] }, 'ok', 'HTTP 404'],
    ['of another code', 200, { status: [{ from: 204, to: 204 }] }, 'error', 'HTTP 200'],
    ['with the value', 200, { json: [{ path: '$.checks[0].ok', equals: true }] }, 'ok', 'HTTP'],
    ['with null as value', 200, { json: [{ path: "$['a b']", equals: null }] }, 'ok', 'HTTP'],
    [
      'with another value',
      200,
      { json: [{ path: '$.n', equals: '3' }] },
      'error',
      'HTTP 200: $.n is 3, not "3"',
    ],
    ['without the place', 200, { json: [{ path: '$.x' }] }, 'error', 'there is nothing at $.x'],
    ['with the place', 200, { json: [{ path: '$.checks[0]' }] }, 'ok', 'HTTP'],
    ['without what must not be', 200, { json: [{ path: '$.x', exists: false }] }, 'ok', 'HTTP'],
    [
      'with what must not be',
      200,
      { json: [{ path: '$.n', exists: false }] },
      'error',
      'there is something at $.n',
    ],
  ])('%s', async (_, status, wanted, outcome, detail) => {
    const { port } = await listening(status, status === 304 ? '' : body);
    const seen = await sample(http(wanted), parts(port));
    expect(seen.outcome).toBe(outcome);
    expect(seen.detail).toContain(detail);
  });

  test('that is not JSON fulfils no condition on JSON', async () => {
    const { port } = await listening(200, '<html>');
    const seen = await sample(http({ json: [{ path: '$', exists: false }] }), parts(port));
    expect([seen.outcome, seen.detail]).toEqual([
      'error',
      'HTTP 200: the body is not JSON: an HTML page',
    ]);
  });
});

describe('endpoints', () => {
  const endpoint = (path: string, weight: number) => ({ path, weight, expect: null });

  test('are asked by their weights, evenly mixed, and each droplet for all of them', async () => {
    const { port, heard } = await listening();
    const spec = http({ endpoints: [endpoint('/a', 2), endpoint('/b', 1)] });
    const asking = probes(parts(port));
    for (const droplet of [7, 8, 7, 8, 7, 8]) await asking.sample(spec, environment, droplet);
    const urls = heard.map(({ url }) => url);
    expect(urls.filter((_, index) => index % 2 === 0)).toEqual(['/a', '/b', '/a']);
    expect(urls.filter((_, index) => index % 2 === 1)).toEqual(['/a', '/b', '/a']);
  });

  test('get exactly their share in every round, whatever the weights', async () => {
    const { Turns } = await import('../../src/probes/endpoints.ts');
    const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, (given) => {
        const spec = http({
          endpoints: given.map((weight, index) => endpoint(`/${index}`, weight)),
        });
        const turns = new Turns();
        const total = given.reduce((sum, weight) => sum + weight, 0);
        for (const _ of [1, 2]) {
          const asked = Array.from({ length: total }, () => turns.next(spec).path);
          given.forEach((weight, index) => {
            expect(asked.filter((path) => path === `/${index}`)).toHaveLength(weight);
          });
        }
      }),
    );
  });

  test('expect what they say themselves', async () => {
    const { port } = await listening(404);
    const spec = http({ endpoints: [{ ...endpoint('/a', 1), status: [{ from: 404, to: 404 }] }] });
    expect((await sample(spec, parts(port))).outcome).toBe('ok');
  });
});

describe('the pace of a whole environment', () => {
  test('is the rate that the policy allows, whichever of its droplets is asked', async () => {
    const { port, heard } = await listening();
    const leaping = leapingClock();
    const began = leaping.now();
    // The time-out of a request sleeps too, but longer: only the pace moves the clock.
    const sleep = async (ms: number, signal?: AbortSignal) => {
      if (ms > 1_000)
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
      else await new Promise((resolve) => setImmediate(resolve));
      if (ms <= 1_000) leaping.pass(ms);
    };
    const asking = probes(parts(port, { clock: { ...leaping, sleep } }));
    const spec = http({ rate: 2 });
    const times: number[] = [];
    const threeTimes = async (droplet: number) => {
      for (let index = 0; index < 3; index += 1)
        times.push(((await asking.sample(spec, environment, droplet))?.at ?? 0) - began);
    };
    await Promise.all([threeTimes(7), threeTimes(8)]);
    expect(times.sort((one, other) => one - other)).toEqual([0, 500, 1000, 1500, 2000, 2500]);
    expect(heard).toHaveLength(6);
  });

  test('lets no more be under way at once than the policy allows', async () => {
    let underWay = 0;
    let most = 0;
    const port = await serve((_, response) => {
      underWay += 1;
      most = Math.max(most, underWay);
      setTimeout(() => {
        underWay -= 1;
        response.end();
      }, 20);
    });
    const asking = probes(parts(port));
    const spec = http({ concurrency: 2 });
    const droplets = [1, 2, 3, 4, 5, 6];
    const all = await Promise.all(droplets.map((one) => asking.sample(spec, environment, one)));
    expect(all.map((one) => one?.outcome)).toEqual(droplets.map(() => 'ok'));
    expect(most).toBe(2);
  });

  test('asks nothing for a droplet that waits in line already, and nothing once the phase is over', async () => {
    const { port, heard } = await listening();
    const asking = probes(parts(port));
    const stop = new AbortController();
    const spec = http({ rate: 0.01 });
    const during = { since: 0, stop: stop.signal };
    await asking.sample(spec, environment, 7, during);
    const waiting = asking.sample(spec, environment, 7, during);
    expect(await asking.sample(spec, environment, 7, during)).toBe(null);
    stop.abort();
    expect(await waiting).toBe(null);
    expect(heard).toHaveLength(1);
  });
});

describe('a warm-up', () => {
  test('asks, but counts no answer until it is over, for each phase anew', async () => {
    const { port, heard } = await listening(500);
    let now = 5_000;
    const clock = {
      ...systemClock,
      now: () => now,
      sleep: () => new Promise<void>(() => undefined),
    };
    const asking = probes(parts(port, { clock }));
    const ask = (since: number) =>
      asking.sample(http({ warmUpMs: 10_000 }), environment, 7, phase(since));
    expect(await ask(1)).toBe(null);
    now += 9_999;
    expect(await ask(1)).toBe(null);
    now += 1;
    expect((await ask(1))?.outcome).toBe('error');
    expect(await ask(2)).toBe(null);
    expect(heard).toHaveLength(4);
  });
});

describe("who answered through the balancer's address", () => {
  const byHeader = {
    kind: 'header',
    environment: 'x-environment',
    droplet: 'x-droplet',
    path: '/who',
  } as const;
  const given = (port: number, identity: typeof byHeader | { kind: 'path'; path: string }) => {
    const all = parts(1, { address: `http://127.0.0.1:${port}` });
    return { ...all, settings: { traffic: { ...all.settings.traffic, identity } } };
  };
  const answering = (status: number) =>
    serve((_, response) =>
      response
        .writeHead(status, { 'x-environment': 'shop-r6', 'x-droplet': '12' })
        .end('{"environment":"shop-r6"}'),
    );

  test.each([200, 500])('is told apart by headers, on an answer of %i too', async (status) => {
    const seen = await sample(http({ of: 'balancer' }), given(await answering(status), byHeader));
    expect(seen).toMatchObject({ droplet: 12, environment: 'shop-r6' });
  });

  test("is told by the body of the identity's own path, and of no other", async () => {
    const port = await answering(200);
    const identity = { kind: 'path', path: '/ready' } as const;
    const own = await sample(http({ of: 'balancer' }), given(port, identity));
    expect(own).toMatchObject({ droplet: 0, environment: 'shop-r6' });
    const other = await sample(http({ of: 'balancer', path: '/x' }), given(port, identity));
    expect(other.environment).toBe(undefined);
  });

  test('is nobody where the balancer itself answers', async () => {
    const port = await serve((_, response) => response.writeHead(503).end());
    const seen = await sample(http({ of: 'balancer' }), given(port, byHeader));
    expect(seen).toMatchObject({ outcome: 'error', droplet: 0 });
    expect(seen.environment).toBe(undefined);
  });
});

test('I5: a line of an older journal, without any of the newer keys, asks as it did', async () => {
  const { port, heard } = await listening();
  const old = '{"kind":"http","of":"droplets","path":null,"expect":null,"timeoutMs":1000}';
  expect((await sample(JSON.parse(old), parts(port))).outcome).toBe('ok');
  expect(heard.map(({ method, url }) => [method, url])).toEqual([['GET', '/up']]);
});
