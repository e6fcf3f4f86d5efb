// One gate's verdict by example: a table a judge, each row the samples as letters (o ok, x error, ? unknown).
import { describe, expect, test } from 'vitest';
import { type Given, judgeGate } from '../../src/gates/judge.ts';
import type { Sample } from '../../src/gates/sample.ts';
import type { GateSpec } from '../../src/policy/policy.ts';
import {
  consecutive,
  errorCount,
  errorRate,
  gate,
  given,
  latency,
  meanDuration,
  meanValue,
  ofBalancer,
  outOf,
  p90,
  rateOfWindow,
  track,
  windowOf,
} from './samples.ts';

function verdict(spec: GateSpec, tracks: readonly Sample[][], more: Partial<Given> = {}) {
  const droplets = tracks.map((_, index) => index + 1);
  return judgeGate(spec, windowOf(...tracks), { ...given, droplets, ...more });
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
    ['only unknown', ['??????'], 'unknown'],
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

describe('a tripwire (2 bad of 5)', () => {
  test.each([
    ['nothing', [''], 'wait'],
    ['too few', ['oooo'], 'wait'],
    ['enough', ['ooooo'], 'pass'],
    ['one bad of five', ['oxooo'], 'pass'],
    ['two bad, before there are five', ['xox'], 'fail'],
    ['two bad of five', ['oooooxooox'], 'fail'],
    ['two bad, not of five in a row', ['oooooxoooox'], 'pass'],
    ['two bad long ago', ['xxoooooooooo'], 'fail'],
    ['unknown ones are not among the five', ['oox????oox'], 'fail'],
    ['unknown ones are no answers', ['ooo??'], 'wait'],
    ['each droplet bad once', ['oxooo', 'oxooo'], 'pass'],
    ['one droplet short', ['ooooo', 'oooo'], 'wait'],
    ['one droplet trips it', ['ooooo', 'xx'], 'fail'],
  ])('%s: %s is %s', (_, letters, is) => {
    const tracks = letters.map((one, index) => track(one, index + 1));
    expect(verdict(gate(outOf), tracks).is).toBe(is);
  });
});

describe('error rate (5 % is acceptable, 50 % is not, 99 %)', () => {
  test.each([
    ['nothing', '', 'wait'],
    ['too few', 'ooooooo', 'wait'],
    ['enough', 'oooooooo', 'pass'],
    ['one bad among few may still mend', 'xoo', 'wait'],
    ['one bad, many good', `x${'o'.repeat(15)}`, 'pass'],
    ['two bad at once', 'xxo', 'wait'],
    ['three bad at once', 'xxx', 'fail'],
    ['three bad late', `${'o'.repeat(12)}xxx`, 'wait'],
    ['six bad late', `${'o'.repeat(40)}xxxxxx`, 'fail'],
    ['a failure stays, whatever came after', `xxx${'o'.repeat(40)}`, 'fail'],
    ['unknown ones are not counted', 'oooo???', 'wait'],
    ['unknown ones dilute nothing', '???xxx', 'fail'],
    ['enough beside unknown ones', '?ooooo?ooo', 'pass'],
  ])('%s: %s is %s', (_, letters, is) => {
    expect(verdict(gate(errorRate), [track(letters)]).is).toBe(is);
  });

  test('after a pass it is not passed while the latest answers speak loudly against it', () => {
    const judgedAfter = (letters: string) =>
      verdict(gate(errorRate), [track(`${'o'.repeat(60)}${letters}`)]).is;
    expect(['', 'x', 'xx', 'xxo', 'xxoooo'].map(judgedAfter)).toEqual([
      'pass',
      'pass',
      'wait',
      'wait',
      'pass',
    ]);
  });

  test('a droplet that was never heard of keeps the gate from passing', () => {
    const { is, because } = verdict(gate(errorRate), [track('oooooooooo'), track('??', 2)]);
    expect(is).toBe('wait');
    expect(because).toContain('droplet 2 could not be measured the last time (SSH lost)');
  });

  test('I5: a droplet that answered once and cannot be measured now keeps it from passing, however well the other is', () => {
    const judgedBeside = (letters: string) =>
      verdict(gate(errorRate), [track('o'.repeat(60)), track(letters, 2)]);
    expect(judgedBeside('oo').is).toBe('pass');
    expect(judgedBeside('oo?').is).toBe('wait');
    expect(judgedBeside('oo?').because).toContain(
      'droplet 2 could not be measured the last time (SSH lost)',
    );
    expect(judgedBeside('oo?o').is).toBe('pass');
  });

  test('older samples that are no longer known only make it slower', () => {
    const judgedAfter = (letters: string) =>
      judgeGate(gate(errorRate), { ...windowOf(track(letters)), dropped: 1_000 }, given).is;
    expect(judgedAfter('xxx')).toBe('wait');
    expect(judgedAfter('x'.repeat(20))).toBe('fail');
    expect(judgedAfter('oooooooo')).toBe('wait');
    expect(judgedAfter('o'.repeat(60))).toBe('pass');
  });
});

describe('latency (5 % over 100 ms are acceptable, 50 % are not)', () => {
  const given = (...durations: number[]) =>
    durations.map(
      (durationMs, index) => ({ ...track('o', 1, durationMs)[0], at: index }) as Sample,
    );
  const eight = [1, 2, 3, 4, 5, 6, 7, 8];

  test.each([
    ['too few', eight.slice(1), 'wait'],
    ['all quick', eight, 'pass'],
    ['exactly the objective', eight.map(() => 100), 'pass'],
    ['slower by a little', [101, 101, 101], 'fail'],
    ['one slow among many', [...eight, 5_000, ...eight], 'pass'],
  ])('%s is judged answer by answer', (_, durations, is) => {
    expect(verdict(gate(latency), [given(...durations)]).is).toBe(is);
  });

  test('what could not be measured is neither quick nor slow', () => {
    const timedOut = track('???', 1, 9000);
    const { evidence } = verdict(gate(latency), [[...given(...eight), ...timedOut]]);
    expect(evidence).toMatchObject({ samples: 8, errors: 0 });
  });

  test('failed answers are slow, however quick they failed', () => {
    const { is, because } = verdict(gate(latency), [track('oxxx', 1, 1)]);
    expect(is).toBe('fail');
    expect(because).toContain('3 of 4 requests failed or took more than 100 ms, 75 %');
  });
});

describe('against blue (at most 5 % worse, not 50 % worse)', () => {
  const compared = gate({ ...errorRate, against: 'blue' });
  const beside = (green: string, blue: string) =>
    judgeGate(
      compared,
      windowOf(track(green)),
      { ...given, blue: [8, 9] },
      windowOf(track(blue, 9)),
    );

  test.each([
    ['both good', 'o'.repeat(24), 'o'.repeat(24), 'pass'],
    ['too few', 'oooo', 'oooo', 'wait'],
    ['green all bad, blue good', 'xxxxxxxx', 'oooooooo', 'fail'],
    ['both all bad', 'x'.repeat(50), 'x'.repeat(50), 'pass'],
    ['blue bad, green good', 'o'.repeat(24), 'x'.repeat(24), 'pass'],
    ['I5: blue gave no answer', 'o'.repeat(60), '', 'wait'],
    ['I5: blue could not be measured', 'o'.repeat(60), '?'.repeat(60), 'wait'],
    ['I5: green gave none', '', 'oooooooooooo', 'wait'],
  ])('%s: %s beside %s is %s', (_, green, blue, is) => {
    expect(beside(green, blue).is).toBe(is);
  });

  test('answers more than a minute apart are not of the same minutes', () => {
    const later = track('o'.repeat(60), 9).map((sample) => ({
      ...sample,
      at: sample.at + 200_000,
    }));
    const seen = judgeGate(
      compared,
      windowOf(track('o'.repeat(60))),
      { ...given, at: 300_000, blue: [9] },
      windowOf(later),
    );
    expect(seen.is).toBe('wait');
  });

  test('at the balancer both answer, and each is told by its droplet', () => {
    const spec = gate(compared.judge, { probe: { ...ofBalancer } });
    const mixed = (green: string, blue: string) =>
      judgeGate(spec, windowOf(track(green, 1), track(blue, 9)), { ...given, blue: [9] });
    expect(mixed('xxxxxxxx', 'oooooooo').is).toBe('fail');
    expect(mixed('oooooooo', 'xxxxxxxx').is).toBe('pass');
    expect(mixed('xxxxxxxx', 'oooooooo').evidence).toMatchObject({ samples: 8, blueSamples: 8 });
  });

  test('under the first release there is no blue: it counts as flawless', () => {
    const alone = (letters: string) => judgeGate(compared, windowOf(track(letters)), given).is;
    expect(['oooooooo', 'xxx'].map(alone)).toEqual(['pass', 'fail']);
  });

  test('the sentence says how blue did', () => {
    expect(beside('xxxxxxxx', 'oooooooo').because).toBe(
      'up fails: 8 of 8 requests failed, 100 %; at most 5 % more than blue is acceptable; ' +
        'blue 0 % in the same minutes; last bad answer, from droplet 1: HTTP 503 sick',
    );
    expect(beside('oo', '').because).toBe(
      'up waits: 0 of 2 requests failed, 0 %; neither 5 % nor 50 % more than blue is shown; blue gave no answer to compare with',
    );
  });
});

describe('threshold over a fixed window', () => {
  test.each([
    ['nothing', '', 'wait'],
    ['too few', 'ooooooooo', 'wait'],
    ['enough', 'oooooooooo', 'pass'],
    ['exactly the limit', 'xooooooooo', 'pass'],
    ['over the limit', 'xxoooooooo', 'fail'],
    ['hopeless before there are enough', 'xx', 'fail'],
    ['one bad of few may still mend', 'x', 'wait'],
    ['unknown ones are not counted', 'ooooooooo???', 'wait'],
  ])('error rate of at most 10 % of at least 10, %s: %s is %s', (_, letters, is) => {
    expect(verdict(gate(rateOfWindow), [track(letters)]).is).toBe(is);
  });

  test('29 failed of 100 are exactly 29 %, not more', () => {
    const judge = { ...rateOfWindow, max: 0.29, samplesMin: 100 };
    const letters = 'x'.repeat(29) + 'o'.repeat(71);
    expect(verdict(gate(judge), [track(letters)], { at: 60_000 }).is).toBe('pass');
    expect(verdict(gate(judge), [track('x'.repeat(29))]).is).toBe('wait');
    expect(verdict(gate(judge), [track('x'.repeat(30))]).is).toBe('fail');
  });

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

  test.each([
    ['all quick', 'oooooooooo', 10, 'pass'],
    ['one in ten failed', 'ooooooooox', 10, 'pass'],
    ['two in ten failed', 'ooooooooxx', 10, 'fail'],
    ['slow', 'oooooooooo', 101, 'fail'],
    ['too few', 'ooooooooo', 10, 'wait'],
  ])('p90, %s: a failed answer is slower than any', (_, letters, ms, is) => {
    expect(verdict(gate(p90), [track(letters, 1, ms)]).is).toBe(is);
  });

  test.each([
    [0.5, 'pass'],
    [0.9, 'fail'],
    [0.1, 'fail'],
    [Number.NaN, 'wait'],
    [undefined, 'wait'],
  ])('a measured value of %d, at most 0.8 and at least 0.2, is %s', (value, is) => {
    const samples = track('oooooooooo').map(
      (sample): Sample => (value === undefined ? sample : { ...sample, value }),
    );
    expect(verdict(gate(meanValue), [samples]).is).toBe(is);
  });

  test('samples older than the window do not count', () => {
    const judge = { ...rateOfWindow, windowMs: 10_000 };
    const letters = `xxxxx${'o'.repeat(11)}`;
    expect(verdict(gate(judge), [track(letters)], { at: 16_000 }).is).toBe('pass');
    expect(verdict(gate(judge), [track(letters)], { at: 15_000 }).is).toBe('pass');
    expect(verdict(gate(judge), [track(letters)], { at: 14_000 }).is).toBe('fail');
  });
});

describe('what counts', () => {
  test('samples from before the phase do not', () => {
    const tracks = [track('ooo')];
    expect(verdict(gate(consecutive), tracks, { since: 1000 }).is).toBe('pass');
    expect(verdict(gate(consecutive), tracks, { since: 1001 }).is).toBe('wait');
    expect(verdict(gate(consecutive), [track('xxooo')], { since: 3000 }).is).toBe('pass');
  });

  test("samples of a droplet that is not the environment's do not", () => {
    const window = windowOf(track('ooo', 1), track('xxx', 9));
    expect(judgeGate(gate(consecutive), window, given).is).toBe('pass');
  });

  test("at the balancer's address the answers of its own droplets count, and those without a name", () => {
    const spec = gate(consecutive, { probe: ofBalancer });
    const two = { ...given, droplets: [1, 2] };
    const judged = (...tracks: Sample[][]) => judgeGate(spec, windowOf(...tracks), two);
    expect(judged(track('ooo', 0), track('xx', 9)).is).toBe('pass');
    expect(judged(track('o', 0), track('o', 1), track('o', 2)).is).toBe('pass');
    expect(judged(track('x', 1), track('x', 2)).is).toBe('fail');
    expect(judged(track('xx', 0)).because).toContain("the balancer's address gave 2 bad answers");
  });

  test('I5: an environment without droplets cannot pass', () => {
    for (const judge of [consecutive, outOf, errorRate])
      expect(
        judgeGate(gate(judge), windowOf(track('oooooooooooo')), { ...given, droplets: [] }).is,
      ).toBe('wait');
  });
});

describe('I5: a gate that goes blind says so and does not pass', () => {
  test.each([
    ['oooooooooooo???', 'wait'],
    ['oooooooooooo???o', 'pass'],
    ['oooooooooooo????', 'unknown'],
  ])('error rate over %s, with at most 3 unknown in a row, is %s', (letters, is) => {
    const judged = verdict(gate(errorRate), [track(letters)]);
    expect(judged.is).toBe(is);
    if (is === 'unknown')
      expect(judged.because).toContain(
        'droplet 1 could not be measured the last 4 times (SSH lost)',
      );
  });

  test('a gate that has failed is not saved by going blind', () => {
    expect(verdict(gate(errorRate), [track('xxxxxxxxxxx?????')]).is).toBe('fail');
  });
});

const bad = '; last bad answer, from droplet 1: HTTP 503 sick';

describe('the sentence', () => {
  const quicker = { ...p90, max: 9 };
  const quickerMean = { ...meanDuration, max: 9 };
  const wide = { ...errorRate, acceptable: 0.01, unacceptable: 0.05 };

  test.each([
    [
      gate(wide, { name: 'errors' }),
      `${'o'.repeat(17)}xxxx`,
      `errors fails: 4 of 21 requests failed, 19 %; at most 1 % is acceptable${bad}`,
    ],
    [
      gate(wide),
      'o'.repeat(125),
      'up passes: 0 of 125 requests failed, 0 %; less than 5 % is shown',
    ],
    [
      gate(wide),
      'oooo',
      'up waits: 0 of 4 requests failed, 0 %; neither 1 % nor 5 % is shown; about 111 good answers more would pass',
    ],
    [
      gate(wide),
      '',
      'up waits: 0 of 0 requests failed; neither 1 % nor 5 % is shown; about 114 good answers more would pass',
    ],
    [
      gate(outOf),
      'oxx',
      `up fails: 2 of 3 answers in a row of droplet 1 failed; 2 of 5 are too many${bad}`,
    ],
    [
      gate(outOf),
      'oxoooo',
      'up passes: at most 1 of any 5 answers in a row of a droplet failed; 2 would be too many',
    ],
    [gate(outOf), 'oo', 'up waits: 5 answers are wanted from every droplet; droplet 1 has 2'],
    [
      gate(rateOfWindow, { name: 'errors' }),
      'xxxoooooooooo',
      `errors fails: 3 of 13 answers failed (23 %), more than 10 %${bad}`,
    ],
    [gate(rateOfWindow), 'xooooooooooo', 'up passes: 1 of 12 answers failed (8.3 %), at most 10 %'],
    [
      gate(rateOfWindow),
      'xxo',
      `up fails: 2 of 3 answers failed: already more than 10 % of 10${bad}`,
    ],
    [gate(rateOfWindow), 'ooo', 'up waits: 3 of 10 samples so far, 0 failed'],
    [
      gate(consecutive),
      'oxx',
      `up fails: droplet 1 gave 2 bad answers in a row; 2 are too many${bad}`,
    ],
    [gate(consecutive), 'ooo', 'up passes: every droplet gave 3 good answers in a row'],
    [
      gate(consecutive),
      'o',
      'up waits: 3 good answers in a row are wanted from every droplet; droplet 1 has 1',
    ],
    [
      gate(consecutive, { unknownMax: 0 }),
      'ooo?',
      'up cannot measure: 3 good answers in a row are wanted from every droplet; droplet 1 has 0; droplet 1 could not be measured the last time (SSH lost)',
    ],
    [gate(p90), 'oooooooooo', 'up passes: p90 of 10 answers is 10 ms, at most 100 ms'],
    [gate(quicker), 'oooooooooo', 'up fails: p90 of 10 answers is 10 ms, more than 9 ms'],
    [gate(errorCount), 'oooooooooo', 'up passes: 0 of 10 answers failed, at most 2'],
    [gate(errorCount), 'xxxo', `up fails: 3 of 4 answers failed, more than 2${bad}`],
    [
      gate(meanDuration),
      'oooooooooo',
      'up passes: the mean of 10 good answers is 10 ms, at most 100 ms',
    ],
    [
      gate(quickerMean),
      'oooooooooo',
      'up fails: the mean of 10 good answers is 10 ms, more than 9 ms',
    ],
  ])('of %o after %s names the gate and its numbers', (spec, letters, because) => {
    expect(verdict(spec, [track(letters)]).because).toBe(because);
  });

  test('names every droplet that is short, silent or blind', () => {
    const two = (spec: GateSpec, one: string, other: string) =>
      verdict(spec, [track(one), track(other, 2)]).because;
    expect(two(gate(consecutive), 'oo', 'o')).toContain('droplet 1 has 2, droplet 2 has 1');
    expect(two(gate(errorRate), 'oooooooo', '')).toContain('from droplet 2 yet');
    expect(two(gate(errorRate), '????', '????')).toContain('(SSH lost), droplet 2 could not');
    const window = windowOf(track('oooooooooo', 3));
    const silent = { ...given, droplets: [1, 2, 3] };
    expect(judgeGate(gate(errorRate), window, silent).because).toContain(
      'no answer from droplet 1, droplet 2 yet',
    );
    const nobody = judgeGate(gate(consecutive), window, { ...given, droplets: [] });
    expect(nobody.because).toContain('there is no droplet to ask');
  });

  test.each([
    [consecutive, 'ooooo', { samples: 5, errors: 0, passes: 3, least: 3 }],
    [consecutive, 'oxx', { samples: 3, errors: 2, passes: 3, least: 0, droplet: 1, bad: 2 }],
    [outOf, 'oxo?', { samples: 3, errors: 1, worst: 1, failures: 2, of: 5, least: 3 }],
    [
      errorRate,
      'xooo',
      {
        samples: 4,
        errors: 1,
        estimate: 0.25,
        low: 0.0003911,
        high: 0.925,
        acceptable: 0.05,
        unacceptable: 0.5,
      },
    ],
    [
      errorRate,
      '??',
      {
        samples: 0,
        errors: 0,
        estimate: 0,
        low: 0,
        high: 1,
        acceptable: 0.05,
        unacceptable: 0.5,
      },
    ],
    [p90, 'ox', { samples: 2, errors: 1, number: 'none', max: 100 }],
    [errorCount, 'oxx?', { samples: 3, errors: 2, number: 2, max: 2 }],
    [meanDuration, 'oooooooooo', { samples: 10, errors: 0, number: 10, max: 100 }],
    [meanValue, 'oo', { samples: 0, errors: 0, max: 0.8, min: 0.2 }],
  ])('%o after %s comes with its numbers as evidence', (judge, letters, evidence) => {
    expect(verdict(gate(judge), [track(letters)]).evidence).toEqual(evidence);
  });
});
