// Writes to a balancer: who may join and leave, when it is busy, and what a replacement resets.
import { afterEach, describe, expect, it } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import type { Knobs } from '../../src/emulator/knobs.ts';
import { anAccount, balancerId, ids, vpc, wholeSeconds } from './account.ts';
import { apiClient, type Call } from './client.ts';
import { until } from './droplet.ts';

let emulator: Emulator;
afterEach(() => emulator.close());

async function start(knobs: Partial<Knobs> = {}, balancer = {}): Promise<Call> {
  emulator = await startEmulator(anAccount({ knobs, balancer }));
  return apiClient(emulator.endpoint);
}

const lb = `/load_balancers/${balancerId}`;
const members = async (call: Call) =>
  ((await call('GET', lb)).body.load_balancer.droplet_ids as number[]).toSorted((a, b) => a - b);

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
    const busyForMs = (await emulator.state()).balancers[0]?.busyForMs ?? 0;
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
