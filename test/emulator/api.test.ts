// The emulated API answers as the real one is known to: envelope, lists, membership, settings.
import { afterEach, describe, expect, it } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import type { Knobs } from '../../src/emulator/knobs.ts';
import { openapi, openapiFile } from '../builders/openapi.ts';
import { anAccount, balancerId, ids, token, vpc } from './account.ts';
import { apiClient, type Call } from './client.ts';
import { until } from './droplet.ts';

let emulator: Emulator;
afterEach(() => emulator.close());

// The description knows whole seconds only, so whoever reads the balancer wants these checks.
const wholeSeconds = {
  protocol: 'http' as const,
  port: 9,
  path: '/health',
  checkIntervalSeconds: 3,
  responseTimeoutSeconds: 3,
  healthyThreshold: 2,
  unhealthyThreshold: 2,
};

async function start(knobs: Partial<Knobs> = {}, balancer = {}): Promise<Call> {
  emulator = await startEmulator(anAccount({ knobs, balancer }));
  return apiClient(emulator.endpoint);
}

const lb = `/load_balancers/${balancerId}`;
const members = async (call: Call) =>
  ((await call('GET', lb)).body.load_balancer.droplet_ids as number[]).toSorted((a, b) => a - b);

describe.skipIf(openapi() === null)(`judged by ${openapiFile}, which must be there`, () => {
  it('a wrong response is seen to be wrong', async () => {
    await start();
    const body = { load_balancer: { status: 'asleep', forwarding_rules: [] } };
    expect(openapi()?.validateResponse('GET', `/v2${lb}`, 200, body)).toHaveLength(2);
    expect(openapi()?.validateRequest('POST', `/v2${lb}/droplets`, { droplet_ids: ['1'] })).toEqual(
      [expect.stringContaining('must be integer')],
    );
  });
});

describe('the envelope', () => {
  it('refuses a missing and a wrong token with 401', async () => {
    const call = await start();
    for (const wrong of [null, `${token}x`]) {
      const { status, body } = await call('GET', lb, undefined, { token: wrong });
      expect(status).toBe(401);
      expect(body).toMatchObject({ id: 'unauthorized', message: 'Unable to authenticate you.' });
    }
  });

  it('carries the rate limit and a request id, which an error body repeats', async () => {
    const call = await start();
    await call('GET', '/account');
    const { headers, body, status } = await call('GET', '/droplets/77');
    expect(status).toBe(404);
    expect(headers.get('ratelimit-limit')).toBe('5000');
    expect(headers.get('ratelimit-remaining')).toBe('4998');
    const resetInS = Number(headers.get('ratelimit-reset')) - Date.now() / 1000;
    expect(resetInS).toBeGreaterThan(3590);
    expect(resetInS).toBeLessThan(3602);
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(body.request_id).toBe(headers.get('x-request-id'));
  });

  it('answers 429 with retry-after to a burst, and without to the hour', async () => {
    const call = await start({ requestsPerMinute: 2 });
    await call('GET', '/account');
    await call('GET', '/account');
    const burst = await call('GET', '/account');
    expect(burst.status).toBe(429);
    expect(burst.body.id).toBe('too_many_requests');
    expect(burst.headers.get('ratelimit-remaining')).toBe('0');
    expect(Number(burst.headers.get('retry-after'))).toBeGreaterThan(50);
    emulator.setKnobs({ requestsPerMinute: 250, requestsPerHour: 2 });
    const hour = await call('GET', '/account');
    expect(hour.status).toBe(429);
    expect(hour.headers.get('retry-after')).toBeNull();
  });

  it('refuses what the token has no scope for, in the words of the real API', async () => {
    const call = await start(
      { scopes: ['load_balancer:read', 'droplet:read'] },
      { healthCheck: wholeSeconds },
    );
    expect((await call('GET', lb)).status).toBe(200);
    const write = await call('POST', `${lb}/droplets`, { droplet_ids: [2] });
    expect(write.status).toBe(403);
    expect(write.body.message).toBe('You do not have permission to perform this action.');
    expect((await call('GET', '/droplets?tag_name=odd')).status).toBe(403);
    expect(await members(call)).toEqual([1]);
  });

  it('refuses a body that is not JSON with 400, and unknown paths with 404', async () => {
    const call = await start();
    const wrong = { wrong: true };
    expect((await call('POST', `${lb}/droplets`, '{"droplet_ids', wrong)).status).toBe(400);
    const other = await fetch(`${emulator.endpoint}/kubernetes/clusters`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(other.status).toBe(404);
  });

  it('keeps a log of requests that holds no token', async () => {
    const call = await start();
    await call('POST', `${lb}/droplets`, { droplet_ids: [2] });
    expect(emulator.requests()).toMatchObject([
      { method: 'POST', path: `/v2${lb}/droplets`, body: { droplet_ids: [2] }, status: 204 },
    ]);
    expect(JSON.stringify(emulator.requests())).not.toContain(token);
  });
});

describe('reading', () => {
  it('pages lists with absolute links and a total', async () => {
    const call = await start();
    const first = await call('GET', '/droplets?per_page=2');
    expect(first.body.droplets.map(({ id }: { id: number }) => id)).toEqual([1, 2]);
    expect(first.body.meta).toEqual({ total: 5 });
    const { pages } = first.body.links;
    expect(pages.next).toBe(`${emulator.endpoint}/droplets?per_page=2&page=2`);
    expect(pages.prev).toBeUndefined();
    const last = await call('GET', new URL(pages.last).href.replace(emulator.endpoint, ''));
    expect(last.body.droplets).toHaveLength(1);
    expect(last.body.links.pages).not.toHaveProperty('next');
    expect(last.body.links.pages.prev).toContain('page=2');
    expect((await call('GET', '/droplets')).body.links).toEqual({});
  });

  it('finds droplets by tag and by name, but not by both', async () => {
    const call = await start();
    const tagged = await call('GET', '/droplets?tag_name=odd');
    expect(tagged.body.droplets.map(({ id }: { id: number }) => id)).toEqual([1, 3, 9]);
    expect((await call('GET', '/droplets?name=WEB-2')).body.meta.total).toBe(1);
    expect((await call('GET', '/droplets?name=web')).body.meta.total).toBe(0);
    expect((await call('GET', '/droplets?name=web-1&tag_name=odd')).status).toBe(422);
  });

  it('shows a droplet, a tag, the account and the balancer', async () => {
    const call = await start();
    const { droplet } = (await call('GET', '/droplets/2')).body;
    expect(droplet).toMatchObject({ id: 2, vpc_uuid: vpc, region: { slug: 'fra1' } });
    expect(droplet.networks.v4).toMatchObject([{ ip_address: '127.0.2.2', type: 'private' }]);
    expect((await call('GET', '/tags/vulcan')).body.tag.resources.droplets.count).toBe(5);
    expect((await call('GET', '/tags/Vulcan')).status).toBe(404);
    expect((await call('GET', '/account')).body.account.status).toBe('active');
  });

  it('gives an address that is really the front', async () => {
    const call = await start({}, { healthCheck: wholeSeconds });
    const { load_balancer: balancer } = (await call('GET', lb)).body;
    expect(balancer).toMatchObject({ status: 'active', tag: '', droplet_ids: [1] });
    const front = `http://${balancer.ip}:${balancer.forwarding_rules[0].entry_port}`;
    expect(front).toBe(emulator.balancers[0]?.front);
    expect((await call('GET', '/load_balancers')).body.meta.total).toBe(1);
  });
});

describe('membership', () => {
  const begin = (knobs: Partial<Knobs> = {}, balancer = {}) =>
    start(knobs, { healthCheck: wholeSeconds, ...balancer });
  const add = (call: Call, dropletIds: number[]) =>
    call('POST', `${lb}/droplets`, { droplet_ids: dropletIds });
  const remove = (call: Call, dropletIds: number[]) =>
    call('DELETE', `${lb}/droplets`, { droplet_ids: dropletIds });

  it('adds and removes with 204 and no body', async () => {
    const call = await begin();
    expect(await add(call, [2, 3])).toMatchObject({ status: 204, body: '' });
    expect(await members(call)).toEqual([1, 2, 3]);
    expect(await remove(call, [1, 2])).toMatchObject({ status: 204, body: '' });
    expect(await members(call)).toEqual([3]);
    expect((await remove(call, [3])).status).toBe(204);
    expect(await members(call)).toEqual([]);
  });

  it('takes an addition of the present and a removal of the absent as its knobs say', async () => {
    const call = await begin();
    expect((await add(call, [1])).status).toBe(204);
    expect((await remove(call, [2])).status).toBe(204);
    emulator.setKnobs({ addPresent: 422, removeAbsent: 404 });
    expect((await add(call, [1, 2])).status).toBe(422);
    expect((await remove(call, [1, 2])).status).toBe(404);
    emulator.setKnobs({ removeAbsent: 422 });
    expect((await remove(call, [2])).status).toBe(422);
    expect(await members(call)).toEqual([1]);
  });

  it.each([
    ['an empty list', []],
    ['a droplet of another region', [2, ids.otherRegion]],
    ['a droplet of another VPC', [2, ids.otherVpc]],
    ['an unknown droplet', [2, ids.unknown]],
  ])('refuses to add %s with 422 and changes nothing', async (_, dropletIds) => {
    const call = await begin();
    expect((await add(call, dropletIds)).status).toBe(422);
    expect(await members(call)).toEqual([1]);
  });

  it('refuses single droplets for a balancer that is managed by a tag', async () => {
    const call = await begin({}, { tag: 'odd', dropletIds: [] });
    expect((await add(call, [2])).status).toBe(422);
    expect((await remove(call, [1])).status).toBe(422);
    const { load_balancer: balancer } = (await call('GET', lb)).body;
    expect(balancer.tag).toBe('odd');
    expect(balancer.droplet_ids.toSorted()).toEqual([1, 3, 9]);
  });

  it('is busy for a while after a write, and status says nothing of it', async () => {
    const call = await begin({ busyMs: 150 });
    expect((await add(call, [2])).status).toBe(204);
    const refused = await add(call, [3]);
    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({
      id: 'forbidden',
      message: "Load Balancer can't be updated while it processes previous actions",
    });
    expect((await call('GET', lb)).body.load_balancer.status).toBe('active');
    await until(
      'the balancer takes writes again',
      async () => (await add(call, [3])).status === 204,
    );
    expect(await members(call)).toEqual([1, 2, 3]);
  });

  it('may be busy by default for two seconds', async () => {
    emulator = await startEmulator({
      ...anAccount({ balancer: { healthCheck: wholeSeconds } }),
      knobs: {},
    });
    await add(apiClient(emulator.endpoint), [2]);
    const busyForMs = emulator.state().balancers[0]?.busyForMs ?? 0;
    expect(busyForMs).toBeGreaterThan(1500);
    expect(busyForMs).toBeLessThanOrEqual(2000);
  });

  it('may show status new after an edit, and the old droplets for a while', async () => {
    const call = await begin({ statusAfterEdit: 'new', busyMs: 100, getLagMs: 200 });
    await add(call, [2]);
    expect((await call('GET', lb)).body.load_balancer.status).toBe('new');
    expect(await members(call)).toEqual([1]);
    await until('GET shows it', async () => (await members(call)).length === 2);
    expect((await call('GET', lb)).body.load_balancer.status).toBe('active');
  });

  it('lists droplets in no order to rely on', async () => {
    const call = await begin({}, { dropletIds: [1, 2, 3] });
    const orders = new Set<string>();
    await until('another order is seen', async () => {
      orders.add(String((await call('GET', lb)).body.load_balancer.droplet_ids));
      return orders.size > 1;
    });
  });

  it('loses a destroyed droplet by itself', async () => {
    const call = await begin({}, { dropletIds: [1, 2] });
    emulator.destroyDroplet(2);
    expect(await members(call)).toEqual([1]);
    expect((await call('GET', '/droplets/2')).status).toBe(404);
    expect((await add(call, [2])).status).toBe(422);
  });

  it('shows a foreign edit and an errored balancer', async () => {
    const call = await begin({}, { dropletIds: [1, 2] });
    emulator.edit({ balancer: 'vulcan-lb', dropletIds: [3] });
    emulator.edit({ balancer: balancerId, status: 'errored' });
    const { load_balancer: balancer } = (await call('GET', lb)).body;
    expect(balancer).toMatchObject({ droplet_ids: [3], status: 'errored' });
  });
});

describe('settings', () => {
  const rule = { entry_protocol: 'http', entry_port: 80, target_protocol: 'http', target_port: 9 };
  const least = { name: 'vulcan-lb', region: 'fra1', forwarding_rules: [rule], droplet_ids: [1] };

  it('a PUT resets whatever it leaves out to its default', async () => {
    const call = await start(
      {},
      {
        healthCheck: wholeSeconds,
        enableBackendKeepalive: true,
        httpIdleTimeoutSeconds: 90,
      },
    );
    const before = (await call('GET', lb)).body.load_balancer;
    expect(before).toMatchObject({ enable_backend_keepalive: true, http_idle_timeout_seconds: 90 });
    const answer = await call('PUT', lb, { ...least, firewall: { allow: ['ip:1.2.3.4'] } });
    expect(answer.status).toBe(200);
    expect((await call('PUT', lb, { ...least, droplet_ids: [1, 2] })).status).toBe(200);
    const after = (await call('GET', lb)).body.load_balancer;
    expect(after).toMatchObject({
      enable_backend_keepalive: false,
      http_idle_timeout_seconds: 60,
      firewall: { allow: [], deny: [] },
      health_check: { port: 80, path: '/', healthy_threshold: 5, unhealthy_threshold: 3 },
    });
    expect(after.droplet_ids.toSorted()).toEqual([1, 2]);
  });

  it.each([
    ['an interval of 2 s', { health_check: { check_interval_seconds: 2 } }],
    ['an interval of 301 s', { health_check: { check_interval_seconds: 301 } }],
    ['a timeout of 2 s', { health_check: { response_timeout_seconds: 2 } }],
    ['a healthy threshold of 1', { health_check: { healthy_threshold: 1 } }],
    ['an unhealthy threshold of 11', { health_check: { unhealthy_threshold: 11 } }],
    ['an idle timeout of 20 s', { http_idle_timeout_seconds: 20 }],
  ])('refuses %s with 422', async (_, settings) => {
    const call = await start({}, { healthCheck: wholeSeconds });
    emulator.setKnobs({ enforceHealthRanges: true });
    const wrong = { wrong: true };
    expect((await call('PUT', lb, { ...least, ...settings }, wrong)).status).toBe(422);
    expect((await call('POST', '/load_balancers', { ...least, ...settings }, wrong)).status).toBe(
      422,
    );
  });

  it('wants exactly one of droplets and tag', async () => {
    const call = await start({}, { healthCheck: wholeSeconds });
    const { droplet_ids: _, ...neither } = least;
    for (const body of [neither, { ...least, tag: 'odd' }])
      expect((await call('PUT', lb, body, { wrong: true })).status).toBe(422);
  });

  it('creates a balancer that is new at first, and deletes it', async () => {
    const call = await start({ provisionMs: 100 }, { healthCheck: wholeSeconds });
    const made = await call('POST', '/load_balancers', { ...least, name: 'second' });
    expect(made.status).toBe(202);
    expect(made.body.load_balancer).toMatchObject({ status: 'new', ip: '', vpc_uuid: vpc });
    const path = `/load_balancers/${made.body.load_balancer.id}`;
    const isActive = async () => (await call('GET', path)).body.load_balancer.status === 'active';
    await until('it is active', isActive);
    expect((await call('GET', path)).body.load_balancer.ip).toBe('127.0.0.1');
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('GET', path)).status).toBe(404);
  });

  it('does not start with a balancer outside the ranges unless told not to mind', async () => {
    emulator = await startEmulator(anAccount());
    await expect(
      startEmulator(anAccount({ knobs: { enforceHealthRanges: true } })),
    ).rejects.toThrow('health_check.check_interval_seconds must be an integer between 3 and 300');
  });
});
