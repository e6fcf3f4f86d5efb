// One worker's share of the stories and of the deaths, and what all shares add up to.

import { scriptOf } from '../../src/simulator/faults.ts';
import { brokenMeanwhile } from '../../src/simulator/healing.ts';
import { type CrashPoints, crashPoints, type Deaths } from './crash-points.ts';
import { tell } from './tell.ts';

export type Share = {
  readonly first: number;
  readonly count: number;
  readonly late: number;
  readonly deaths: Deaths;
  readonly of: number;
  readonly index: number;
};

type Found = { readonly seed: number; readonly checker: string; readonly what: string };

export type Sum = {
  readonly found: readonly Found[];
  readonly reached: Readonly<Record<string, number>>;
  readonly ends: Readonly<Record<string, number>>;
  readonly landedLate: number;
  /** Most turns that a change that landed late took to be healed. */
  readonly healedIn: number;
  /** Of this worker's core, for the stories from seeds: others may want the machine too. */
  readonly cpuSeconds: number;
  readonly crashes: CrashPoints;
};

export async function play({ first, count, late, deaths, of, index }: Share): Promise<Sum> {
  const began = process.threadCpuUsage();
  const found: Found[] = [];
  const reached: Record<string, number> = {};
  const ends: Record<string, number> = {};
  let landedLate = 0;
  let healedIn = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const told = await tell(scriptOf(seed, late));
    const breach = told.breaches.find(
      ({ checker }) => told.landedLate === 0 || !brokenMeanwhile.test(checker),
    );
    if (breach !== undefined) found.push({ seed, checker: breach.checker, what: breach.what });
    for (const cell of told.reached) reached[cell] = (reached[cell] ?? 0) + 1;
    const { phase, last } = told.app;
    const end = `${phase}${last === null ? '' : `, last ${last.is}`}`;
    ends[end] = (ends[end] ?? 0) + 1;
    landedLate += told.landedLate;
    healedIn = Math.max(healedIn, told.healedIn);
    // Lets the machine's own timers and signals in.
    if (seed % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const { user, system } = process.threadCpuUsage(began);
  const cpuSeconds = (user + system) / 1e6;
  const crashes = await crashPoints({ deaths, share: { of, index } });
  return { found, reached, ends, landedLate, healedIn, cpuSeconds, crashes };
}

export function sumOf(sums: readonly Sum[]): Sum {
  const total = (of: (sum: Sum) => number) => sums.reduce((all, sum) => all + of(sum), 0);
  const add = (which: 'reached' | 'ends') => {
    const all: Record<string, number> = {};
    for (const sum of sums)
      for (const [key, times] of Object.entries(sum[which])) all[key] = (all[key] ?? 0) + times;
    return all;
  };
  return {
    found: sums.flatMap((sum) => sum.found).sort((one, other) => one.seed - other.seed),
    reached: add('reached'),
    ends: add('ends'),
    landedLate: total((sum) => sum.landedLate),
    healedIn: Math.max(...sums.map((sum) => sum.healedIn)),
    cpuSeconds: total((sum) => sum.cpuSeconds),
    crashes: {
      once: total((sum) => sum.crashes.once),
      twice: total((sum) => sum.crashes.twice),
      found: sums.flatMap((sum) => sum.crashes.found),
    },
  };
}
