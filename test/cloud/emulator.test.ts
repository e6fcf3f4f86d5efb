// The same claims against the emulator, which was written from the same field guide but by nobody who knew cloud/.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkToken } from '../../src/cloud/account.ts';
import { type CloudBalancer, cloudBalancer } from '../../src/cloud/balancer.ts';
import { type CloudClient, cloudClient } from '../../src/cloud/client.ts';
import { balancerMetrics } from '../../src/cloud/metrics.ts';
import { inspectBalancer } from '../../src/cloud/preflight.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import type { Settings } from '../../src/policy/settings.ts';
import { openapi } from '../builders/openapi.ts';
import { fastClock } from './clocks.ts';
import { balancerId, settingsWith, token, vpcUuid } from './fixtures.ts';

const clock = fastClock(10);
const ours = [1, 2, 3, 4];
let emulator: Emulator;
let client: CloudClient;
let settings: Settings;
let balancer: CloudBalancer;

beforeEach(async () => {
  emulator = await startEmulator({
    token,
    droplets: [1, 2, 3, 4, 9].map((id) => ({
      id,
      name: `web-${id}`,
      region: 'fra1',
      vpcUuid,
      privateAddress: `127.0.1.${id}`,
      tags: id < 3 ? ['pool-a'] : id < 5 ? ['pool-b'] : [],
    })),
    balancers: [
      {
        id: balancerId,
        name: 'shop-lb',
        region: 'fra1',
        vpcUuid,
        targetPort: 8080,
        healthCheck: {
          port: 8080,
          path: '/health',
          checkIntervalSeconds: 3,
          responseTimeoutSeconds: 5,
          healthyThreshold: 2,
          unhealthyThreshold: 3,
        },
        dropletIds: [1, 2, 9],
      },
    ],
    knobs: { busyMs: 100 },
  });
  settings = settingsWith(emulator.endpoint, {
    cloud: { balancer: { name: 'shop-lb' } },
    pools: { a: { tag: 'pool-a' }, b: { tag: 'pool-b' } },
  });
  client = cloudClient({ endpoint: emulator.endpoint, token, clock, timeoutMs: 1_500 });
  balancer = await cloudBalancer({ client, settings, clock });
});

afterEach(async () => {
  client.close();
  const requests = emulator.requests();
  await emulator.close();
  expect(requests.filter(({ method }) => method === 'PUT')).toEqual([]);
  const known = openapi();
  const complaints = requests.flatMap(
    ({ method, path, body }) => known?.validateRequest(method, path, body ?? undefined) ?? [],
  );
  expect(complaints).toEqual([]);
});

const signal = new AbortController().signal;
const usual = { ours, mayEmpty: false, goesBack: false, holds: () => true, signal };
const attachGreen = () => balancer.attach({ droplets: [3, 4], expected: [1, 2], ...usual });
const detachBlue = () => balancer.detach({ droplets: [1, 2], expected: [1, 2, 3, 4], ...usual });
const attached = async () =>
  [...((await emulator.state()).balancers[0]?.dropletIds ?? [])].sort((one, other) => one - other);
const writes = () => emulator.requests().filter(({ method }) => method !== 'GET');

async function swapped(): Promise<void> {
  await attachGreen();
  expect(await attached()).toEqual([1, 2, 3, 4, 9]);
  await detachBlue();
  expect(await attached()).toEqual([3, 4, 9]);
}

describe('on the emulator', () => {
  it('finds the balancer by its name, and the pools by their tags', async () => {
    expect(balancer.id).toBe(balancerId);
    expect(await balancer.pools()).toEqual({ a: [1, 2], b: [3, 4] });
    expect(await balancer.attached()).toEqual([1, 2, 9]);
    const { refusals } = await inspectBalancer({ client, settings });
    expect(refusals).toEqual([]);
  });

  it('swaps the pools, waiting for the busy balancer, and leaves the foreign droplet', async () => {
    // So long that the second change meets it, however slowly this process runs.
    emulator.setKnobs({ busyMs: 2_000 });
    await swapped();
    expect(writes().some(({ status }) => status === 403)).toBe(true);
    expect(client.calls()).toBeLessThan(30);
  });

  it.each([
    ['a reset after applying', { kind: 'reset-after-applying' }],
    ['a reset before applying', { kind: 'reset' }],
    ['a hang after applying', { kind: 'hang', applied: true }],
    ['a 502 in HTML after applying', { kind: 'html', applied: true }],
    ['a 500', { kind: 'server-error' }],
    ['a 429 that says how long', { kind: 'rate-limited', retryAfterSeconds: 3 }],
    ['a 429 with a reset in the past', { kind: 'rate-limited', resetInPast: true }],
    ['a busy balancer', { kind: 'busy' }],
  ] as const)('survives %s of a write, once each way', async (_what, fault) => {
    emulator.fault({ ...fault, on: 'writes', times: 1 });
    await attachGreen();
    emulator.fault({ ...fault, on: 'writes', times: 1 });
    await detachBlue();
    expect(await attached()).toEqual([3, 4, 9]);
  });

  it.each([
    ['an applied write that was reset', { kind: 'reset-after-applying' }],
    ['an applied write that hung', { kind: 'hang', applied: true }],
  ] as const)('does not repeat %s', async (_what, fault) => {
    emulator.fault({ ...fault, on: 'writes', times: 1 });
    await attachGreen();
    expect(writes()).toHaveLength(1);
  });

  it('survives reads that fail, are cut short or late', async () => {
    emulator.fault({ kind: 'truncated', on: 'reads', times: 1, skip: 1 });
    emulator.fault({ kind: 'html', on: 'reads', times: 2, skip: 2 });
    emulator.setKnobs({ getLagMs: 150 });
    await swapped();
  });

  it.each([
    [{ addPresent: 422 }, { removeAbsent: 404 }],
    [{ addPresent: 204 }, { removeAbsent: 422 }],
  ] as const)('does not mind what a repeated write is answered (%o, %o)', async (add, remove) => {
    emulator.setKnobs({ ...add, ...remove, statusAfterEdit: 'new', busyStatus: 409 });
    await swapped();
  });

  it('takes a foreign edit for drift, and a destroyed droplet for lost', async () => {
    emulator.edit({ balancer: 'shop-lb', dropletIds: [2, 3, 9] });
    await expect(attachGreen()).rejects.toMatchObject({ from: 'drift' });
    emulator.destroyDroplet(3);
    expect(await balancer.lost([2, 3])).toEqual([3]);
    expect(writes()).toEqual([]);
  });

  it('reads the metrics, empty until there is a point, and names the scope that a token lacks for them', async () => {
    const read = () => balancerMetrics({ client, id: balancerId, clock })('droplets_health_checks');
    expect(await read()).toEqual([]);
    emulator.setKnobs({ scopes: ['load_balancer:read', 'droplet:read', 'tag:read'] });
    await expect(read()).rejects.toThrow(/monitoring:read/);
    const checks = await checkToken(client, settings, { metrics: true });
    expect(checks.find(({ scope }) => scope === 'monitoring:read')?.has).toBe('no');
  });

  it('tells a token without the scope to write, from one that has it', async () => {
    emulator.setKnobs({ scopes: ['load_balancer:read', 'droplet:read', 'tag:read'] });
    const checks = await checkToken(client, settings);
    expect(checks.map(({ has }) => has)).toEqual(['yes', 'yes', 'no']);
    await expect(attachGreen()).rejects.toThrow(/load_balancer:update/);
    emulator.setKnobs({ scopes: null });
    expect((await checkToken(client, settings)).map(({ has }) => has)).toEqual([
      'yes',
      'yes',
      'unknown',
    ]);
    expect(await attached()).toEqual([1, 2, 9]);
  });
});
