// The metrics show what the balancer saw on a grid of times, as strings, and nothing where nothing was.
import { afterEach, describe, expect, it } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { anAccount, balancerId, token } from './account.ts';
import { apiClient } from './client.ts';
import { startDroplets, until } from './droplet.ts';

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  while (undo.length > 0) await undo.pop()?.();
});

async function begin(knobs = {}): Promise<Emulator> {
  const addresses: [string, string, string] = ['127.0.4.1', '127.0.4.2', '127.0.4.3'];
  const { port, stop } = await startDroplets(addresses.slice(0, 1));
  undo.push(stop);
  const emulator = await startEmulator(
    anAccount({ addresses, targetPort: port, balancer: { dropletIds: [1, 2] }, knobs }),
  );
  undo.push(() => emulator.close());
  return emulator;
}

function query(emulator: Emulator, name: string) {
  const end = Math.ceil(Date.now() / 1000);
  const times = `start=${end - 600}&end=${end}`;
  const path = `/monitoring/metrics/load_balancer/${name}?lb_id=${balancerId}&${times}`;
  return apiClient(emulator.endpoint)('GET', path);
}

describe('metrics', () => {
  it('are empty, not an error, before the first point', async () => {
    const emulator = await begin();
    for (const name of ['droplets_health_checks', 'frontend_http_responses']) {
      const { status, body } = await query(emulator, name);
      expect(status).toBe(200);
      expect(body).toEqual({ status: 'success', data: { resultType: 'matrix', result: [] } });
    }
  });

  it('are 404 for an unknown name or balancer, 400 without times', async () => {
    const emulator = await begin();
    const ask = async (rest: string) => {
      const url = `${emulator.endpoint}/monitoring/metrics/load_balancer/${rest}`;
      return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
    };
    const times = 'start=1&end=2';
    expect(await ask(`moon_phase?lb_id=${balancerId}&${times}`)).toBe(404);
    expect(await ask(`droplets_health_checks?lb_id=other&${times}`)).toBe(404);
    expect(await ask(`droplets_health_checks?lb_id=${balancerId}`)).toBe(400);
  });

  it('tell health by droplet and responses by class', async () => {
    const emulator = await begin({ metricsStepSeconds: 1, metricsDelayMs: 0 });
    const front = emulator.balancers[0]?.front ?? '';
    expect((await fetch(front)).status).toBe(503);
    await until('droplet 1 is up', async () => (await fetch(front)).status === 200);
    type Series = { metric: Record<string, string>; values: [number, string][] };
    let health: Series[] = [];
    await until('a point with droplet 1 up', async () => {
      await fetch(front);
      health = (await query(emulator, 'droplets_health_checks')).body.data.result;
      return health.some(({ values }) => values.at(-1)?.[1] === '100');
    });
    const last = Object.fromEntries(health.map((s) => [s.metric.server, s.values.at(-1)?.[1]]));
    expect(last).toEqual({ 'node-1': '100', 'node-2': '0' });
    expect(health[0]?.metric).toMatchObject({ lb_id: balancerId, region: 'fra1' });
    await until('both classes of answers are in a point', async () => {
      const { result } = (await query(emulator, 'frontend_http_responses')).body.data;
      return String((result as Series[]).map(({ metric }) => metric.code).toSorted()) === '2xx,5xx';
    });
    const connections = (await query(emulator, 'frontend_connections_current')).body.data.result;
    expect(connections[0].metric).toEqual({});
  });

  it('show a point only once it is old enough', async () => {
    const emulator = await begin({ metricsStepSeconds: 1, metricsDelayMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await query(emulator, 'droplets_health_checks')).body.data.result).toEqual([]);
    emulator.setKnobs({ metricsDelayMs: 0 });
    expect((await query(emulator, 'droplets_health_checks')).body.data.result).toHaveLength(2);
  });
});
