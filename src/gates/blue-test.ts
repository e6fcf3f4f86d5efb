// Is green's share of bad answers worse than blue's in the same minutes? Blocks of both, by e-values for 2x2 tables.
import type { ShareLimits } from '../policy/policy.ts';
import { Sides } from './sides.ts';

/** Answers further apart than this are not of the same minutes; what waited so long for a partner is left out. */
const sameMinutesMs = 60_000;
/** Estimates follow green's newest answers: half of their weight is gone after 34 blocks. */
const fading = 0.98;
/** New estimates after a bad answer, and else after so many blocks: a projection costs more than a block. */
const estimateEvery = 10;
/** Answers that a guess is worth which none have confirmed: much of how things are, little of what just happens. */
const settled = 20;
const quick = 2;
/** No share is taken for certain. */
const least = 1e-6;

type Counts = { all: number; bad: number };
type Pair = { readonly blue: number; readonly green: number };

/**
 * A block is closed as soon as it has answers of both, so its size does not depend on how they turned out. Its e-value is
 * the likelihood of what was seen under an alternative guessed from earlier blocks, over that under the nearest pair
 * of shares that the hypothesis allows (Turner, Ly and Grünwald: the expectation is at most 1 for every such pair, also
 * where shares change from block to block).
 */
export class BlueTest {
  readonly #limits: ShareLimits;
  #sides: Sides;
  #block = { green: none(), blue: none(), since: 0 };
  /** Over all closed blocks; green's newest are kept apart. */
  #blue = none();
  #green = none();
  #newest = none();
  #sinceEstimate = estimateEvery;
  #guess = { sick: { blue: 0, green: 0 }, well: { blue: 0, green: 0 } };
  /** Of the guess, for blocks of one size: most are. */
  #nearest = { greens: 0, blues: 0, sick: { blue: 0, green: 0 }, well: { blue: 0, green: 0 } };

  constructor(limits: ShareLimits, forgotten = 0) {
    this.#limits = limits;
    this.#sides = new Sides(limits.confidence, forgotten);
  }

  /** In the order of time. */
  take(of: 'green' | 'blue', bad: boolean, at: number): void {
    const block = this.#block;
    if (block.green.all + block.blue.all === 0) block.since = at;
    else if (at - block.since > sameMinutesMs)
      this.#block = { green: none(), blue: none(), since: at };
    count(this.#block[of], bad);
    if (this.#block.green.all > 0 && this.#block.blue.all > 0) this.#close();
  }

  get is(): 'pass' | 'fail' | 'wait' {
    return this.#sides.is;
  }

  copy(): BlueTest {
    const copy = new BlueTest(this.#limits);
    const { green, blue, since } = this.#block;
    copy.#sides = this.#sides.copy();
    copy.#block = { green: { ...green }, blue: { ...blue }, since };
    copy.#blue = { ...this.#blue };
    copy.#green = { ...this.#green };
    copy.#newest = { ...this.#newest };
    copy.#sinceEstimate = this.#sinceEstimate;
    copy.#guess = this.#guess;
    copy.#nearest = { ...this.#nearest };
    return copy;
  }

  #close(): void {
    const { green, blue } = this.#block;
    this.#block = { green: none(), blue: none(), since: 0 };
    if (this.#sinceEstimate >= estimateEvery) this.#estimate();
    const { greens, blues } = this.#nearest;
    if (greens !== green.all || blues !== blue.all) this.#project(green.all, blue.all);
    this.#sides.take(
      ratio(this.#guess.sick, this.#nearest.sick, green, blue),
      ratio(this.#guess.well, this.#nearest.well, green, blue),
    );
    add(this.#blue, blue);
    add(this.#green, green);
    this.#newest.all *= fading;
    this.#newest.bad *= fading;
    add(this.#newest, green);
    this.#sinceEstimate += green.bad + blue.bad > 0 ? estimateEvery : 1;
  }

  /** Only of what came before: an e-value's alternative may not know its own block. */
  #estimate(): void {
    this.#sinceEstimate = 0;
    const { acceptable, unacceptable } = this.#limits;
    const blue = within(shareOf(this.#blue, acceptable, settled));
    const newest = shareOf(this.#newest, acceptable, quick);
    const green = shareOf(this.#green, acceptable, settled);
    this.#guess = {
      sick: { blue, green: within(Math.max(blue + unacceptable, newest)) },
      well: { blue, green: within(Math.min(blue + acceptable, green)) },
    };
    this.#nearest.greens = 0;
  }

  #project(greens: number, blues: number): void {
    const { sick, well } = this.#guess;
    const { acceptable, unacceptable } = this.#limits;
    this.#nearest = {
      greens,
      blues,
      sick: project(sick, acceptable, greens, blues),
      well: project(well, unacceptable, greens, blues),
    };
  }
}

function none(): Counts {
  return { all: 0, bad: 0 };
}

function count(counts: Counts, bad: boolean): void {
  counts.all += 1;
  if (bad) counts.bad += 1;
}

function add(to: Counts, more: Counts): void {
  to.all += more.all;
  to.bad += more.bad;
}

/** As if so many answers had been seen before of which the expected share was bad: the first ones do not decide all. */
function shareOf({ all, bad }: Counts, expected: number, before: number): number {
  return (bad + expected * before) / (all + before);
}

function within(share: number): number {
  return Math.min(1 - least, Math.max(least, share));
}

function ratio(guess: Pair, nearest: Pair, green: Counts, blue: Counts): number {
  return likelihood(guess.green, nearest.green, green) * likelihood(guess.blue, nearest.blue, blue);
}

function likelihood(guess: number, nearest: number, { all, bad }: Counts): number {
  return (guess / nearest) ** bad * ((1 - guess) / (1 - nearest)) ** (all - bad);
}

/** The pair with `green = blue + more` that is hardest to tell from the guess, by so many answers of each. */
export function project(guess: Pair, more: number, greens: number, blues: number): Pair {
  let low = Math.max(least / 2, Math.min(guess.blue, guess.green - more));
  let high = Math.min(1 - more - least / 2, Math.max(guess.blue, guess.green - more));
  // The divergence is convex: its slope changes its sign once.
  for (let step = 0; step < 40; step += 1) {
    const blue = (low + high) / 2;
    const slope = greens * slopeOf(guess.green, blue + more) + blues * slopeOf(guess.blue, blue);
    if (slope < 0) low = blue;
    else high = blue;
  }
  const blue = (low + high) / 2;
  return { blue, green: blue + more };
}

function slopeOf(guess: number, share: number): number {
  return (share - guess) / (share * (1 - share));
}
