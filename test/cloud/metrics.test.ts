// The balancer's metrics as DigitalOcean answers them: read with care, asked for seldom, judged by the same failures.
import nock from 'nock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkToken } from '../../src/cloud/account.ts';
import { cloudClient } from '../../src/cloud/client.ts';
import { balancerMetrics } from '../../src/cloud/metrics.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { openapi } from '../builders/openapi.ts';
import { fastClock } from './clocks.ts';
import { balancerId, balancerJson, dropletJson, settingsWith, token } from './fixtures.ts';
import { failureOf } from './scene.ts';

const host = 'https://api.digitalocean.com';
const forbidden = { id: 'forbidden', message: 'You are missing the required permission' };
const start = 1_800_000_000_000;
let now: number;
const clock = { ...systemClock, now: () => now };

beforeEach(() => {
  now = start;
  nock.disableNetConnect();
});
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

/** As DigitalOcean describes it, or this test is about nothing. */
function matrix(...result: { metric: Record<string, string>; values: [number, string][] }[]) {
  const body = { status: 'success', data: { resultType: 'matrix', result } };
  const path = '/v2/monitoring/metrics/load_balancer/frontend_http_responses';
  expect(openapi()?.validateResponse('GET', path, 200, body) ?? []).toEqual([]);
  return body;
}

function answering(status: number, body: nock.Body, times = 1) {
  const asked: string[] = [];
  nock(host)
    .get(/^\/v2\/monitoring\/metrics\/load_balancer\//)
    .times(times)
    .reply(({ url }: Request) => {
      const { pathname, search } = new URL(url);
      asked.push(pathname + search);
      expect(openapi()?.validateRequest('GET', pathname) ?? []).toEqual([]);
      return [status, body];
    });
  return asked;
}

const lb = { lb_id: balancerId, region: 'fra1' };

function reading() {
  const client = cloudClient({ endpoint: `${host}/v2`, token, clock });
  return balancerMetrics({ client, id: balancerId, clock });
}

describe("the balancer's metrics", () => {
  it('are asked for by name, of the last ten minutes, in seconds', async () => {
    const asked = answering(200, matrix());
    await reading()('frontend_http_responses');
    const path = '/v2/monitoring/metrics/load_balancer/frontend_http_responses';
    const span = `start=${start / 1000 - 600}&end=${start / 1000}`;
    expect(asked).toEqual([`${path}?lb_id=${balancerId}&${span}`]);
  });

  it('are series of numbers at times, oldest first', async () => {
    const values: [number, string][] = [
      [1_787_677_920, '0.25'],
      [1_787_677_800, '100'],
    ];
    answering(200, matrix({ metric: { ...lb, server: 'node-3' }, values }));
    expect(await reading()('droplets_health_checks')).toEqual([
      {
        labels: { ...lb, server: 'node-3' },
        points: [
          { at: 1_787_677_800_000, value: 100 },
          { at: 1_787_677_920_000, value: 0.25 },
        ],
      },
    ]);
  });

  it('may lack labels; a value that is no number is no point, and never zero (I5)', async () => {
    const values: [number, string][] = [
      [1, 'NaN'],
      [2, ''],
      [3, '4'],
      [4, '+Inf'],
    ];
    answering(200, matrix({ metric: {}, values }));
    expect(await reading()('frontend_connections_current')).toEqual([
      { labels: {}, points: [{ at: 3_000, value: 4 }] },
    ]);
  });

  it('are nothing where DigitalOcean has nothing, without being an error', async () => {
    answering(200, matrix());
    expect(await reading()('droplets_http_response_time_99p')).toEqual([]);
  });

  it('are asked for once a minute at most, whoever asks', async () => {
    const asked = answering(200, matrix(), 3);
    const read = reading();
    const both = [read('frontend_http_responses'), read('frontend_http_responses')];
    await Promise.all(both);
    now += 59_000;
    await read('frontend_http_responses');
    expect(asked).toHaveLength(1);
    now += 1_000;
    await read('frontend_http_responses');
    await read('droplets_health_checks');
    expect(asked).toHaveLength(3);
  });

  it('that the token may not read are told with the missing scope', async () => {
    answering(403, forbidden);
    const failure = await failureOf(reading()('droplets_health_checks'));
    expect(failure.message).toContain('monitoring:read');
    expect(failure.message).not.toContain(token);
  });

  it.each([
    ['an answer that is none', 200, '<html>'],
    ['an answer of another shape', 200, { status: 'success' }],
    ['trouble of its own', 500, 'no'],
  ])('are told as unreadable after %s, in the end', async (_, status, body) => {
    answering(status, body, 200);
    const began = fastClock(50);
    const client = cloudClient({ endpoint: `${host}/v2`, token, clock: began });
    const read = balancerMetrics({ client, id: balancerId, clock: began });
    const failure = await failureOf(read('droplets_health_checks'));
    expect(failure.from).toBe('cloud');
  });
});

describe('the scope for them', () => {
  const scopes = async (metrics: boolean) => {
    nock(host)
      .get(`/v2/load_balancers/${balancerId}`)
      .reply(200, { load_balancer: balancerJson() });
    for (const id of [1, 3])
      nock(host)
        .get(`/v2/droplets/${id}`)
        .reply(200, { droplet: dropletJson(id) });
    nock(host)
      .post(/droplets/)
      .reply(404, { id: 'not_found', message: 'none' });
    const client = cloudClient({ endpoint: `${host}/v2`, token, clock });
    const found = await checkToken(client, settingsWith(`${host}/v2`), { metrics });
    return Object.fromEntries(found.map(({ scope, has }) => [scope, has]));
  };

  it.each([
    [200, 'yes', { status: 'success', data: { resultType: 'matrix', result: [] } }],
    [404, 'yes', { id: 'not_found', message: 'none' }],
    [403, 'no', forbidden],
  ] as const)(
    'is looked for where a policy judges by them: %i is told as %s',
    async (status, has, body) => {
      answering(status, body);
      expect((await scopes(true))['monitoring:read']).toBe(has);
    },
  );

  it('is not asked about where no policy needs it', async () => {
    const asked = answering(403, forbidden);
    expect(await scopes(false)).not.toHaveProperty('monitoring:read');
    expect(asked).toEqual([]);
  });
});
