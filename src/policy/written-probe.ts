// A probe as written, in the terms of the rest of the program: endpoints complete, what is not written left out.
import { assert } from '../lib/assert.ts';
import type { WrittenHttp, WrittenLogs, WrittenProbe, WrittenPrometheus } from './probe-schema.ts';
import type {
  HttpProbe,
  HttpRequest,
  LogsProbe,
  ProbeSpec,
  PrometheusProbe,
} from './probe-spec.ts';

/** What is written under `http`, where that is what is written. */
export function httpOf(probe: WrittenProbe): WrittenHttp | null {
  return probe === 'container' ? null : (probe.http ?? null);
}

/** DigitalOcean's metrics are late and coarse: unless a policy says otherwise they are told, and decide nothing. */
export function isAdvisory(probe: WrittenProbe): boolean {
  return probe !== 'container' && probe.balancer !== undefined;
}

/** Whether there is a value to judge, beside ok and error. */
export function yieldsNumbers(probe: WrittenProbe): boolean {
  if (probe === 'container' || probe.http !== undefined) return false;
  return probe.exec === undefined || probe.exec.number === true;
}

/** The schema lets exactly one source through. */
export function toProbe(probe: WrittenProbe): ProbeSpec {
  if (probe === 'container') return { kind: 'container' };
  const { http, container, prometheus, balancer, logs, exec } = probe;
  if (http !== undefined) return toHttp(http);
  if (prometheus !== undefined) return toPrometheus(prometheus);
  if (logs !== undefined) return toLogs(logs);
  if (container !== undefined) {
    const { memory, cpu, value } = container;
    return { kind: 'container', ...written({ memoryMax: memory, cpuMax: cpu, value }) };
  }
  if (balancer !== undefined) {
    const { quantity, quantile, max } = balancer;
    const bound = typeof max === 'object' ? max.ms : max;
    return { kind: 'balancer', quantity, ...written({ quantile, max: bound }) };
  }
  assert(exec !== undefined, 'a probe without a source passed the schema');
  const { command, service = null, number, timeout, min, max } = exec;
  const yields = number === true ? 'number' : 'exit-code';
  return { kind: 'exec', command, service, yields, timeoutMs: timeout, ...written({ min, max }) };
}

function toHttp(http: WrittenHttp): HttpProbe {
  const { of, timeout, port, tls, endpoints, rate, concurrency, warmUp, floor } = http;
  const usual = toRequest(http);
  return {
    kind: 'http',
    of,
    ...usual,
    timeoutMs: timeout,
    ...written({ port, rate, concurrency, warmUpMs: warmUp }),
    ...(tls === undefined ? {} : { tls: written(tls) }),
    ...(endpoints === undefined
      ? {}
      : {
          // What an endpoint does not say of itself is as the probe says.
          endpoints: endpoints.map(({ weight, expect = usual.expect, ...own }) => ({
            ...usual,
            ...toRequest({ ...own, expect: expect ?? undefined }),
            weight,
          })),
        }),
    ...(floor === undefined
      ? {}
      : {
          floor: {
            rate: floor.rate,
            countsProbes: floor.countsProbes,
            traffic: toTraffic(floor.traffic),
          },
        }),
  };
}

type WrittenRequest = Pick<
  WrittenHttp,
  'path' | 'method' | 'headers' | 'body' | 'status' | 'json' | 'expect'
>;

function toRequest({
  path,
  expect,
  method,
  headers,
  body,
  status,
  json,
}: WrittenRequest): HttpRequest {
  return {
    path: path ?? null,
    expect: expect ?? null,
    ...written({
      method,
      headers,
      body,
      status,
      json: json?.map(({ path: at, ...wanted }) => ({ path: at, ...written(wanted) })),
    }),
  };
}

function toTraffic({ prometheus, logs }: NonNullable<WrittenHttp['floor']>['traffic']) {
  if (prometheus !== undefined) return toPrometheus(prometheus);
  assert(logs !== undefined, 'traffic without a source passed the schema');
  return toLogs(logs);
}

function toPrometheus({
  query,
  numerator,
  timeout,
  tls,
  ...rest
}: WrittenPrometheus): PrometheusProbe {
  const { url, through, denominator, headers, min, max } = rest;
  return {
    kind: 'prometheus',
    url,
    query: query ?? numerator ?? '',
    through,
    timeoutMs: timeout,
    ...written({ denominator, headers, min, max }),
    ...(tls === undefined ? {} : { tls: written(tls) }),
  };
}

function toLogs({ match, text, service, min, max }: WrittenLogs): LogsProbe {
  return {
    kind: 'logs',
    match: match === undefined ? { text: text ?? '' } : { pattern: match },
    ...written({ service, min, max }),
  };
}

type Written<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Only what is there: what was not written is not in the journal either. */
function written<T extends object>(all: T): Written<T> {
  const there = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries(there) as Written<T>;
}
