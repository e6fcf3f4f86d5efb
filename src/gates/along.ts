// Sequential tests go on from where they were: they take what a longer window adds, not all of it again.
import type { Sample } from './sample.ts';

/** So many of the newest samples may still get another between them: answers come in the order of their arrival. */
const looseMax = 100;

/** A test under way. A copy goes on by itself. */
export type Running<T> = {
  take(of: 'green' | 'blue', sample: Sample): void;
  copy(): T;
};

/** Both in the order of time. Without blue nothing is compared. */
type Given = { readonly green: readonly Sample[]; readonly blue: readonly Sample[] | null };

/** A test that took the first `greens` and `blues` of what was given. */
type Settled<T> = Given & {
  readonly test: T;
  readonly forgotten: number;
  greens: number;
  blues: number;
};

/**
 * The tests of one judge. What they say depends on what is given and on nothing else: what was taken before counts
 * only where the very same samples are still the first ones.
 */
export class Along<T extends Running<T>> {
  #settled: Settled<T> | null = null;

  /** A test that took all that is given. `forgotten`: how many older ones are no longer in it. */
  of(given: Given, forgotten: number, fresh: () => T): T {
    const settled = this.#settled;
    const goesOn = settled !== null && settled.forgotten === forgotten && begins(given, settled);
    const { test, greens, blues } = goesOn ? settled : { test: fresh(), greens: 0, blues: 0 };
    const next = { ...given, test, forgotten, greens, blues };
    this.#settled = next;
    take(next, given.green.length + (given.blue?.length ?? 0) - looseMax);
    const whole = { ...next, test: test.copy() };
    take(whole, Number.POSITIVE_INFINITY);
    return whole.test;
  }
}

/** Whether what is given begins with all that was taken, and in the order in which it was. */
function begins({ green, blue }: Given, { greens, blues, ...taken }: Settled<unknown>): boolean {
  if ((blue === null) !== (taken.blue === null)) return false;
  if (!isStart(taken.green, greens, green) || !isStart(taken.blue ?? [], blues, blue ?? []))
    return false;
  const [lastGreen, nextGreen] = [green[greens - 1], green[greens]];
  const [lastBlue, nextBlue] = [blue?.[blues - 1], blue?.[blues]];
  return (
    !isBefore(nextBlue, lastGreen) && (!lastBlue || !nextGreen || isBefore(lastBlue, nextGreen))
  );
}

function isStart(taken: readonly Sample[], count: number, all: readonly Sample[]): boolean {
  if (taken === all) return true;
  if (all.length < count) return false;
  for (let index = 0; index < count; index += 1) if (taken[index] !== all[index]) return false;
  return true;
}

/** Of answers at one instant blue's come first. */
function isBefore(blue: Sample | undefined, green: Sample | undefined): boolean {
  return blue !== undefined && green !== undefined && blue.at <= green.at;
}

/** Takes up to `max` of them, in the order of time. */
function take<T>(one: Settled<Running<T>>, max: number): void {
  while (one.greens + one.blues < max) {
    const [green, blue] = [one.green[one.greens], one.blue?.[one.blues]];
    if (blue !== undefined && (green === undefined || isBefore(blue, green))) {
      one.test.take('blue', blue);
      one.blues += 1;
    } else if (green !== undefined) {
      one.test.take('green', green);
      one.greens += 1;
    } else return;
  }
}
