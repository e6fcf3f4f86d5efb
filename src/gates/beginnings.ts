// Evidence that may be looked at after every request, for ever, and that also hears of a sickness that begins late.

/** So much of the wager is on "from the first request on"; the rest is spread over every later beginning. */
const fromTheFirst = 0.9;
const later = 1 - fromTheFirst;

/** What is still held back for beginnings after `n` requests. Falls from 1 to 0 so slowly that no beginning is forgotten. */
function heldBack(n: number): number {
  return 1 / (1 + Math.log1p(n));
}

/** The wagers on a beginning right after `n` requests: they sum to 1, and are needed at every look. */
const wagers = Float64Array.from({ length: 20_000 }, (_, n) => heldBack(n) - heldBack(n + 1));

function wagerAt(n: number): number {
  return wagers[n] ?? heldBack(n) - heldBack(n + 1);
}

/**
 * A mixture of likelihood ratios over when it began: each, and so their mean, has an expectation of at most 1 as long as
 * the hypothesis holds that it speaks against. By Ville's inequality it ever reaches 100 in at most 1 of 100 cases.
 */
export class Beginnings {
  #n: number;
  #first: number;
  #later = 0;

  /** `forgotten`: how many older requests are no longer known. Wagers on beginnings among them are lost, so the mixture only shrinks. */
  constructor(forgotten = 0) {
    this.#n = forgotten;
    this.#first = forgotten === 0 ? fromTheFirst : 0;
  }

  /** `ratio`: how much likelier the newest request is by the other hypothesis. */
  take(ratio: number): void {
    this.#later = (this.#later + later * wagerAt(this.#n)) * ratio;
    this.#first *= ratio;
    this.#n += 1;
  }

  get value(): number {
    return this.#first + this.#later + later * heldBack(this.#n);
  }

  copy(): Beginnings {
    const copy = new Beginnings(this.#n);
    copy.#first = this.#first;
    copy.#later = this.#later;
    return copy;
  }
}
