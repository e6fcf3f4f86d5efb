// The two sides of a sequential test: is it shown to be no good, is it shown to be good enough?
import { Beginnings } from './beginnings.ts';

/** A tenth more than Ville's inequality asks for, so that what is counted in practice stays below the promise too. */
const margin = 1.1;

/**
 * Both sides are watched for ever. A failure stays: it does not depend on when somebody looked. A pass is how things
 * are now, and it needs that no stretch of the latest requests speaks loudly for the other side: a release may sicken
 * between the pass of its gate and the end of its phase.
 */
export class Sides {
  readonly #confidence: number;
  readonly #bound: number;
  readonly #loud: number;
  #sick: Beginnings;
  #well: Beginnings;
  /** The loudest that any stretch up to now speaks for sickness. */
  #latest = 1;
  #failed = false;

  constructor(confidence: number, forgotten = 0) {
    this.#confidence = confidence;
    this.#bound = margin / (1 - confidence);
    this.#loud = Math.sqrt(this.#bound);
    this.#sick = new Beginnings(forgotten);
    this.#well = new Beginnings(forgotten);
  }

  /** How much likelier what was just seen is where the release is no good, and where it is good enough. */
  take(forSick: number, forWell: number): void {
    this.#sick.take(forSick);
    this.#well.take(forWell);
    this.#latest = Math.max(this.#latest, 1) * forSick;
    if (this.#sick.value >= this.#bound) this.#failed = true;
  }

  get is(): 'pass' | 'fail' | 'wait' {
    if (this.#failed) return 'fail';
    return this.#well.value >= this.#bound && this.#latest < this.#loud ? 'pass' : 'wait';
  }

  /** What the evidence for a pass must still be multiplied by. */
  get missing(): number {
    return Math.max(1, this.#bound / this.#well.value, this.#latest / this.#loud);
  }

  copy(): Sides {
    const copy = new Sides(this.#confidence);
    copy.#sick = this.#sick.copy();
    copy.#well = this.#well.copy();
    copy.#latest = this.#latest;
    copy.#failed = this.#failed;
    return copy;
  }
}
