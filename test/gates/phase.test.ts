// The verdict of all gates of a phase, its minimum time and its limit.
import { describe, expect, test } from 'vitest';
import { judgeAll } from '../../src/gates/phase.ts';
import { blueOf } from '../../src/gates/sample.ts';
import type { Verdict } from '../../src/gates/verdict.ts';
import { consecutive, errorRate, gate, track, windowOf } from './samples.ts';

const quick = gate(consecutive, { name: 'quick' });
const steady = gate(errorRate, { name: 'steady' });
const phase = { since: 0, droplets: [1], blue: [], minMs: 30_000, limitMs: 50_000 };

function verdict(
  letters: { quick?: string; steady?: string },
  at: number,
  gates = [quick, steady],
): Verdict {
  const windows = Object.fromEntries(
    Object.entries(letters).map(([name, one]) => [name, windowOf(track(one))]),
  );
  return judgeAll(gates, windows, { ...phase, at });
}

const good = { quick: 'ooo', steady: 'oooooooooo' };

describe('all gates of a phase', () => {
  test.each([
    ['all pass and the minimum time is over', good, 30_000, 'pass'],
    ['all pass, but too soon', good, 29_999, 'wait'],
    ['one still waits', { ...good, steady: 'ooo' }, 40_000, 'wait'],
    ['one was never sampled', { quick: 'ooo' }, 40_000, 'wait'],
    ['one fails, at once', { ...good, quick: 'xx' }, 1, 'fail'],
    ['one fails at the limit', { quick: 'xx' }, 50_000, 'fail'],
    ['all pass at the limit', good, 50_000, 'pass'],
    ['one waits just before the limit', { quick: 'ooo' }, 49_999, 'wait'],
    ['one waits at the limit', { quick: 'ooo' }, 50_000, 'inconclusive'],
    ['I5: nothing was ever sampled, at the limit', {}, 50_000, 'inconclusive'],
    ['I5: one could not be measured', { ...good, quick: 'ooo????' }, 40_000, 'unknown'],
    ['one could not be measured, another fails', { quick: 'xx', steady: '????' }, 9_000, 'fail'],
    [
      'I5: nothing could be measured, at the limit',
      { quick: '????', steady: '????' },
      50_000,
      'inconclusive',
    ],
  ])('%s', (_, letters, at, is) => {
    expect(verdict(letters, at).is).toBe(is);
  });

  test('the minimum time and the limit count from when the phase began', () => {
    const later = (at: number) =>
      judgeAll([quick], { quick: windowOf(track('ooo')) }, { ...phase, since: 1_000, at }).is;
    expect(later(30_999)).toBe('wait');
    expect(later(31_000)).toBe('pass');
  });

  test('I5: without a gate there is no evidence, so it never passes', () => {
    expect(verdict({}, 49_999, []).is).toBe('wait');
    const end = verdict({}, 50_000, []);
    expect(end.is).toBe('inconclusive');
    expect(end.because).toContain('no gate decides');
  });

  test('a limit before the minimum time ends as inconclusive, not as waiting for ever', () => {
    const verdict = judgeAll(
      [quick],
      { quick: windowOf(track('ooo')) },
      { ...phase, at: 50_000, minMs: 90_000 },
    );
    expect(verdict.is).toBe('inconclusive');
  });

  test('says at the limit which gate lacks how many answers, and which could not measure', () => {
    const { because } = verdict({ quick: '????', steady: 'oooo' }, 50_000);
    expect(because).toBe(
      'nothing was proven within 50 s: quick cannot measure: 3 good answers in a row are wanted from every droplet; ' +
        'droplet 1 has 0; droplet 1 could not be measured the last 4 times (SSH lost). ' +
        'steady waits: 0 of 4 requests failed, 0 %; neither 5 % nor 50 % is shown; about 4 good answers more would pass',
    );
  });

  test('says before the limit only who cannot measure', () => {
    const { because } = verdict({ quick: '????', steady: 'oooo' }, 20_000);
    expect(because).toBe(
      'quick cannot measure: 3 good answers in a row are wanted from every droplet; droplet 1 has 0; ' +
        'droplet 1 could not be measured the last 4 times (SSH lost)',
    );
  });

  test('says while it waits for the minimum time how long that is', () => {
    expect(verdict(good, 12_345).because).toBe(
      'all gates pass; 12.3 s of at least 30 s have passed',
    );
  });

  test('names of several failing gates each one', () => {
    const { because } = verdict({ quick: 'xx', steady: 'xxxx' }, 5000);
    expect(because).toContain('quick fails: droplet 1 gave 2 bad answers in a row');
    expect(because).toContain('steady fails: 4 of 4 requests failed');
  });

  test('gathers the evidence of every gate under its name', () => {
    expect(verdict(good, 30_000).evidence).toMatchObject({
      'quick.is': 'pass',
      'quick.samples': 3,
      'steady.samples': 10,
      'steady.errors': 0,
    });
  });

  describe('of which one is a dry run', () => {
    const dry = { ...steady, dryRun: true };

    test.each([
      ['fails', { ...good, steady: 'xxxx' }, 'pass'],
      ['waits', { ...good, steady: 'o' }, 'pass'],
      ['cannot measure', { ...good, steady: '????' }, 'pass'],
      ['passes, but another fails', { ...good, quick: 'xx' }, 'fail'],
      ['passes, but another waits', { ...good, quick: 'o' }, 'wait'],
    ])('%s: it decides nothing', (_, letters, is) => {
      expect(verdict(letters, 30_000, [quick, dry]).is).toBe(is);
    });

    test('it is judged and reported all the same', () => {
      const { because, evidence } = verdict({ ...good, steady: 'xxxx' }, 30_000, [quick, dry]);
      expect(because).toContain('Only watched: steady fails: 4 of 4 requests failed');
      expect(evidence).toMatchObject({
        'steady.is': 'fail',
        'steady.dryRun': 1,
        'steady.errors': 4,
      });
    });

    test('I5: alone it proves nothing', () => {
      expect(verdict(good, 49_000, [dry]).is).toBe('wait');
      expect(verdict(good, 50_000, [dry]).is).toBe('inconclusive');
    });
  });

  test("blue's samples of a gate stand under a name that no gate has", () => {
    const compared = gate({ ...errorRate, against: 'blue' }, { name: 'steady' });
    const windows = {
      steady: windowOf(track('oooooooooooooooooooooooo')),
      [blueOf('steady')]: windowOf(track('oooooooooooooooooooooooo', 9)),
    };
    const seen = judgeAll([compared], windows, { ...phase, blue: [9], at: 40_000 });
    expect(seen).toMatchObject({ is: 'pass', evidence: { 'steady.blueSamples': 24 } });
  });
});
