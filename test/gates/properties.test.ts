// What holds of every gate whatever the samples.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeGate } from '../../src/gates/judge.ts';
import { judgeAll } from '../../src/gates/phase.ts';
import type { Sample } from '../../src/gates/sample.ts';
import type { Judge } from '../../src/policy/policy.ts';
import { everyJudge, gate } from './samples.ts';

const droplets = [1, 2];

const samples = fc
  .array(
    fc.record({
      at: fc.integer({ min: 0, max: 30_000 }),
      droplet: fc.constantFrom(...droplets),
      outcome: fc.constantFrom('ok', 'ok', 'ok', 'ok', 'error', 'unknown' as const),
      durationMs: fc.integer({ min: 0, max: 300 }),
      detail: fc.constant('seen'),
    }),
    { maxLength: 40 },
  )
  .map((all): Sample[] => all.sort((a, b) => a.at - b.at));

const windowed = fc.record({
  windowMs: fc.integer({ min: 1, max: 60_000 }),
  samplesMin: fc.integer({ min: 1, max: 20 }),
});
const shares = fc
  .tuple(
    fc.double({ min: 0.01, max: 0.2, noNaN: true }),
    fc.double({ min: 0.1, max: 0.7, noNaN: true }),
    fc.constantFrom(0.8, 0.95, 0.99),
  )
  .map(([acceptable, more, confidence]) => ({
    acceptable,
    unacceptable: acceptable + more,
    confidence,
    against: 'limit' as const,
  }));
const judge: fc.Arbitrary<Judge> = fc.oneof(
  fc.record({
    kind: fc.constant('consecutive' as const),
    passes: fc.integer({ min: 1, max: 5 }),
    failures: fc.integer({ min: 1, max: 4 }),
  }),
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 4, max: 8 }))
    .map(([failures, of]) => ({ kind: 'out-of' as const, failures, of })),
  shares.map((more) => ({ kind: 'error-rate' as const, ...more })),
  fc
    .tuple(shares, fc.integer({ min: 0, max: 300 }))
    .map(([more, objectiveMs]) => ({ kind: 'latency' as const, objectiveMs, ...more })),
  fc
    .tuple(
      windowed,
      fc.constantFrom('errors', 'mean-duration-ms', 'p50', 'p90' as const),
      fc.integer({ min: 0, max: 150 }),
    )
    .map(([more, quantity, max]) => ({
      kind: 'threshold' as const,
      quantity: quantity as 'errors',
      max,
      min: null,
      ...more,
    })),
  fc.tuple(windowed, fc.double({ min: 0, max: 1, noNaN: true })).map(([more, max]) => ({
    kind: 'threshold' as const,
    quantity: 'error-rate' as const,
    max,
    min: null,
    ...more,
  })),
);
const specs = fc
  .tuple(judge, fc.integer({ min: 0, max: 5 }))
  .map(([one, unknownMax]) => gate(one, { unknownMax }));

const given = { at: 30_000, since: 0, droplets, blue: [] };
const judged = (spec: ReturnType<typeof gate>, all: readonly Sample[]) =>
  judgeGate(spec, { samples: all }, given).is;

/** Verdicts from worst to best. */
const rank = { fail: 0, inconclusive: 1, unknown: 1, wait: 2, pass: 3 };

describe('whatever the samples', () => {
  test('the generated cases reach every verdict of every judge', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(specs, samples, (spec, all) => {
        seen.add(`${spec.judge.kind} ${judged(spec, all)}`);
      }),
      { numRuns: 3000, seed: 7 },
    );
    const kinds = ['consecutive', 'out-of', 'error-rate', 'latency', 'threshold'];
    const wanted = kinds.flatMap((kind) =>
      ['pass', 'fail', 'wait', 'unknown'].map((is) => `${kind} ${is}`),
    );
    expect([...seen].sort()).toEqual(wanted.sort());
  });

  test('I5: all unknown neither passes nor fails', () => {
    fc.assert(
      fc.property(specs, samples, (spec, all) => {
        const unknown = all.map((sample) => ({ ...sample, outcome: 'unknown' as const }));
        expect(['wait', 'unknown']).toContain(judged(spec, unknown));
      }),
    );
  });

  test('I5: a droplet of which nothing is known keeps every gate from passing', () => {
    fc.assert(
      fc.property(specs, samples, (spec, all) => {
        const silent = all.filter((sample) => sample.droplet !== 2 || sample.outcome === 'unknown');
        expect(judged(spec, silent)).not.toBe('pass');
      }),
    );
  });

  test('I5: a good answer that is not seen never makes a gate pass that did not', () => {
    fc.assert(
      fc.property(specs, samples, fc.nat(), (spec, all, pick) => {
        // A slow answer that is not seen is another matter: it was good and still spoke against. And where few of many
        // are counted (a tripwire, a share of late ones), a good one can stand between bad ones.
        fc.pre(spec.judge.kind === 'consecutive');
        const index = pick % Math.max(1, all.length);
        fc.pre(all[index]?.outcome === 'ok' && judged(spec, all) !== 'pass');
        const unseen = all.map((sample, at) =>
          at === index ? { ...sample, outcome: 'unknown' as const } : sample,
        );
        expect(judged(spec, unseen)).not.toBe('pass');
      }),
      { numRuns: 500 },
    );
  });

  test('one more error never improves the verdict', () => {
    fc.assert(
      fc.property(specs, samples, fc.nat(30_000), fc.nat(300), (spec, all, at, durationMs) => {
        const error: Sample = { at, droplet: 1, outcome: 'error', durationMs, detail: 'HTTP 500' };
        const more = [...all, error].sort((a, b) => a.at - b.at);
        const before = judged(spec, all);
        if (before === 'fail') expect(judged(spec, more)).toBe('fail');
      }),
      { numRuns: 2000 },
    );
  });

  test('turning an error into a good answer never makes the verdict worse', () => {
    fc.assert(
      fc.property(specs, samples, fc.nat(), (spec, all, pick) => {
        const errors = all.flatMap((sample, index) => (sample.outcome === 'error' ? [index] : []));
        const index = errors[pick % Math.max(1, errors.length)];
        if (index === undefined || spec.judge.kind === 'threshold') return;
        // What answers slowly is no better than what fails; here it answers at once.
        const mended = all.map((sample, at) =>
          at === index ? { ...sample, outcome: 'ok' as const, durationMs: 0 } : sample,
        );
        expect(rank[judged(spec, mended)]).toBeGreaterThanOrEqual(rank[judged(spec, all)]);
      }),
      { numRuns: 2000 },
    );
  });

  test('how droplets interleave changes nothing where each is judged by its own, or all by their number', () => {
    fc.assert(
      fc.property(specs, samples, (spec, all) => {
        // A sequential test is one of a stream: where in it the bad answers stand tells when the sickness began.
        fc.pre(!('acceptable' in spec.judge));
        const apart = droplets.flatMap((one) => all.filter((sample) => sample.droplet === one));
        const verdicts = [all, apart].map((order) => judgeGate(spec, { samples: order }, given));
        expect(verdicts[0]?.is).toBe(verdicts[1]?.is);
      }),
    );
  });

  test('when answers came changes nothing for a judge without a fixed window, only their order', () => {
    fc.assert(
      fc.property(specs, samples, (spec, all) => {
        fc.pre(spec.judge.kind !== 'threshold');
        const spread = all.map((sample, index) => ({ ...sample, at: index * 1_000 }));
        expect(judged(spec, spread)).toBe(judged(spec, all));
      }),
    );
  });

  test('samples from before the phase change nothing', () => {
    fc.assert(
      fc.property(specs, samples, samples, (spec, old, all) => {
        const earlier = old.map((sample) => ({ ...sample, at: sample.at - 30_001 }));
        expect(judgeGate(spec, { samples: [...earlier, ...all] }, given)).toEqual(
          judgeGate(spec, { samples: all }, given),
        );
      }),
    );
  });
});

describe('whatever the gates', () => {
  const all = everyJudge.map((one, index) => gate(one, { name: `gate ${index}` }));
  const times = fc.record({
    at: fc.nat(100_000),
    minMs: fc.nat(50_000),
    limitMs: fc.integer({ min: 1, max: 100_000 }),
  });

  test('I9: at its limit a phase never waits', () => {
    fc.assert(
      fc.property(fc.subarray(all), samples, times, (gates, seen, { at, minMs, limitMs }) => {
        const windows = Object.fromEntries(gates.map((one) => [one.name, { samples: seen }]));
        const { is } = judgeAll(gates, windows, {
          at,
          since: 0,
          droplets,
          blue: [],
          minMs,
          limitMs,
        });
        if (at >= limitMs) expect(['wait', 'unknown']).not.toContain(is);
        else expect(is).not.toBe('inconclusive');
        if (at < minMs) expect(is).not.toBe('pass');
      }),
    );
  });

  test('I5: a phase passes only with samples of every gate', () => {
    fc.assert(
      fc.property(fc.subarray(all), samples, times, fc.nat(), (gates, seen, when, pick) => {
        const windows = Object.fromEntries(gates.map((one) => [one.name, { samples: seen }]));
        const silent = gates[pick % Math.max(1, gates.length)]?.name ?? '';
        const { [silent]: _, ...rest } = windows;
        expect(judgeAll(gates, rest, { since: 0, droplets, blue: [], ...when }).is).not.toBe(
          'pass',
        );
      }),
    );
  });
});
