// The policies that come with bgctl: valid, explained, and what their names promise.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { shippedPolicies } from '../../src/policy/defaults.ts';
import { parsePolicy } from '../../src/policy/parse.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { policySchema } from '../../src/policy/schema.ts';
import { parsedValue } from './texts.ts';

const folder = join(import.meta.dirname, '..', '..', 'policies');
const files = readdirSync(folder).filter((name) => name.endsWith('.yml'));

function shipped(name: string): Policy {
  return parsedValue(parsePolicy(read(`${name}.yml`), `${name}.yml`));
}

function read(file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}

test.each(files)('%s is valid, without a warning', (file) => {
  expect(parsePolicy(read(file), file)).toMatchObject({ ok: true, warnings: [] });
});

test('every policy that can be named is there', () => {
  expect(files).toEqual(expect.arrayContaining(shippedPolicies.map((name) => `${name}.yml`)));
});

test('a policy is called by its file unless it says a name', () => {
  expect(shipped('standard').name).toBe('standard');
  expect(parsedValue(parsePolicy('name: ours', '/etc/policy.yaml')).name).toBe('ours');
  expect(parsedValue(parsePolicy('attempts: 1', '/etc/policy.yaml')).name).toBe('policy');
});

test('what is written comes out in the terms of the rest of the program', () => {
  const text = `attempts: 7
unreachable: 3m
start: { limit: 2m, missing: 1, restarts: 4 }
gate:
  limit: 10m
  minimum: 1m
  gates:
    - { name: alive, probe: { http: { of: droplets } }, judge: { consecutive: { passes: 3, failures: 2 } } }
    - { name: boxes, probe: container, every: 5s, unknown: 9, judge: { consecutive: { passes: 1, failures: 1 } } }
switch: { limit: 4m, floor: 2 }
verify:
  limit: 20m
  minimum: 6m
  inconclusive: abort
  unknown: hold
  gates:
    - name: errors
      probe: { http: { of: balancer, path: /up, expect: fine, timeout: 500ms } }
      every: 1s
      judge: { errorRate: { acceptable: 2%, unacceptable: 8% } }
    - { name: slow, probe: { http: {} }, judge: { latency: { objective: 300ms, acceptable: 0.1, unacceptable: 0.3, confidence: 95%, against: limit } } }
    - { name: worse, probe: { http: { path: / } }, every: 1s, dryRun: true, judge: { errorRate: { acceptable: 2%, unacceptable: 9%, against: blue } } }
    - { name: trip, probe: container, judge: { outOf: { failures: 2, of: 9 } } }
    - { name: rate, probe: container, judge: { threshold: { quantity: errorRate, max: 10%, window: 1m, samples: 20 } } }
    - { name: tail, probe: { http: {} }, judge: { threshold: { quantity: p95, max: 1s, min: 1ms, window: 1m, samples: 20 } } }
    - { name: count, probe: container, judge: { threshold: { quantity: errors, max: 5, window: 1m, samples: 1 } } }
    - { name: mean, probe: { http: {} }, judge: { threshold: { quantity: meanDuration, max: 80ms, window: 1m, samples: 1 } } }
drain: { limit: 90s, quiet: 15s, warm: 30m }
`;
  const http = { kind: 'http', of: 'droplets', path: null, expect: null, timeoutMs: 2_000 };
  const often = { everyMs: 2_000, unknownMax: 5, dryRun: false };
  const window = { min: null, windowMs: 60_000, samplesMin: 1 };
  expect(parsedValue(parsePolicy(text, 'p.yml'))).toEqual({
    name: 'p',
    attemptsMax: 7,
    unreachableMs: 180_000,
    start: { limitMs: 120_000, missingMax: 1, restartsMax: 4 },
    gate: {
      limitMs: 600_000,
      minMs: 60_000,
      gates: [
        {
          name: 'alive',
          probe: http,
          ...often,
          judge: { kind: 'consecutive', passes: 3, failures: 2 },
        },
        {
          name: 'boxes',
          probe: { kind: 'container' },
          everyMs: 5_000,
          unknownMax: 9,
          dryRun: false,
          judge: { kind: 'consecutive', passes: 1, failures: 1 },
        },
      ],
      inconclusive: 'abort',
      unknown: 'wait',
    },
    switch: { limitMs: 240_000, floor: 2 },
    verify: {
      limitMs: 1_200_000,
      minMs: 360_000,
      gates: [
        {
          name: 'errors',
          probe: { kind: 'http', of: 'balancer', path: '/up', expect: 'fine', timeoutMs: 500 },
          everyMs: 1_000,
          unknownMax: 5,
          dryRun: false,
          judge: {
            kind: 'error-rate',
            acceptable: 0.02,
            unacceptable: 0.08,
            confidence: 0.99,
            against: 'limit',
          },
        },
        {
          name: 'slow',
          probe: http,
          ...often,
          judge: {
            kind: 'latency',
            objectiveMs: 300,
            acceptable: 0.1,
            unacceptable: 0.3,
            confidence: 0.95,
            against: 'limit',
          },
        },
        {
          name: 'worse',
          probe: { ...http, path: '/' },
          everyMs: 1_000,
          unknownMax: 5,
          dryRun: true,
          judge: {
            kind: 'error-rate',
            acceptable: 0.02,
            unacceptable: 0.09,
            confidence: 0.99,
            against: 'blue',
          },
        },
        {
          name: 'trip',
          probe: { kind: 'container' },
          ...often,
          judge: { kind: 'out-of', failures: 2, of: 9 },
        },
        {
          name: 'rate',
          probe: { kind: 'container' },
          ...often,
          judge: { kind: 'threshold', quantity: 'error-rate', max: 0.1, ...window, samplesMin: 20 },
        },
        {
          name: 'tail',
          probe: http,
          ...often,
          judge: {
            kind: 'threshold',
            quantity: 'p95',
            max: 1_000,
            ...window,
            min: 1,
            samplesMin: 20,
          },
        },
        {
          name: 'count',
          probe: { kind: 'container' },
          ...often,
          judge: { kind: 'threshold', quantity: 'errors', max: 5, ...window },
        },
        {
          name: 'mean',
          probe: http,
          ...often,
          judge: { kind: 'threshold', quantity: 'mean-duration-ms', max: 80, ...window },
        },
      ],
      inconclusive: 'abort',
      unknown: 'hold',
    },
    drain: { limitMs: 90_000, quietMs: 15_000, warmMs: 1_800_000 },
  });
});

test('what is left out means what standard.yml writes', () => {
  expect(parsedValue(parsePolicy('{}', 'standard.yml'))).toEqual(shipped('standard'));
});

test('reference.yml writes every key of the schema', () => {
  expect(keysMissingIn(read('reference.yml'))).toEqual([]);
});

test('a reference without a key would be noticed', () => {
  expect(keysMissingIn(read('reference.yml').replace(/^ +quiet: .*\n/m, ''))).toEqual([
    'drain.quiet',
  ]);
});

test('reference.yml explains every section: no key stands without a comment near it', () => {
  const lines = read('reference.yml').split('\n');
  const sections = lines.filter(
    (line, index) => /^[a-z]+:/.test(line) && !lines[index - 1]?.startsWith('#'),
  );
  expect(sections).toEqual([]);
});

test('cautious looks longer and at more than standard, swift shorter', () => {
  const [swift, standard, cautious] = [shipped('swift'), shipped('standard'), shipped('cautious')];
  const patience = ({ gate, verify, drain }: Policy) => [
    gate.minMs,
    verify.minMs,
    drain.warmMs ?? Number.POSITIVE_INFINITY,
  ];
  patience(standard).forEach((ms, index) => {
    expect(patience(swift)[index]).toBeLessThan(ms);
    expect(patience(cautious)[index]).toBeGreaterThan(ms);
  });
  expect(cautious.verify.gates.length).toBeGreaterThan(standard.verify.gates.length);
});

const phases = ['start', 'gate', 'switch', 'verify', 'drain', 'abort'];

type Schema = {
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
};

function keysMissingIn(text: string): string[] {
  const written = new Set<string>();
  visit(parseDocument(text), {
    Pair(_, pair, path) {
      const above = path.flatMap((node) => ('key' in node ? [String(node.key)] : []));
      written.add([...above, String(pair.key)].join('.'));
    },
  });
  // What a list of gates or hooks may hold is written once, in whichever phase; and so is what a source of numbers may.
  const isWritten = (key: string) =>
    written.has(key) ||
    phases.some((phase) => written.has(key.replace(/^[a-z]+\.(gates|hooks)/, `${phase}.$1`)));
  return allKeys(z.toJSONSchema(policySchema, { io: 'input' }) as Schema, '').filter(
    (key) => !isWritten(key) && !isWritten(key.replace('.http.floor.traffic.', '.')),
  );
}

function allKeys(schema: Schema, above: string): string[] {
  const inner = [schema.items, ...(schema.anyOf ?? [])].flatMap((one) =>
    one === undefined ? [] : allKeys(one, above),
  );
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [
    `${above}${key}`,
    ...allKeys(value, `${above}${key}.`),
  ]);
  return [...own, ...inner];
}

test('what gates lead to while switching is as written; by default nothing is journaled of it', () => {
  const { limitMs, floor, ...usual } = parsedValue(parsePolicy('switch: {}\n', 'p.yml')).switch;
  expect(usual).toEqual({});
  const said = 'switch: { inconclusive: hold, unknown: abort }\n';
  expect(parsedValue(parsePolicy(said, 'p.yml')).switch).toEqual({
    limitMs,
    floor,
    inconclusive: 'hold',
    unknown: 'abort',
  });
  const asUsual = 'switch: { inconclusive: abort, unknown: wait }\n';
  expect(parsedValue(parsePolicy(asUsual, 'p.yml')).switch).toEqual({ limitMs, floor });
});
