// What is recorded of samples: bounded, merged without loss, with quantiles that are nearly right.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Sample } from '../../src/gates/sample.ts';
import { binOf, countOf, quantileOf, slowerThan } from '../../src/report/durations.ts';
import {
  inOrder,
  joined,
  reduced,
  type Series,
  startOf,
  totalOf,
  withSample,
} from '../../src/report/series.ts';

const sample = (at: number, durationMs = 10, outcome: Sample['outcome'] = 'ok'): Sample => ({
  at,
  droplet: 3,
  outcome,
  durationMs,
  detail: '',
});
const from = (samples: readonly Sample[]): Series =>
  samples.reduce(withSample, startOf('errors', 'shop-r42', samples[0]?.at ?? 0));
const instants = fc.array(fc.integer({ min: 0, max: 20_000_000 }), {
  minLength: 1,
  maxLength: 300,
});

describe('durations', () => {
  test('a quantile is right to within five per cent', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.2, max: 60_000, noNaN: true }), {
          minLength: 1,
          maxLength: 200,
        }),
        fc.constantFrom(0.5, 0.95, 1),
        (durations, share) => {
          const bins = totalOf(from(durations.map((ms, index) => sample(index, ms)))).durations;
          const sorted = [...durations].sort((a, b) => a - b);
          const exact = sorted[Math.ceil(share * sorted.length - 1e-9) - 1] ?? 0;
          expect(Math.abs((quantileOf(bins, share) ?? 0) - exact)).toBeLessThanOrEqual(
            exact * 0.056,
          );
        },
      ),
    );
  });

  test('of nothing there is no quantile', () => {
    expect(quantileOf({}, 0.5)).toBe(null);
  });

  test('those slower than an objective are counted', () => {
    expect(slowerThan({ [binOf(100)]: 3, [binOf(400)]: 2, [binOf(0)]: 9 }, 300)).toBe(2);
  });
});

describe('a series', () => {
  test('has at most 360 buckets however long it lasts, and loses no sample', () => {
    fc.assert(
      fc.property(instants, (at) => {
        const series = from([...at].sort((a, b) => a - b).map((one) => sample(one)));
        expect(Object.keys(series.buckets).length).toBeLessThanOrEqual(360);
        expect(Math.max(...Object.keys(series.buckets).map(Number))).toBeLessThan(360);
        expect(totalOf(series).ok).toBe(at.length);
        expect(countOf(totalOf(series).durations)).toBe(at.length);
      }),
    );
  });

  test('an answer that comes late is put where it belongs, or into the first bucket', () => {
    const series = from([sample(5_000), sample(9_000), sample(5_100), sample(1_000)]);
    expect(inOrder(series).map(({ at, ok }) => [at, ok])).toEqual([
      [5_500, 3],
      [9_500, 1],
    ]);
  });

  test('tells failed, unknown and good apart; only good ones have durations', () => {
    const series = from([sample(0, 10), sample(1, 1, 'error'), sample(2, 9, 'unknown')]);
    expect(totalOf(series)).toMatchObject({ ok: 1, errors: 1, unknown: 1 });
    expect(countOf(totalOf(series).durations)).toBe(1);
  });

  test('keeps the mean of numbers', () => {
    const values = [1, 2, 6].map((value, at) => ({ ...sample(at), value }));
    expect(totalOf(from(values)).values).toEqual({ sum: 9, count: 3 });
  });

  test('of two controllers one after the other are joined, whichever is named first', () => {
    fc.assert(
      fc.property(instants, instants, (one, other) => {
        const [first, second] = [one, other].map((at) =>
          from([...at].sort((a, b) => a - b).map((when) => sample(when))),
        ) as [Series, Series];
        for (const whole of [joined(first, second), joined(second, first)]) {
          expect(totalOf(whole).ok).toBe(one.length + other.length);
          expect(whole.from).toBe(Math.min(first.from, second.from));
          expect(Object.keys(whole.buckets).length).toBeLessThanOrEqual(360);
        }
      }),
    );
  });

  test('is made shorter by joining neighbours', () => {
    const series = reduced(from([0, 1_000, 2_000, 3_000].map((at) => sample(at))), 2);
    expect(inOrder(series).map(({ at, ok }) => [at, ok])).toEqual([
      [1_000, 2],
      [3_000, 2],
    ]);
  });
});
