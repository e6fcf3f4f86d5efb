// Journals of older versions: their policies come out in today's terms, and say what they said.
import { expect, test } from 'vitest';
import { decode, encode } from '../../src/journal/codec.ts';
import { aRelease } from '../builders/release.ts';

const probe = { kind: 'http', of: 'balancer', path: null, expect: null, timeoutMs: 2_000 };
const window = { windowMs: 60_000, samplesMin: 100 };
const gate = (name: string, judge: object) => ({
  name,
  probe,
  everyMs: 500,
  judge,
  unknownMax: 5,
});

const gates = [
  gate('rate', { kind: 'error-rate', max: 0.01, ...window }),
  gate('slow', { kind: 'latency', quantile: 0.995, maxMs: 800, ...window }),
  gate('count', { kind: 'threshold', quantity: 'errors', max: 5, ...window }),
  gate('row', { kind: 'consecutive', passes: 3, failures: 2 }),
];

function lineOf(policy: object): string {
  const command = { kind: 'promote', release: aRelease('r42'), pool: 'b', droplets: [3], policy };
  return `${JSON.stringify({ v: 1, seq: 1, at: 5, type: 'asked', command, by: 'anna' })}\n`;
}

const old = {
  name: 'standard',
  gate: { limitMs: 1_000, minMs: 0, gates },
  verify: { limitMs: 1_000, minMs: 0, gates: [] },
};

test('judges over a fixed window are thresholds now; phases say what they did before', () => {
  const [entry] = decode(lineOf(old), 'j').entries;
  const judges = [
    { kind: 'threshold', quantity: 'error-rate', max: 0.01, min: null, ...window },
    { kind: 'threshold', quantity: 'p99.5', max: 800, min: null, ...window },
    { kind: 'threshold', quantity: 'errors', max: 5, min: null, ...window },
    { kind: 'consecutive', passes: 3, failures: 2 },
  ];
  expect(entry).toMatchObject({
    command: {
      policy: {
        name: 'standard',
        gate: {
          limitMs: 1_000,
          inconclusive: 'abort',
          unknown: 'wait',
          gates: gates.map((one, index) => ({ ...one, dryRun: false, judge: judges[index] })),
        },
        verify: { inconclusive: 'hold', unknown: 'wait', gates: [] },
      },
    },
  });
});

test('what was written today comes back as it was', () => {
  const { entries } = decode(lineOf(old), 'j');
  expect(decode(encode(entries), 'j').entries).toEqual(entries);
  const share = { acceptable: 0.01, unacceptable: 0.05, confidence: 0.99, against: 'blue' };
  const today = [
    { ...gate('rate', { kind: 'error-rate', ...share }), dryRun: true },
    { ...gate('slow', { kind: 'latency', objectiveMs: 300, ...share }), dryRun: false },
  ];
  const phase = { limitMs: 1, minMs: 0, gates: today, inconclusive: 'hold', unknown: 'abort' };
  const policy = { name: 'today', gate: phase, verify: phase };
  expect(decode(lineOf(policy), 'j').entries[0]).toMatchObject({ command: { policy } });
});

test('entries without a policy, or with one that lacks phases, pass as they are', () => {
  expect(decode(lineOf({ name: 'bare' }), 'j').entries[0]).toMatchObject({
    command: { policy: { name: 'bare' } },
  });
});
