// One gate's verdict by example: a table a judge, each row the samples as letters (o ok, x error, ? unknown).
import { describe, expect, test } from 'vitest';
import { judgeGate } from '../../src/gates/judge.ts';
import type { Sample } from '../../src/gates/sample.ts';
import type { GateSpec } from '../../src/policy/policy.ts';
import {
  consecutive,
  errorCount,
  errorRate,
  gate,
  latency,
  meanDuration,
  track,
  windowOf,
} from './samples.ts';

function verdict(
  spec: GateSpec,
  tracks: readonly Sample[][],
  more: { at?: number; since?: number } = {},
) {
  const droplets = tracks.map((_, index) => index + 1);
  return judgeGate(spec, windowOf(...tracks), { at: 60_000, since: 0, droplets, ...more });
}

describe('consecutive answers (3 good pass, 2 bad fail)', () => {
  test.each([
    ['nothing', [''], 'wait'],
    ['too few', ['oo'], 'wait'],
    ['enough', ['ooo'], 'pass'],
    ['bad before, good since', ['xooo'], 'pass'],
    ['good before, bad now', ['ooox'], 'wait'],
    ['one bad within', ['ooxoo'], 'wait'],
    ['two bad at the end', ['oooxx'], 'fail'],
    ['two bad, good since', ['xxooo'], 'fail'],
    ['bad ones with an unknown between', ['x?x'], 'fail'],
    ['bad ones with many unknown between', ['x???x'], 'fail'],
    ['bad, good, bad', ['xox'], 'wait'],
    ['good ones with an unknown between', ['oo?o'], 'wait'],
    ['good ones, then an unknown', ['ooo?'], 'wait'],
    ['good ones since an unknown', ['?ooo'], 'pass'],
    ['only unknown', ['??????'], 'wait'],
    ['both droplets good', ['ooo', 'ooo'], 'pass'],
    ['one droplet short', ['ooo', 'oo'], 'wait'],
    ['one droplet silent', ['ooo', ''], 'wait'],
    ['one droplet unknown now', ['ooo', 'ooo?'], 'wait'],
    ['one droplet bad', ['oooooo', 'xx'], 'fail'],
    ['each droplet bad once', ['oxo', 'oxo'], 'wait'],
  ])('%s: %s is %s', (_, letters, is) => {
    const tracks = letters.map((one, index) => track(one, index + 1));
    expect(verdict(gate(consecutive), tracks).is).toBe(is);
  });
});

describe('error rate (at most 10 % of at least 10)', () => {
  test.each([
    ['nothing', '', 'wait'],
    ['too few', 'ooooooooo', 'wait'],
    ['enough', 'oooooooooo', 'pass'],
    ['exactly the limit', 'xooooooooo', 'pass'],
    ['over the limit', 'xxoooooooo', 'fail'],
    ['hopeless before there are enough', 'xx', 'fail'],
    ['one bad of few may still mend', 'x', 'wait'],
    ['unknown ones are not counted', 'ooooo?????', 'wait'],
    ['unknown ones dilute nothing', '??????????xx', 'fail'],
    ['enough beside unknown ones', '?ooooooooo?oo', 'pass'],
  ])('%s: %s is %s', (_, letters, is) => {
    expect(verdict(gate(errorRate), [track(letters)]).is).toBe(is);
  });

  test('29 failed of 100 are exactly 29 %, not more', () => {
    const judge = { ...errorRate, max: 0.29, samplesMin: 100 };
    const letters = 'x'.repeat(29) + 'o'.repeat(71);
    expect(verdict(gate(judge), [track(letters)], { at: 60_000 }).is).toBe('pass');
    expect(verdict(gate(judge), [track('x'.repeat(29))]).is).toBe('wait');
    expect(verdict(gate(judge), [track('x'.repeat(30))]).is).toBe('fail');
  });

  test('a droplet that was never heard of keeps the gate from passing', () => {
    const { is, because } = verdict(gate(errorRate), [track('oooooooooo'), track('??', 2)]);
    expect(is).toBe('wait');
    expect(because).toContain('no answer from droplet 2 yet');
  });
});

describe('latency (p90 at most 100 ms of at least 10)', () => {
  const given = (...durations: number[]) =>
    durations.map(
      (durationMs, index) => ({ ...track('o', 1, durationMs)[0], at: index }) as Sample,
    );
  const nine = [1, 2, 3, 4, 5, 6, 7, 8, 9];

  test.each([
    ['too few', nine, 'wait'],
    ['all quick', [...nine, 10], 'pass'],
    ['one in ten slow', [...nine, 5000], 'pass'],
    ['exactly the limit', [...nine, 100, 100], 'pass'],
    ['two in ten slow', [...nine.slice(0, 8), 101, 102], 'fail'],
    ['a slow one early, then nine quick', [5000, ...nine], 'pass'],
    ['two slow ones early, then eight quick', [5000, 4000, ...nine.slice(1)], 'fail'],
  ])('%s is judged by its quantile', (_, durations, is) => {
    expect(verdict(gate(latency), [given(...durations)]).is).toBe(is);
  });

  test('what could not be measured is neither quick nor slow', () => {
    const timedOut = track('???', 1, 9000);
    const { is, evidence } = verdict(gate(latency), [[...given(...nine, 10), ...timedOut]]);
    expect(is).toBe('pass');
    expect(evidence).toEqual({ samples: 10, errors: 0, p90: '9 ms', maxMs: 100 });
  });

  test('failed answers count as slower than any limit, however quick they failed', () => {
    const quick = track('ooooooooxx', 1, 1);
    const { is, because } = verdict(gate(latency), [quick]);
    expect(is).toBe('fail');
    expect(because).toContain('p90 of 10 answers is an answer that failed');
  });
});

describe('threshold', () => {
  test.each([
    ['too few', 'ooooo', 'wait'],
    ['as many as allowed', 'xxoooooooo', 'pass'],
    ['too many, before there are enough', 'xxx', 'fail'],
  ])('number of bad answers, %s: %s is %s', (_, letters, is) => {
    expect(verdict(gate(errorCount), [track(letters)]).is).toBe(is);
  });

  test.each([
    [100, 'oooooooooo', 'pass'],
    [101, 'oooooooooo', 'fail'],
    [101, 'ooooooooo', 'wait'],
    [1, 'xxxxxxxxxx', 'wait'],
  ])('mean of %i ms over %s is %s: bad answers do not make it quick', (ms, letters, is) => {
    expect(verdict(gate(meanDuration), [track(letters, 1, ms)]).is).toBe(is);
  });
});

describe('what counts', () => {
  test('samples from before the phase do not', () => {
    const tracks = [track('ooo')];
    expect(verdict(gate(consecutive), tracks, { since: 1000 }).is).toBe('pass');
    expect(verdict(gate(consecutive), tracks, { since: 1001 }).is).toBe('wait');
    expect(verdict(gate(consecutive), [track('xxooo')], { since: 3000 }).is).toBe('pass');
  });

  test('samples older than the window do not', () => {
    const judge = { ...errorRate, windowMs: 10_000 };
    const letters = `xxxxx${'o'.repeat(11)}`;
    expect(verdict(gate(judge), [track(letters)], { at: 16_000 }).is).toBe('pass');
    expect(verdict(gate(judge), [track(letters)], { at: 15_000 }).is).toBe('pass');
    expect(verdict(gate(judge), [track(letters)], { at: 14_000 }).is).toBe('fail');
  });

  test("samples of a droplet that is not the environment's do not", () => {
    const window = windowOf(track('ooo', 1), track('xxx', 9));
    const given = { at: 60_000, since: 0, droplets: [1] };
    expect(judgeGate(gate(consecutive), window, given).is).toBe('pass');
  });

  test("a gate of the balancer's address is judged by its own samples alone", () => {
    const probe = { kind: 'http', of: 'balancer', path: null, expect: null, timeoutMs: 1 } as const;
    const given = { at: 60_000, since: 0, droplets: [1, 2] };
    const spec = gate(consecutive, { probe });
    expect(judgeGate(spec, windowOf(track('ooo', 0), track('xx', 9)), given).is).toBe('pass');
    expect(judgeGate(spec, windowOf(track('ooo', 2)), given).is).toBe('pass');
    const failed = judgeGate(spec, windowOf(track('xx', 0)), given);
    expect(failed.is).toBe('fail');
    expect(failed.because).toContain("the balancer's address");
  });

  test('I5: an environment without droplets cannot pass', () => {
    for (const judge of [consecutive, errorRate])
      expect(
        judgeGate(gate(judge), windowOf(track('oooooooooooo')), { at: 1, since: 0, droplets: [] })
          .is,
      ).toBe('wait');
  });
});

describe('I5: a gate that goes blind says so and does not pass', () => {
  test.each([
    ['oooooooooooo???', 'pass'],
    ['oooooooooooo????', 'wait'],
  ])('error rate over %s, with at most 3 unknown in a row, is %s', (letters, is) => {
    const judged = verdict(gate(errorRate), [track(letters)]);
    expect(judged.is).toBe(is);
    if (is === 'wait')
      expect(judged.because).toContain(
        'droplet 1 could not be measured the last 4 times (SSH lost)',
      );
  });

  test('a gate that has failed is not saved by going blind', () => {
    expect(verdict(gate(errorRate), [track('xxxxxxxxxxx?????')]).is).toBe('fail');
  });
});

describe('the sentence', () => {
  const quicker = { ...latency, maxMs: 9 };
  const quickerMean = { ...meanDuration, max: 9 };
  const anyNumber = { ...errorRate, samplesMin: 0 };

  test.each([
    [
      gate(errorRate, { name: 'errors' }),
      'xxxoooooooooo',
      'errors: 3 of 13 answers failed (23.1 %), more than 10 %; last bad answer, from droplet 1: HTTP 503 sick',
    ],
    [gate(errorRate), 'xooooooooooo', 'up: 1 of 12 answers failed (8.33 %), at most 10 %'],
    [
      gate(errorRate),
      'xxoooooooo',
      'up: 2 of 10 answers failed (20 %), more than 10 %; last bad answer, from droplet 1: HTTP 503 sick',
    ],
    [
      gate(errorRate),
      'xxo',
      'up: 2 of 3 answers failed: already more than 10 % of 10; last bad answer, from droplet 1: HTTP 503 sick',
    ],
    [gate(errorRate), 'ooo', 'up: 3 of 10 answers so far, 0 failed'],
    [
      gate(consecutive),
      'oxx',
      'up: droplet 1 gave 2 bad answers in a row; 2 are too many; last bad answer, from droplet 1: HTTP 503 sick',
    ],
    [gate(consecutive), 'ooo', 'up: every droplet gave 3 good answers in a row'],
    [
      gate(consecutive),
      'o',
      'up: 3 good answers in a row are wanted from every droplet; droplet 1 has 1',
    ],
    [
      gate(consecutive),
      '',
      'up: 3 good answers in a row are wanted from every droplet; droplet 1 has 0',
    ],
    [
      gate(consecutive, { unknownMax: 0 }),
      'ooo?',
      'up: 3 good answers in a row are wanted from every droplet; droplet 1 has 0; droplet 1 could not be measured the last time (SSH lost)',
    ],
    [gate(latency), 'oooooooooo', 'up: p90 of 10 answers is 10 ms, at most 100 ms'],
    [gate(quicker), 'oooooooooo', 'up: p90 of 10 answers is 10 ms, more than 9 ms'],
    [gate(latency), 'ooo', 'up: 3 of 10 answers so far for p90'],
    [gate(errorCount), 'oooooooooo', 'up: 0 of 10 answers failed, at most 2'],
    [gate(errorCount), 'ooo', 'up: 3 of 10 answers so far, 0 failed'],
    [
      gate(errorCount),
      'xxxo',
      'up: 3 of 4 answers failed, more than 2; last bad answer, from droplet 1: HTTP 503 sick',
    ],
    [gate(meanDuration), 'oooooooooo', 'up: the mean of 10 good answers is 10 ms, at most 100 ms'],
    [gate(quickerMean), 'oooooooooo', 'up: the mean of 10 good answers is 10 ms, more than 9 ms'],
    [gate(meanDuration), 'ooo?', 'up: 3 of 10 good answers so far'],
  ])('of %o after %s names the gate and its numbers', (spec, letters, because) => {
    expect(verdict(spec, [track(letters)]).because).toBe(because);
  });

  test('names every droplet that is short, silent or blind', () => {
    const two = (spec: GateSpec, one: string, other: string) =>
      verdict(spec, [track(one), track(other, 2)]).because;
    expect(two(gate(consecutive), 'oo', 'o')).toContain('droplet 1 has 2, droplet 2 has 1');
    expect(two(gate(anyNumber), 'o', '')).toContain('from droplet 2 yet');
    expect(two(gate(errorRate), '????', '????')).toContain('(SSH lost), droplet 2 could not');
    const given = { at: 60_000, since: 0 };
    const window = windowOf(track('oooooooooo', 3));
    const silent = { ...given, droplets: [1, 2, 3] };
    expect(judgeGate(gate(errorRate), window, silent).because).toContain(
      'no answer from droplet 1, droplet 2 yet',
    );
    const nobody = judgeGate(gate(consecutive), window, { ...given, droplets: [] });
    expect(nobody.because).toContain('there is no droplet to ask');
  });

  test.each([
    [consecutive, 'ooooo', { samples: 5, passes: 3, least: 3 }],
    [consecutive, 'oo', { samples: 2, passes: 3, least: 2 }],
    [consecutive, 'oxx', { samples: 3, passes: 3, least: 0, droplet: 1, bad: 2 }],
    [errorRate, 'xooo', { samples: 4, errors: 1, rate: 0.25, max: 0.1 }],
    [errorRate, '??', { samples: 0, errors: 0, rate: 0, max: 0.1 }],
    [latency, 'ox', { samples: 2, errors: 1, maxMs: 100 }],
    [errorCount, 'oxx?', { samples: 3, errors: 2, max: 2 }],
    [meanDuration, 'oxx?', { samples: 1, max: 100 }],
    [meanDuration, 'oooooooooo', { samples: 10, max: 100, meanMs: 10 }],
  ])('%o after %s comes with its numbers as evidence', (judge, letters, evidence) => {
    expect(verdict(gate(judge), [track(letters)]).evidence).toEqual(evidence);
  });
});
