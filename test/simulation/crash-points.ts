// Kills the process at every point of every canonical story: before and after each append, and each effect's begin and end.
import type { Told } from '../../src/simulator/simulate.ts';
import { scenarios } from './scenarios.ts';
import { tell } from './tell.ts';

export type CrashPoints = {
  /** Stories in which one process was killed, and in which the one that took over was killed too. */
  readonly once: number;
  readonly twice: number;
  readonly found: readonly string[];
};

/** Where the second one dies: nowhere, right after it took over and every so often, or at each of its points. */
export type Deaths = 'once' | 'twice' | 'all';

/** The first points of a successor are where it finds what was left half-done. */
const nearPoints = 3;
const stride = 16;

type Given = {
  readonly which?: (name: string) => boolean;
  readonly deaths?: Deaths;
  /** Of several that share the work: only first deaths at points of this remainder. */
  readonly share?: { readonly of: number; readonly index: number };
};

export async function crashPoints({
  which = () => true,
  deaths = 'once',
  share = { of: 1, index: 0 },
}: Given = {}): Promise<CrashPoints> {
  const found: string[] = [];
  let once = 0;
  let twice = 0;
  for (const { name, script } of scenarios.filter((one) => which(one.name))) {
    const play = async (...killAt: number[]): Promise<Told> => {
      const told = await tell(script, { killAt });
      if (told.breaches.length > 0)
        found.push(`${name}, killed at ${killAt.join(' and ')}: ${inWords(told)}`);
      return told;
    };
    const { points } = await play();
    for (let first = share.index; first < points; first += share.of) {
      const told = await play(first);
      once += 1;
      for (const second of secondDeaths(deaths, first, told.points)) {
        await play(first, second);
        twice += 1;
      }
    }
  }
  return { once, twice, found };
}

/** Points go on counting through every process: the successor's first is the one after the death. */
function secondDeaths(deaths: Deaths, first: number, points: number): readonly number[] {
  if (deaths === 'once') return [];
  const after = Array.from({ length: points - first - 1 }, (_, n) => n);
  return after
    .filter((n) => deaths === 'all' || n < nearPoints || n % stride === stride - 1)
    .map((n) => first + 1 + n);
}

function inWords({ breaches }: Told): string {
  return breaches
    .map(({ checker, what }) => `${checker}: ${what}`)
    .slice(0, 2)
    .join('; ');
}
