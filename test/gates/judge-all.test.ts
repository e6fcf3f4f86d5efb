// The verdict of all gates of a phase, its minimum time and its limit.
import { describe, expect, test } from 'vitest';
import { judgeAll } from '../../src/gates/judge.ts';
import type { Verdict } from '../../src/gates/verdict.ts';
import { consecutive, errorRate, gate, track, windowOf } from './samples.ts';

const quick = gate(consecutive, { name: 'quick' });
const steady = gate(errorRate, { name: 'steady' });
const given = { since: 0, droplets: [1], minMs: 30_000, limitMs: 50_000 };

function verdict(
  letters: { quick?: string; steady?: string },
  at: number,
  gates = [quick, steady],
): Verdict {
  const windows = Object.fromEntries(
    Object.entries(letters).map(([name, one]) => [name, windowOf(track(one))]),
  );
  return judgeAll(gates, windows, { ...given, at });
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
      judgeAll([quick], { quick: windowOf(track('ooo')) }, { ...given, since: 1_000, at }).is;
    expect(later(30_999)).toBe('wait');
    expect(later(31_000)).toBe('pass');
  });

  test('I5: without a gate there is no evidence, so it never passes', () => {
    expect(verdict({}, 49_999, []).is).toBe('wait');
    const end = verdict({}, 50_000, []);
    expect(end.is).toBe('inconclusive');
    expect(end.because).toContain('no gate is named');
  });

  test('a limit before the minimum time ends as inconclusive, not as waiting for ever', () => {
    const verdict = judgeAll(
      [quick],
      { quick: windowOf(track('ooo')) },
      { ...given, at: 50_000, minMs: 90_000 },
    );
    expect(verdict.is).toBe('inconclusive');
  });

  test('says at the limit which gate lacks how many answers, and which could not measure', () => {
    const { because } = verdict({ quick: '????', steady: 'oooo' }, 50_000);
    expect(because).toBe(
      'nothing was proven within 50 s: quick: 3 good answers in a row are wanted from every droplet; ' +
        'droplet 1 has 0; droplet 1 could not be measured the last 4 times (SSH lost). ' +
        'steady: 4 of 10 answers so far, 0 failed',
    );
  });

  test('says while it waits for the minimum time how long that is', () => {
    expect(verdict(good, 12_345).because).toBe(
      'all gates pass; 12.3 s of at least 30 s have passed',
    );
  });

  test('names of several failing gates each one', () => {
    const { because } = verdict({ quick: 'xx', steady: 'xxxx' }, 5000);
    expect(because).toContain('quick: droplet 1 gave 2 bad answers in a row');
    expect(because).toContain('steady: 4 of 4 answers failed');
  });

  test('gathers the evidence of every gate under its name', () => {
    expect(verdict(good, 30_000).evidence).toMatchObject({
      'quick.is': 'pass',
      'quick.samples': 3,
      'steady.samples': 10,
      'steady.errors': 0,
    });
  });
});
