// A journal that is not on this machine: looking, adding, swapping the lease, so that a lost answer writes nothing twice.
import type { Clock } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { Entry } from '../promotion/entry.ts';
import type { Appended } from '../world.ts';
import { encode } from './codec.ts';
import * as leases from './lease.ts';

/** How often, and for how long, a write is repeated over a connection that breaks or while others write. */
const attemptsMax = 5;
const insistMs = 15_000;
const pauseMs = 300;

/** The entries as last seen; each far side adds how it knows them again. */
export type Known = { readonly entries: readonly Entry[]; readonly torn: string | null };
/** With the line of the lease; `-` where there is none. */
export type Look<K extends Known> = { readonly known: K; readonly leaseLine: string };

export type Addition = {
  readonly entries: readonly Entry[];
  readonly afterSeq: number;
  /** How the lease's line must begin; empty where none is needed. */
  readonly leaseStart: string;
};

/** What is done over there, each time once. Rejects with Failure only, ambiguous where a write may have landed. */
export interface FarSide<K extends Known> {
  readonly place: string;
  readonly nothing: K;
  /** All there is now, of which only what is new needs to come; null where it is not what `before` became. */
  look(before: K): Promise<Look<K> | null>;
  /** Compare and set: only while the journal ends as `known` does and the lease's line begins as it must. */
  extend(known: K, addition: Addition): Promise<K | 'lease-lost' | 'moved'>;
  /** Puts a line of the lease in the place of `before`; false where that is not the line any more. */
  swap(before: string, after: string): Promise<boolean>;
}

type LeaseChange<R> = (before: leases.Lease) => {
  readonly write: leases.Lease | null;
  readonly result: R;
};

/** Somebody wrote in between: look again. */
const moved = Symbol('moved');

export class Far<K extends Known> {
  readonly #side: FarSide<K>;
  readonly #clock: Clock;
  #known: K;
  /** As last seen or written from here. */
  #leaseLine: string | null = null;

  constructor(side: FarSide<K>, clock: Clock) {
    this.#side = side;
    this.#clock = clock;
    this.#known = side.nothing;
  }

  /** Everything as it is now. */
  async look(): Promise<Look<K>> {
    const look =
      (await this.#side.look(this.#known)) ??
      ((await this.#side.look(this.#side.nothing)) as Look<K>);
    this.#known = look.known;
    this.#leaseLine = look.leaseLine;
    return look;
  }

  async lease(): Promise<leases.Lease> {
    return this.#leaseOf((await this.look()).leaseLine);
  }

  /**
   * Compare and set on what is there: repeated after a lost answer it is refused where the first one
   * landed, and then the entries found there tell that they are ours.
   */
  append(addition: Addition): Promise<Appended> {
    return this.#insist(async (attempt) => {
      // The first attempt trusts what was seen last: where that is old, the far side refuses.
      const trusts = attempt === 1 && this.#known.entries.length === addition.afterSeq;
      if (!trusts) {
        const settled = outcomeIn(await this.look(), addition, attempt > 1);
        if (settled !== null) return settled;
      }
      const after = await this.#side.extend(this.#known, addition);
      if (after === 'lease-lost') return after;
      if (after === 'moved') return moved;
      this.#known = after;
      return 'appended';
    });
  }

  /** Writes the lease that `change` makes of the one before, if it makes one, and returns its result. */
  swap<R>(change: LeaseChange<R>): Promise<R> {
    let tried: { readonly line: string; readonly result: R } | null = null;
    return this.#insist(async (attempt) => {
      let line = attempt === 1 ? this.#leaseLine : null;
      // No to what was last seen may be yes to what is there now.
      if (line === null || change(this.#leaseOf(line)).write === null)
        line = (await this.look()).leaseLine;
      if (tried?.line === line) return tried.result;
      const { write, result } = change(this.#leaseOf(line));
      if (write === null) return result;
      const text = leases.encodeLease(write);
      tried = { line: text.trimEnd(), result };
      if (!(await this.#side.swap(line, text))) return moved;
      this.#leaseLine = tried.line;
      return result;
    });
  }

  #leaseOf(line: string): leases.Lease {
    return line === '-'
      ? leases.neverTaken(this.#known.entries)
      : leases.decodeLease(line, `the lease beside ${this.#side.place}`);
  }

  /** Repeats what moved or failed in passing. Where any attempt may have been applied, the last Failure says so. */
  async #insist<R>(work: (attempt: number) => Promise<R | typeof moved>): Promise<R> {
    const until = this.#clock.now() + insistMs;
    let ambiguous = false;
    for (let attempt = 1; ; attempt += 1) {
      const mayRepeat = attempt < attemptsMax && this.#clock.now() < until;
      try {
        const done = await work(attempt);
        if (done !== moved) return done;
        if (!mayRepeat) throw neverStill(this.#side.place);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        ambiguous ||= error.ambiguous;
        if (error.retry === 'never' || !mayRepeat)
          throw new Failure(error.from, error.message, {
            retry: error.retry,
            ambiguous,
            precondition: error.precondition,
          });
        await this.#clock.sleep(pauseMs);
      }
    }
  }
}

/** What a look says of an addition without trying it; null where it may be tried. */
function outcomeIn(
  { known, leaseLine }: Look<Known>,
  { entries, afterSeq, leaseStart }: Addition,
  repeated: boolean,
): Appended | null {
  const after = known.entries.slice(afterSeq, afterSeq + entries.length);
  if (repeated && after.length > 0 && encode(after) === encode(entries)) return 'appended';
  if (!leaseLine.startsWith(leaseStart)) return 'lease-lost';
  return known.entries.length === afterSeq ? null : 'someone-else-wrote';
}

function neverStill(place: string): Failure {
  return new Failure(
    'journal',
    `others kept writing to ${place}. Nothing was written; try again.`,
    { retry: 'soon' },
  );
}
