// Is the share of bad answers acceptable, or is it unacceptable? Wald's sequential test with bounds that hold for ever.
import type { ShareLimits } from '../policy/policy.ts';
import { Sides } from './sides.ts';

export class LimitTest {
  readonly #limits: ShareLimits;
  #sides: Sides;
  /** How much likelier a bad, and a good, answer is at the unacceptable share than at the acceptable one. */
  readonly #bad: number;
  readonly #good: number;

  constructor(limits: ShareLimits, forgotten = 0) {
    const { acceptable, unacceptable, confidence } = limits;
    this.#limits = limits;
    this.#sides = new Sides(confidence, forgotten);
    this.#bad = unacceptable / acceptable;
    this.#good = (1 - unacceptable) / (1 - acceptable);
  }

  take(bad: boolean): void {
    const ratio = bad ? this.#bad : this.#good;
    this.#sides.take(ratio, 1 / ratio);
  }

  get is(): 'pass' | 'fail' | 'wait' {
    return this.#sides.is;
  }

  /** About how many good answers in a row would make it pass. */
  get goodMissing(): number {
    return Math.ceil(Math.log(this.#sides.missing) / -Math.log(this.#good));
  }

  copy(): LimitTest {
    const copy = new LimitTest(this.#limits);
    copy.#sides = this.#sides.copy();
    return copy;
  }
}
