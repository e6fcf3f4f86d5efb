// What was judged before makes no difference: looked at after every sample, a gate says what it says at the first look.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BlueTest } from '../../src/gates/blue-test.ts';
import { judgeGate } from '../../src/gates/judge.ts';
import { LimitTest } from '../../src/gates/limit-test.ts';
import { blueOf, emptyWindow, type Sample, type Window } from '../../src/gates/sample.ts';
import { push } from '../../src/gates/window.ts';
import type { GateSpec, Judge } from '../../src/policy/policy.ts';
import {
  errorCount,
  errorRate,
  everyJudge,
  gate,
  given,
  latency,
  ofBalancer,
  track,
  windowOf,
} from './samples.ts';

const droplets = [1, 2];
const blue = [3, 4];

/** In the order of their arrival: some were asked up to 30 s before the one that came before them. */
const arrivals = fc.array(
  fc.record({
    stepMs: fc.nat(300),
    lateMs: fc.oneof({ weight: 9, arbitrary: fc.nat(200) }, fc.nat(30_000)),
    droplet: fc.constantFrom(...droplets, ...blue),
    outcome: fc.constantFrom('ok', 'ok', 'ok', 'ok', 'error', 'unknown' as const),
    durationMs: fc.integer({ min: -1, max: 300 }),
  }),
  { minLength: 150, maxLength: 400, size: 'max' },
);

type Arrival = typeof arrivals extends fc.Arbitrary<readonly (infer T)[]> ? T : never;

function samplesOf(all: readonly Arrival[]): readonly Sample[] {
  let now = 40_000;
  return all.map(({ stepMs, lateMs, ...sample }) => {
    now += stepMs;
    return { ...sample, at: now - lateMs, detail: 'seen' };
  });
}

/** The same gate that was never asked. */
function unasked(spec: GateSpec): GateSpec {
  return structuredClone(spec);
}

describe.each([...everyJudge, { ...latency, against: 'blue' } as const])(
  '$kind against $against',
  (judge: Judge) => {
    test.each([
      ['droplets', false],
      ['the balancer', true],
    ])('asked of %s, it says the same whether or not it was asked before', (_, atBalancer) => {
      fc.assert(
        fc.property(arrivals, fc.constantFrom(200, 10_000), fc.nat(60_000), (all, max, since) => {
          const spec = gate(judge, atBalancer ? { probe: ofBalancer } : {});
          const [own, other] = [spec.name, blueOf(spec.name)];
          let windows: Record<string, Window> = { [own]: emptyWindow, [other]: emptyWindow };
          for (const [index, sample] of samplesOf(all).entries()) {
            const apart = blue.includes(sample.droplet) && !atBalancer;
            const name = apart ? other : own;
            windows = { ...windows, [name]: push(windows[name] ?? emptyWindow, sample, max) };
            const asked = { ...given, at: sample.at, since, droplets, blue };
            const look = (one: GateSpec) =>
              judgeGate(one, windows[own] ?? emptyWindow, asked, windows[other]);
            const said = look(spec);
            if (index % 37 === 0 || index === all.length - 1)
              expect(said).toEqual(look(unasked(spec)));
          }
        }),
        { numRuns: 6, endOnFailure: true },
      );
    });

    test('it says the same after it was asked of other samples, another time and other droplets', () => {
      fc.assert(
        fc.property(arrivals, arrivals, fc.nat(300), (some, others, length) => {
          const spec = gate(judge, { probe: ofBalancer });
          const [one, other] = [samplesOf(some), samplesOf(others)].map((all) =>
            all.reduce((window, sample) => push(window, sample), emptyWindow),
          ) as [Window, Window];
          const shorter = { samples: one.samples.slice(0, length) };
          const mixed = { samples: [...one.samples.slice(0, 50), ...other.samples] };
          for (const window of [one, other, shorter, mixed, { ...one, dropped: 7 }, one])
            for (const change of [
              {},
              { droplets: [1] },
              { blue: [3] },
              { blue: [] },
              { since: 45_000 },
            ]) {
              const asked = { ...given, droplets, blue, ...change };
              const said = judgeGate(spec, window, asked);
              expect(said).toEqual(judgeGate(unasked(spec), window, asked));
            }
        }),
        { numRuns: 4, endOnFailure: true },
      );
    });
  },
);

test.each([3, 1])(
  "answers of droplet %d that come long after the other side's are put between them",
  (late) => {
    const spec = gate({ ...errorRate, against: 'blue' }, { probe: ofBalancer });
    const asked = { ...given, blue: [3] };
    // Bad ones among them, unevenly: a test that took them in another order would weigh them otherwise.
    const seen = (at: number, droplet: number): Sample => ({
      ...(track(at % 700 < 200 && droplet === 1 ? 'x' : 'o', droplet)[0] as Sample),
      at,
    });
    let window: Window = emptyWindow;
    for (let index = 0; index < 300; index += 1) {
      window = push(window, seen(index * 100, 4 - late));
      judgeGate(spec, window, asked);
      if (index < 150) continue;
      window = push(window, seen((index - 150) * 100, late));
      expect(judgeGate(spec, window, asked)).toEqual(judgeGate(unasked(spec), window, asked));
    }
  },
);

/** All is well, then much is bad, then all is well again. */
const streams = fc
  .tuple(
    fc.nat(400),
    fc.array(fc.constantFrom(false, false, true), { maxLength: 60, size: 'max' }),
    fc.nat(60),
  )
  .map(([before, sick, after]) => [
    ...Array(before).fill(false),
    ...sick,
    ...Array(after).fill(false),
  ]);

function letters(text: string): boolean[] {
  return [...text].map((letter) => letter === 'x');
}

test('a copy of a test goes on as the test does', () => {
  const limits = {
    acceptable: 0.02,
    unacceptable: 0.2,
    confidence: 0.95,
    against: 'blue',
  } as const;
  fc.assert(
    fc.property(streams, fc.nat(500), (stream, at) => {
      const [limit, beside] = [new LimitTest(limits), new BlueTest(limits)];
      let copies: readonly [LimitTest, BlueTest] | null = null;
      for (const [index, bad] of stream.entries()) {
        if (index === at) copies = [limit.copy(), beside.copy()];
        for (const one of [limit, copies?.[0]]) one?.take(bad);
        for (const one of [beside, copies?.[1]]) {
          one?.take('green', bad, index);
          if (index % 3 > 0) one?.take('blue', index % 60 === 1, index);
        }
        if (copies === null) continue;
        expect([copies[0].is, copies[0].goodMissing]).toEqual([limit.is, limit.goodMissing]);
        expect(copies[1].is).toBe(beside.is);
      }
    }),
    // What green gave last decides here.
    { examples: [[letters('ooooooooooooxxxoxoxoooxooooxoxoxoxoxoxoxoxoxoxxooxxxoxo'), 11]] },
  );
});

test('nothing is judged twice: the same samples are looked at once', () => {
  let looks = 0;
  const seen = { at: 1_000, droplet: 1, durationMs: 1, detail: '' };
  const counting = {
    ...seen,
    get outcome() {
      looks += 1;
      return 'ok' as const;
    },
  };
  const spec = gate(errorRate);
  const window = { samples: [counting] };
  const first = judgeGate(spec, window, given);
  const once = looks;
  expect(judgeGate(spec, window, { ...given, at: given.at + 500 })).toBe(first);
  expect(looks).toBe(once);
});

test('what is too old for a fixed window leaves it while nothing new comes', () => {
  const spec = gate({ ...errorCount, samplesMin: 1 });
  const window = windowOf(track('xxxoo'));
  expect(judgeGate(spec, window, { ...given, at: 61_000 }).is).toBe('fail');
  expect(judgeGate(spec, window, { ...given, at: 61_001 }).is).toBe('pass');
  expect(judgeGate(spec, window, { ...given, at: 61_000 }).is).toBe('fail');
});

test('a long window that grows by one is not gone through again', () => {
  let looks = 0;
  const at = (index: number): Sample => ({
    at: index,
    droplet: index % 2 === 0 ? 1 : 3,
    durationMs: 1,
    detail: '',
    get outcome() {
      looks += 1;
      return 'ok' as const;
    },
  });
  const comparing = { ...errorRate, against: 'blue' } as const;
  for (const judge of [errorRate, comparing]) {
    const spec = gate(judge, { probe: ofBalancer });
    const asked = { ...given, blue: [3] };
    let window: Window = { samples: Array.from({ length: 3_000 }, (_, index) => at(index)) };
    judgeGate(spec, window, asked);
    window = push(window, at(3_000));
    looks = 0;
    judgeGate(spec, window, asked);
    // The newest, once more; the last bad answer is looked for besides, where it does not pass.
    expect(looks).toBeLessThan(300);
  }
});
