// Parts for the probes of the tests: everything at hand, what is not asked for fails; say only what differs.
import { Agent } from 'node:http';
import type { Sample } from '../../src/gates/sample.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Failure } from '../../src/lib/failure.ts';
import type { HttpProbe, ProbeSpec } from '../../src/policy/probe-spec.ts';
import type { Reach } from '../../src/probes/http.ts';
import { type ProbeParts, probes } from '../../src/probes/probe.ts';
import type { Environment } from '../../src/promotion/environment.ts';
import type { During } from '../../src/world.ts';

export const environment: Environment = {
  release: { id: 'r7', images: {}, composeHash: '', env: {}, requestedBy: 'anna', key: 'k' },
  pool: 'a',
  droplets: [7, 8],
  project: 'shop-r7',
  state: 'green',
};

export const direct: Reach = {
  address: async () => '127.0.0.1',
  agent: () => new Agent(),
  check: async () => undefined,
};

export function http(more: Partial<HttpProbe> = {}): HttpProbe {
  return { kind: 'http', of: 'droplets', path: '/ready', expect: null, timeoutMs: 2000, ...more };
}

const notHere = async (): Promise<never> => {
  throw new Failure('host', 'this test has no such thing');
};

export function parts(port: number, more: Partial<ProbeParts> = {}): ProbeParts {
  return {
    settings: {
      traffic: {
        ports: [port],
        health: '/up',
        address: null,
        identity: { kind: 'none' },
        drain: null,
      },
    },
    reach: direct,
    insides: { containers: notHere, lines: notHere, run: notHere },
    readMetrics: notHere,
    runHere: notHere,
    address: `http://127.0.0.1:${port}`,
    variables: () => undefined,
    clock: systemClock,
    ...more,
  };
}

/** One question that must yield a sample. */
export async function sample(spec: ProbeSpec, given: ProbeParts, during?: During): Promise<Sample> {
  const taken = await probes(given).sample(spec, environment, 7, during);
  if (taken === null) throw new Error('no sample was taken');
  return taken;
}

/** A phase that began then, and does not end. */
export function phase(since = 0): During {
  return { since, stop: new AbortController().signal };
}

/** A clock that stands until it is moved; who sleeps moves it. */
export function leapingClock(
  start = 1_000_000_000,
): Clock & { now(): number; pass(ms: number): void } {
  let now = start;
  return {
    ...systemClock,
    now: () => now,
    pass: (ms) => {
      now += ms;
    },
    sleep: async (ms, signal) => {
      if (!signal?.aborted) now += ms;
    },
  };
}
