// Looks at things again and again without ever holding up the loop; what is late or broken becomes unknown.
import type { Clock, Instant } from '../lib/clock.ts';
import { because } from '../lib/failure.ts';
import { type Known, known, unknown } from '../promotion/observation.ts';

type Watched = {
  state: Known<unknown>;
  /** When the look under way began; null: none is. */
  begun: Instant | null;
  /** When the last look ended. */
  ended: Instant;
};

export type Cadence = {
  /** A new look begins so long after the last one ended; sooner while the thing is unknown. */
  readonly everyMs: number;
  /** What was seen before this instant says nothing any more. */
  readonly notBefore?: Instant;
  /** A look that takes longer leaves the thing unknown. */
  readonly limitMs: number;
};

/** Unknown must not last as long as known may. */
const againMs = 1_000;

export class Watches {
  readonly #clock: Clock;
  readonly #ring: () => void;
  readonly #watched = new Map<string, Watched>();

  /** `ring` is called when something was seen. */
  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** What is known of `key` now; begins a new look where it is time for one. Never waits, never throws. */
  see<T>(key: string, cadence: Cadence, look: () => Promise<T>): Known<T> {
    const now = this.#clock.now();
    const watched = this.#watched.get(key) ?? this.#first(key, now);
    const stale = this.#seenAt(watched) < (cadence.notBefore ?? Number.NEGATIVE_INFINITY);
    const everyMs = watched.state.known ? cadence.everyMs : Math.min(cadence.everyMs, againMs);
    const due = now - watched.ended >= everyMs || (watched.state.known && stale);
    if (watched.begun === null && due) this.#begin(key, watched, look);
    if (watched.begun !== null && now - watched.begun > cadence.limitMs)
      watched.state = this.#lost(watched, `no answer within ${cadence.limitMs / 1000} s`);
    return watched.state as Known<T>;
  }

  /** What was known when it was asked last; begins nothing. */
  last<T>(key: string): Known<T> | null {
    return (this.#watched.get(key)?.state ?? null) as Known<T> | null;
  }

  forget(key: string): void {
    this.#watched.delete(key);
  }

  #first(key: string, now: Instant): Watched {
    const watched: Watched = {
      state: { known: false, because: 'the first look has not ended yet', since: now, early: true },
      begun: null,
      ended: Number.NEGATIVE_INFINITY,
    };
    this.#watched.set(key, watched);
    return watched;
  }

  #seenAt(watched: Watched): Instant {
    return watched.state.known ? watched.state.at : Number.NEGATIVE_INFINITY;
  }

  #begin<T>(key: string, watched: Watched, look: () => Promise<T>): void {
    const begun = this.#clock.now();
    watched.begun = begun;
    const end = (state: Known<unknown>) => {
      // A look that was given up on, or replaced, may still end: it then says what was, not what is.
      if (this.#watched.get(key) !== watched || watched.begun !== begun) return;
      watched.state = state;
      watched.begun = null;
      watched.ended = this.#clock.now();
      this.#ring();
    };
    look().then(
      (value) => end(known(value, begun)),
      (error) => end(this.#lost(watched, because(error))),
    );
  }

  /** Unknown since it was last known. */
  #lost(watched: Watched, reason: string): Known<never> {
    const { state } = watched;
    return unknown(reason, state.known ? this.#clock.now() : state.since);
  }
}
