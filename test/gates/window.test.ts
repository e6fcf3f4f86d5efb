// Windows of samples: order, bound, cuts, counts.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyWindow, type Sample, type Window } from '../../src/gates/sample.ts';
import { quantile } from '../../src/gates/threshold.ts';
import { lastError, only, push } from '../../src/gates/window.ts';
import { track, windowOf } from './samples.ts';

function pushed(times: readonly number[], max?: number): Window {
  return times.reduce<Window>((window, at) => {
    const [sample] = track('o');
    return sample === undefined ? window : push(window, { ...sample, at }, max);
  }, emptyWindow);
}

const timesOf = (window: Window) => window.samples.map((sample) => sample.at);

test('samples are kept in the order of time, whatever the order they come in', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100)), (times) => {
      expect(timesOf(pushed(times))).toEqual([...times].sort((a, b) => a - b));
    }),
  );
});

test('of answers at the same instant the one that came first stays first', () => {
  const [one, other] = [...track('o', 1), ...track('o', 2)] as [Sample, Sample];
  expect(push(push(emptyWindow, one), other).samples).toEqual([one, other]);
});

test('beyond the bound the oldest go', () => {
  expect(timesOf(pushed([1, 2, 3, 4, 5], 3))).toEqual([3, 4, 5]);
  expect(timesOf(pushed([5, 4, 3, 2, 1], 3))).toEqual([3, 4, 5]);
});

test('a window is not changed by adding to it', () => {
  const before = windowOf(track('oo'));
  push(before, { at: 1, droplet: 1, outcome: 'ok', durationMs: 1, detail: '' });
  expect(timesOf(before)).toEqual([1000, 2000]);
});

test('it says how many went', () => {
  expect(pushed([1, 2, 3], 3).dropped).toBeUndefined();
  expect(pushed([1, 2, 3, 4, 5], 3).dropped).toBe(2);
});

test('cuts keep what counts, and how many went before', () => {
  const window = { ...windowOf(track('ooo', 1), track('oo', 2)), dropped: 7 };
  const cut = only(window, ({ droplet }) => droplet === 2);
  expect(timesOf(cut)).toEqual([1000, 2000]);
  expect(cut.dropped).toBe(7);
  expect(only(window, () => true)).toBe(window);
});

test('the last bad answer is the last, and none where there is none', () => {
  expect(lastError(windowOf(track('xxxo')))).toMatchObject({ at: 3000 });
  expect(lastError(windowOf(track('oo?')))).toBeNull();
});

test.each([
  [[7], 0.5, 7],
  [[1, 2, 3, 4], 0.5, 2],
  [[1, 2, 3, 4, 5], 0.5, 3],
  [[1, 2, 3, 4], 0, 1],
  [[1, 2, 3, 4], 1, 4],
  [Array.from({ length: 100 }, (_, index) => index + 1), 0.99, 99],
  [Array.from({ length: 100 }, (_, index) => index + 1), 0.95, 95],
  [Array.from({ length: 100 }, (_, index) => index + 1), 0.29, 29],
])('of %j the quantile %d is %i', (values, share, value) => {
  expect(quantile(values, share)).toBe(value);
});
