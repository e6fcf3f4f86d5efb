// Requests of bgctl that fill up real traffic to a floor: as many as it lacks, all where it is not known, never none.
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import type { FloorSpec } from '../../src/policy/probe-spec.ts';
import { Floor } from '../../src/probes/floor.ts';
import { trafficOf } from '../../src/probes/traffic-source.ts';
import { environment, parts, phase } from './parts.ts';
import { serve } from './servers.ts';

const logs = { kind: 'logs', match: { text: 'GET' } } as const;
const spec: FloorSpec = { rate: 5, traffic: logs, countsProbes: true };

function floorOver(real: () => number | null, given: Partial<FloorSpec> = {}) {
  let now = 1_000_000;
  let own = 0;
  const clock = { ...systemClock, now: () => now, sleep: async () => undefined };
  const all = { ...spec, ...given };
  const reads = async () => {
    const counted = real();
    return counted === null ? null : counted + (all.countsProbes ? own : 0);
  };
  const floor = new Floor(all, reads, clock);
  /** Sends what is lacking for so many seconds, a tenth of a second at a time. */
  const run = async (seconds: number) => {
    let sent = 0;
    for (let step = 0; step < seconds * 10; step += 1) {
      const due = (floor.perSecond() * (step + 1)) / 10;
      own = sent / Math.max(1, step / 10);
      while (sent < Math.floor(due)) {
        sent += 1;
        floor.sent();
      }
      await Promise.resolve();
      now += 100;
    }
    return floor.perSecond();
  };
  return { floor, run };
}

describe('below the floor', () => {
  test.each([
    [0, 5],
    [2, 3],
    [4.5, 0.5],
  ])('%i requests a second of people leave %i to ask', async (real, lacking) => {
    const { run } = floorOver(() => real, { countsProbes: false });
    expect(await run(30)).toBeCloseTo(lacking, 1);
  });

  test("bgctl's own requests are taken off where the source counts them", async () => {
    let now = 1_000_000;
    const clock = { ...systemClock, now: () => now, sleep: async () => undefined };
    // It counts all: two a second of people's, three of ours.
    const floor = new Floor(spec, async () => 5, clock);
    floor.perSecond();
    await Promise.resolve();
    for (let index = 0; index < 30; index += 1) {
      now += 333;
      floor.sent();
    }
    now += 100;
    floor.perSecond();
    await Promise.resolve();
    await Promise.resolve();
    expect(floor.perSecond()).toBeCloseTo(3, 0);
  });
});

test('above the floor it still asks now and then: without an answer a gate could never pass (I5)', async () => {
  const { run } = floorOver(() => 500, { countsProbes: false });
  expect(await run(20)).toBe(0.1);
});

test('traffic that is not known counts as none: then all are asked', async () => {
  const { run } = floorOver(() => null);
  expect(await run(20)).toBe(5);
});

describe('real traffic of an environment', () => {
  const given = (lines: (droplet: number) => readonly string[] | Error) => {
    const all = parts(1);
    const clock = { ...all.clock, now: () => 100_000 };
    const readLogs = async ({ droplet }: { droplet: number }) => {
      const found = lines(droplet);
      if (found instanceof Error) throw found;
      return { lines: found, whole: true };
    };
    return trafficOf(spec, environment, phase(89_000), { ...all, clock, readLogs });
  };

  test('is the sum over its droplets, a second', async () => {
    const read = given((droplet) => (droplet === 7 ? ['GET /', 'GET /a'] : ['GET /', 'POST /']));
    expect(await read()).toBeCloseTo(0.3, 10);
  });

  test('is not known where one of its droplets cannot be asked', async () => {
    const read = given((droplet) => (droplet === 7 ? ['GET /'] : new Error('gone')));
    expect(await read()).toBe(null);
  });

  test('is asked of Prometheus once', async () => {
    const asked: (string | null)[] = [];
    const port = await serve((request, response) => {
      asked.push(new URL(request.url ?? '', 'http://x').searchParams.get('query'));
      response.end('{"status":"success","data":{"resultType":"scalar","result":[1,"12.5"]}}');
    });
    const traffic = {
      kind: 'prometheus',
      url: `http://127.0.0.1:${port}`,
      query: 'sum(rate(answers_total{release="{release}"}[1m]))',
      through: 'controller',
      timeoutMs: 2_000,
    } as const;
    const all = parts(1);
    const { lines: readLogs } = all.insides;
    const read = trafficOf({ ...spec, traffic }, environment, phase(), { ...all, readLogs });
    expect(await read()).toBe(12.5);
    expect(asked).toEqual(['sum(rate(answers_total{release="r7"}[1m]))']);
  });
});
