// The Prometheus probe against a real one from Debian, and against answers that a real one gives on bad days.
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../compose/lab/run.ts';
import { agentOver } from '../../src/hosts/wire.ts';
import { Failure } from '../../src/lib/failure.ts';
import type { PrometheusProbe } from '../../src/policy/probe-spec.ts';
import { direct, parts, sample } from './parts.ts';
import { type PrometheusServer, startPrometheus } from './prometheus-server.ts';
import { deadPort, serve } from './servers.ts';

const page = `# TYPE answers_total counter
answers_total{environment="shop-r7",release="r7",droplet="7",code="200"} 99
answers_total{environment="shop-r7",release="r7",droplet="7",code="500"} 1
answers_total{environment="shop-r6",release="r6",droplet="3",code="500"} 50
queue_length{environment="shop-r7"} 4
strange{kind="nan"} NaN
strange{kind="inf"} +Inf
none_yet 0
`;

let app: Server;
let prometheus: PrometheusServer;
const asked: (string | undefined)[] = [];

beforeAll(async () => {
  app = createServer((_, response) => response.end(page));
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  prometheus = await startPrometheus((app.address() as AddressInfo).port);
  await until('the app was scraped', 45_000, async () => {
    const found = await ask({ query: 'none_yet' });
    return found.outcome === 'ok';
  });
}, 300_000);

afterAll(async () => {
  await prometheus?.stop();
  app.closeAllConnections();
  app.close();
});

function probe(more: Partial<PrometheusProbe>): PrometheusProbe {
  const usual = {
    kind: 'prometheus',
    through: 'controller',
    query: '',
    timeoutMs: 10_000,
  } as const;
  return { ...usual, url: prometheus.url, ...more };
}

const ask = (more: Partial<PrometheusProbe>) => sample(probe(more), parts(1));

describe('a query to a real Prometheus', () => {
  test('gives one number, of the environment that is asked for', async () => {
    const seen = await ask({ query: 'queue_length{environment="{environment}"}' });
    expect(seen).toMatchObject({
      outcome: 'ok',
      value: 4,
      droplet: 0,
      detail: 'Prometheus says 4',
    });
  });

  test('gives a share, of the release that is asked for', async () => {
    const seen = await ask({
      query: 'sum(answers_total{release="{release}",code=~"5.."})',
      denominator: 'sum(answers_total{release="{release}"})',
    });
    expect(seen).toMatchObject({ outcome: 'ok', value: 0.01, detail: 'Prometheus says 1 of 100' });
  });

  test('asks for each droplet where the query names it', async () => {
    const seen = await ask({ query: 'sum(answers_total{droplet="{droplet}"})' });
    expect(seen).toMatchObject({ value: 100, droplet: 7 });
  });

  test('may give a plain number', async () => {
    expect(await ask({ query: '1 + 1' })).toMatchObject({ outcome: 'ok', value: 2 });
    expect(await ask({ query: 'vector(2)' })).toMatchObject({ outcome: 'ok', value: 2 });
  });

  test.each([
    [{ max: 4 }, 'ok'],
    [{ max: 3.9 }, 'error'],
    [{ min: 4 }, 'ok'],
    [{ min: 4.1 }, 'error'],
  ] as const)('with the bound %o is %s', async (bound, outcome) => {
    const query = 'queue_length';
    expect(await ask({ query, ...bound })).toMatchObject({ outcome, value: 4 });
  });

  test.each<[string, Partial<PrometheusProbe>, string]>([
    ['no data', { query: 'queue_length{environment="shop-r99"}' }, 'has no data'],
    ['no data to divide by', { query: 'none_yet', denominator: 'nothing_at_all' }, 'has no data'],
    ['a share of nothing', { query: 'none_yet', denominator: 'none_yet' }, 'there is no share'],
    ['NaN', { query: 'strange{kind="nan"}' }, 'NaN is no number'],
    ['infinity', { query: 'strange{kind="inf"}' }, 'Infinity is no number'],
    ['several series', { query: 'answers_total' }, '3 series'],
    ['a range', { query: 'queue_length[1m]' }, 'no answer of Prometheus to an instant query'],
    ['a query with a mistake', { query: 'sum(' }, 'refuses the query'],
  ])('I5: %s is unknown, within every bound', async (_, given, detail) => {
    const seen = await ask({ ...given, min: -1e300, max: 1e300 });
    expect(seen.outcome).toBe('unknown');
    expect(seen.value).toBe(undefined);
    expect(seen.detail).toContain(detail);
  });

  test("goes through the droplet's connection where the policy says so", async () => {
    const port = Number(new URL(prometheus.url).port);
    const reach = {
      ...direct,
      agent: (droplet: number, host: string, asks: number) => {
        asked.push(`${droplet} ${host}:${asks}`);
        return agentOver(async () => connect(port, '127.0.0.1'));
      },
    };
    const url = 'http://prometheus.internal:9090';
    const spec = probe({ url, query: 'queue_length', through: 'droplet' });
    expect(await sample(spec, parts(1, { reach }))).toMatchObject({ outcome: 'ok', value: 4 });
    expect(asked).toEqual(['7 prometheus.internal:9090']);
  });
});

describe('I5: a Prometheus that cannot be asked is unknown', () => {
  test('where nobody listens', async () => {
    const seen = await ask({ url: `http://127.0.0.1:${await deadPort()}`, query: 'up' });
    expect(seen).toMatchObject({ outcome: 'unknown' });
    expect(seen.detail).toContain('connection refused');
  });

  test('where its way is broken', async () => {
    const lost = () => Promise.reject(new Failure('host', 'SSH is lost'));
    const reach = { ...direct, agent: () => agentOver(lost) };
    const seen = await sample(probe({ query: 'up', through: 'droplet' }), parts(1, { reach }));
    expect([seen.outcome, seen.detail]).toEqual([
      'unknown',
      'Prometheus did not answer: SSH is lost',
    ]);
  });

  test.each([
    [503, 'Service Unavailable'],
    [200, '<html>a login page</html>'],
    [200, '{"status":"success","data":{}}'],
    [200, '{"status":"success","data":{"resultType":"vector","result":[{"value":[1,""]}]}}'],
    [200, '{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"x"]}]}}'],
  ])('where it answers %i %s', async (status, body) => {
    const port = await serve((_, response) => response.writeHead(status).end(body));
    const url = `http://127.0.0.1:${port}`;
    expect(await ask({ url, query: 'up', max: 1 })).toMatchObject({ outcome: 'unknown' });
  });

  test('and no secret of a header is told (I8)', async () => {
    const port = await serve((request, response) =>
      response.writeHead(401).end(`who is ${request.headers.authorization}?`),
    );
    const variables = () => 'canary-7';
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
    const headers = { authorization: 'Bearer ${PROMETHEUS_TOKEN}' };
    const spec = probe({ url: `http://127.0.0.1:${port}`, query: 'up', headers });
    const seen = await sample(spec, parts(1, { variables }));
    expect(seen.detail).toContain('who is Bearer ***?');
  });
});
