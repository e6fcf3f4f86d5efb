// Kills the process at every point of every canonical story: before and after each append, and each effect's begin and end.
import { scenarios } from './scenarios.ts';
import { tell } from './tell.ts';

export type CrashPoints = {
  readonly scenarios: number;
  /** How many deaths were played. */
  readonly points: number;
  readonly found: readonly string[];
};

/** `twice`: the one that takes over is killed too, at each of its points that is a multiple of this; 0: never. */
export async function crashPoints(
  which: (name: string) => boolean = () => true,
  twice = 0,
): Promise<CrashPoints> {
  const chosen = scenarios.filter(({ name }) => which(name));
  const found: string[] = [];
  let points = 0;
  for (const { name, script } of chosen) {
    const whole = await tell(script);
    if (whole.breaches.length > 0) found.push(`${name}: ${told(whole.breaches)}`);
    for (let first = 0; first < whole.points; first += 1) {
      const once = await tell(script, { killAt: [first] });
      points += 1;
      if (once.breaches.length > 0)
        found.push(`${name}, killed at ${first}: ${told(once.breaches)}`);
      for (let second = first + 1; twice > 0 && second < once.points; second += twice) {
        const both = await tell(script, { killAt: [first, second] });
        points += 1;
        if (both.breaches.length > 0)
          found.push(`${name}, killed at ${first} and ${second}: ${told(both.breaches)}`);
      }
    }
  }
  return { scenarios: chosen.length, points, found };
}

function told(breaches: readonly { readonly checker: string; readonly what: string }[]): string {
  return breaches
    .map(({ checker, what }) => `${checker}: ${what}`)
    .slice(0, 2)
    .join('; ');
}
