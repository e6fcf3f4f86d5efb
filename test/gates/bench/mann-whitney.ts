// A judge as Kayenta's: a Mann-Whitney U test of a point a minute, confidence 0.98, tolerance 0.25, once there are 50 points.
import type { Contestant, Is } from './race.ts';
import type { Stream } from './streams.ts';

const points = 50;
const minuteMs = 60_000;
const tolerance = 0.25;
/** Of a two-sided confidence of 0.98. */
const z = 2.326_347_874;

export function mannWhitney({ gate }: Stream): Contestant {
  const [experiment, control]: [number[], number[]] = [[], []];
  let [all, green, blue, end] = [0, 0, 0, minuteMs];
  let is: Is = 'wait';
  const close = () => {
    if (all > 0) {
      experiment.push(green / all);
      control.push(blue / all);
    }
    [all, green, blue] = [0, 0, 0];
    if (experiment.length >= points) is = isHigh(experiment, control) ? 'fail' : 'pass';
  };
  return {
    take(at, one, other) {
      for (; at >= end && is === 'wait'; end += minuteMs) close();
      all += 1;
      green += gate === 'latency' ? one.ms : Number(one.bad);
      blue += gate === 'latency' ? other.ms : Number(other.bad);
    },
    is: () => is,
  };
}

/** High: the interval of the shift lies above a quarter of its Hodges-Lehmann estimate. */
function isHigh(experiment: readonly number[], control: readonly number[]): boolean {
  if (experiment.every((value, index) => value === control[index])) return false;
  // All alike: R finds no interval, and the judge has nothing to say against it.
  if (new Set([...experiment, ...control]).size === 1) return false;
  const shift = shifts(experiment, control);
  // R finds the shift to 0.0001: what is nearer to none than that is none.
  return shift(z, 0.5) > Math.max(1e-4, tolerance * Math.abs(shift(0, 0)));
}

/** As R's wilcox.test without exact tables: the shift at which the normal score of the rank sum is `wanted`. */
function shifts(experiment: readonly number[], control: readonly number[]) {
  const [m, n] = [experiment.length, control.length];
  const total = m + n;
  // Between two shifts that make a pair equal, ties are only among each side's own values.
  const ties = tiesOf(experiment) + tiesOf(control);
  const spread = Math.sqrt(((m * n) / 12) * (total + 1 - ties / (total * (total - 1))));
  const apart = Float64Array.from(
    experiment.flatMap((one) => control.map((other) => one - other)),
  ).sort();
  const score = (shift: number, correction: number) => {
    const centred = above(apart, shift) - (m * n) / 2;
    return (centred - Math.sign(centred) * correction) / spread;
  };
  return (wanted: number, correction: number): number => {
    let [low, high] = [(apart[0] ?? 0) - 1e-9, (apart.at(-1) ?? 0) + 1e-9];
    for (let step = 0; step < 50; step += 1) {
      const middle = (low + high) / 2;
      if (score(middle, correction) > wanted) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
}

function tiesOf(values: readonly number[]): number {
  const groups = Map.groupBy(values, (value) => value);
  return [...groups.values()].reduce((sum, { length }) => sum + length ** 3 - length, 0);
}

/** How many are greater. */
function above(sorted: Float64Array, than: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? 0) > than) to = middle;
    else from = middle + 1;
  }
  return sorted.length - from;
}
