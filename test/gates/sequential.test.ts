// How often the sequential tests are wrong, how soon they decide, and that the interval holds: by simulation from fixed seeds.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Beginnings } from '../../src/gates/beginnings.ts';
import { BlueTest, project } from '../../src/gates/blue-test.ts';
import { intervalOf } from '../../src/gates/interval.ts';
import { LimitTest } from '../../src/gates/limit-test.ts';
import type { ShareLimits } from '../../src/policy/policy.ts';
import { chance } from './random.ts';

const limits = (acceptable: number, unacceptable: number, confidence = 0.95): ShareLimits => ({
  acceptable,
  unacceptable,
  confidence,
  against: 'limit',
});

/** Three standard deviations of a frequency around a probability, for so many tries. */
const noise = (probability: number, tries: number) =>
  3 * Math.sqrt((probability * (1 - probability)) / tries);

const pairs = [
  [0.01, 0.05],
  [0.05, 0.2],
  [0.001, 0.02],
] as const;

describe('against a limit, looked at after every request', () => {
  test.each(pairs)(
    'a release at the acceptable %d is ever failed in at most 1 of 20, however long it is watched',
    (acceptable, unacceptable) => {
      const random = chance(1);
      const tries = 1_500;
      let failed = 0;
      for (let one = 0; one < tries; one += 1) {
        const judged = new LimitTest(limits(acceptable, unacceptable));
        for (let n = 0; n < 3_000 && judged.is !== 'fail'; n += 1)
          judged.take(random() < acceptable);
        if (judged.is === 'fail') failed += 1;
      }
      expect(failed / tries).toBeLessThanOrEqual(0.05 + noise(0.05, tries));
      expect(failed).toBeGreaterThan(0);
    },
  );

  test.each(pairs)(
    'at the unacceptable share (%d against %d) it ever passes in at most 1 of 20',
    (acceptable, unacceptable) => {
      const random = chance(2);
      const tries = 1_500;
      let passed = 0;
      for (let one = 0; one < tries; one += 1) {
        const judged = new LimitTest(limits(acceptable, unacceptable));
        while (judged.is === 'wait') judged.take(random() < unacceptable);
        if (judged.is === 'pass') passed += 1;
      }
      expect(passed / tries).toBeLessThanOrEqual(0.05 + noise(0.05, tries));
      expect(passed).toBeGreaterThan(0);
    },
  );

  test('a release that was good for a thousand requests and then breaks is failed within few', () => {
    const judged = new LimitTest(limits(0.01, 0.05, 0.99));
    for (let n = 0; n < 1_000; n += 1) judged.take(false);
    expect(judged.is).toBe('pass');
    let bad = 0;
    while (judged.is !== 'fail') {
      judged.take(true);
      bad += 1;
    }
    expect(bad).toBeLessThanOrEqual(11);
  });

  test('even after ten thousand good ones half of them bad are noticed within 60', () => {
    const judged = new LimitTest(limits(0.01, 0.05, 0.99));
    for (let n = 0; n < 10_000; n += 1) judged.take(false);
    let n = 0;
    for (; judged.is !== 'fail'; n += 1) judged.take(n % 2 === 0);
    expect(n).toBeLessThanOrEqual(60);
  });

  test('one more bad answer never makes a failed release pass, one bad answer less never fails it', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), fc.nat(), (answers, pick) => {
        const index = pick % Math.max(1, answers.length);
        const better = answers.map((bad, at) => (at === index ? false : bad));
        const isAfter = (all: readonly boolean[]) => {
          const judged = new LimitTest(limits(0.1, 0.5));
          for (const bad of all) judged.take(bad);
          return judged.is;
        };
        if (isAfter(answers) === 'pass') expect(isAfter(better)).toBe('pass');
        if (isAfter(better) === 'fail') expect(isAfter(answers)).toBe('fail');
      }),
    );
  });
});

describe('against blue', () => {
  const compared = limits(0.02, 0.1);

  /** How many of `tries` pairs of streams came to each verdict. */
  function verdicts(seed: number, blue: (n: number) => number, more: number, tries = 400) {
    const random = chance(seed);
    const counts = { pass: 0, fail: 0, wait: 0 };
    for (let one = 0; one < tries; one += 1) {
      const judged = new BlueTest(compared);
      for (let n = 0; n < 1_500 && judged.is === 'wait'; n += 1) {
        judged.take('blue', random() < blue(n), n * 500);
        judged.take('green', random() < blue(n) + more, n * 500);
      }
      counts[judged.is] += 1;
    }
    return counts;
  }

  const blues: [name: string, share: (n: number) => number][] = [
    ['1 %', () => 0.01],
    ['20 %', () => 0.2],
    ['1 % and in bad minutes 40 %', (n) => (n % 200 < 60 ? 0.4 : 0.01)],
  ];

  test.each(blues)('blue at %s: an acceptable green is failed in at most 1 of 20', (_, blue) => {
    const { fail } = verdicts(3, blue, 0.02);
    expect(fail / 400).toBeLessThanOrEqual(0.05 + noise(0.05, 400));
  });

  test.each(blues)('blue at %s: an unacceptable green passes in at most 1 of 20', (_, blue) => {
    const { pass } = verdicts(4, blue, 0.1);
    expect(pass / 400).toBeLessThanOrEqual(0.05 + noise(0.05, 400));
  });

  test('an equal green passes, blue at 1 % or not; a broken one fails', () => {
    expect(verdicts(5, () => 0.01, 0, 100)).toMatchObject({ pass: 100 });
    expect(verdicts(6, () => 0.01, 0.5, 100)).toMatchObject({ fail: 100 });
  });

  test('the expectation of a block is at most 1 under every pair that the hypothesis allows', () => {
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    const more = fc.double({ min: 0, max: 0.5, noNaN: true });
    const size = fc.integer({ min: 1, max: 3 });
    fc.assert(
      fc.property(
        share,
        share,
        more,
        share,
        share,
        size,
        size,
        (blue, green, by, some, other, blues, greens) => {
          fc.pre(green > blue + by && by < 0.9);
          const nearest = project({ blue, green }, by, greens, blues);
          // Any pair of the hypothesis "green ≤ blue + by".
          const truth = { blue: some, green: Math.min(other, some + by) };
          const of = (guess: number, near: number, real: number) =>
            (real * guess) / near + ((1 - real) * (1 - guess)) / (1 - near);
          const expectation =
            of(green, nearest.green, truth.green) ** greens *
            of(blue, nearest.blue, truth.blue) ** blues;
          expect(expectation).toBeLessThanOrEqual(1 + 1e-6);
        },
      ),
    );
  });

  test('I5: without blue, or without green, nothing is ever shown', () => {
    for (const of of ['green', 'blue'] as const) {
      const judged = new BlueTest(compared);
      for (let n = 0; n < 2_000; n += 1) judged.take(of, n % 2 === 0, n);
      expect(judged.is).toBe('wait');
    }
  });
});

describe('the evidence', () => {
  test('is 1 before anything was seen, and forgetting the past only shrinks it', () => {
    expect(new Beginnings().value).toBeCloseTo(1, 12);
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 3, noNaN: true }), { maxLength: 50 }),
        fc.nat(50),
        (ratios, forgotten) => {
          const [whole, rest] = [
            new Beginnings(),
            new Beginnings(Math.min(forgotten, ratios.length)),
          ];
          ratios.forEach((ratio, index) => {
            whole.take(ratio);
            if (index >= forgotten) rest.take(ratio);
          });
          expect(rest.value).toBeLessThanOrEqual(whole.value * (1 + 1e-9));
        },
      ),
    );
  });

  test('of a fair game it stays 1 on average', () => {
    const random = chance(7);
    let sum = 0;
    for (let one = 0; one < 4_000; one += 1) {
      const evidence = new Beginnings();
      for (let n = 0; n < 20; n += 1) evidence.take(random() < 0.5 ? 1.3 : 0.7);
      sum += evidence.value;
    }
    expect(sum / 4_000).toBeCloseTo(1, 1);
  });
});

describe('the interval', () => {
  test('holds the truth at every look in at least 19 of 20', () => {
    const random = chance(8);
    let missed = 0;
    for (let one = 0; one < 300; one += 1) {
      let bad = 0;
      for (let n = 1; n <= 300; n += 1) {
        if (random() < 0.1) bad += 1;
        const { low, high } = intervalOf(bad, n, 0.95);
        if (low <= 0.1 && 0.1 <= high) continue;
        missed += 1;
        break;
      }
    }
    expect(missed / 300).toBeLessThanOrEqual(0.05 + noise(0.05, 300));
  });

  test('holds what was seen, and is all where nothing was', () => {
    expect(intervalOf(0, 0, 0.99)).toEqual({ low: 0, high: 1 });
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), (bad, good) => {
        fc.pre(bad + good > 0);
        const { low, high } = intervalOf(bad, bad + good, 0.99);
        expect(low).toBeLessThanOrEqual(bad / (bad + good));
        expect(high).toBeGreaterThanOrEqual(bad / (bad + good));
        expect([low >= 0, high <= 1]).toEqual([true, true]);
      }),
    );
  });
});
