// A journal's files on a droplet: looking, adding, swapping the lease, so that a lost answer writes nothing twice.
import type { Clock } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { Entry } from '../promotion/entry.ts';
import type { Appended } from '../world.ts';
import { encode } from './codec.ts';
import * as leases from './lease.ts';
import { emptyLog, extended, grown, type Log, rereadFrom } from './log.ts';
import { type Order, order, type Remote } from './remote.ts';
import { emptyToken } from './script.ts';

/** How often, and for how long, an order is repeated over a connection that breaks or while others write. */
const attemptsMax = 5;
const insistMs = 15_000;
const pauseMs = 300;

/** The entries' file as it was; the token names this content and no other. */
type Known = { readonly log: Log; readonly token: string };
/** With the lease as it is in its file; `-` where there is none. */
export type Look = Known & { readonly leaseLine: string };

type Addition = {
  readonly entries: readonly Entry[];
  readonly afterSeq: number;
  /** How the lease's line must begin; empty where none is needed. */
  readonly leaseStart: string;
};

type LeaseChange<R> = (before: leases.Lease) => {
  readonly write: leases.Lease | null;
  readonly result: R;
};

/** Somebody wrote in between: look again. */
const moved = Symbol('moved');

export class Far {
  readonly #remote: Remote;
  readonly #clock: Clock;
  #known: Known = { log: emptyLog, token: emptyToken };
  /** As last seen or written from here. */
  #leaseLine: string | null = null;

  constructor(remote: Remote, clock: Clock) {
    this.#remote = remote;
    this.#clock = clock;
  }

  order(what: Order, words: readonly string[], stdin?: string) {
    return order(this.#remote, what, words, stdin);
  }

  /** Everything as it is now; of the entries, only what is new comes over the line. */
  async look(): Promise<Look> {
    const look =
      (await this.#lookAfter(this.#known.log)) ?? ((await this.#lookAfter(emptyLog)) as Look);
    this.#known = look;
    this.#leaseLine = look.leaseLine;
    return look;
  }

  async lease(): Promise<leases.Lease> {
    return this.#leaseOf((await this.look()).leaseLine);
  }

  /**
   * Compare and set on the file's content: repeated after a lost answer it is refused where the first one
   * landed, and then the entries found there tell that they are ours.
   */
  append(addition: Addition): Promise<Appended> {
    return this.#insist(async (attempt) => {
      // The first attempt trusts what was seen last: where that is old, the far side refuses.
      const trusts = attempt === 1 && this.#known.log.entries.length === addition.afterSeq;
      if (!trusts) {
        const settled = outcomeIn(await this.look(), addition, attempt > 1);
        if (settled !== null) return settled;
      }
      return this.#extend(this.#known, addition);
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
      const { first } = await this.order('swap', [line], text);
      if (first !== 'swapped') return moved;
      this.#leaseLine = tried.line;
      return result;
    });
  }

  /** Null where the file is not what `before` became: it must be read from its beginning. */
  async #lookAfter(before: Log): Promise<Look | null> {
    const { place } = this.#remote;
    const { first: token, rest } = await this.order('read', [String(rereadFrom(before) + 1)]);
    const end = rest.indexOf('\n');
    const bytes = Buffer.from(rest.slice(end + 1));
    const log = grown(before, bytes, place);
    if (log === null) return null;
    // What is not UTF-8 was replaced on the way, so that the lengths no longer agree.
    if (log.torn === null && Number(token.split(' ')[1]) !== log.goodBytes)
      throw new Failure(
        'journal',
        `${place} holds bytes that are not UTF-8 text. Nothing was changed; restore the file from a copy.`,
      );
    return { log, token, leaseLine: rest.slice(0, end) };
  }

  async #extend({ log, token }: Known, addition: Addition): Promise<Appended | typeof moved> {
    const text = encode(addition.entries);
    const words = [token, String(log.goodBytes), addition.leaseStart];
    const { first, stderr } = await this.order('append', words, text);
    const [done, ...rest] = first.split(' ');
    switch (done) {
      case 'appended':
        this.#known = { log: extended(log, addition.entries, text), token: rest.join(' ') };
        return 'appended';
      case 'lease-lost':
        return done;
      case 'moved':
        return moved;
      default:
        throw notWritten(this.#remote.place, done === 'undone', stderr);
    }
  }

  #leaseOf(line: string): leases.Lease {
    return line === '-'
      ? leases.neverTaken(this.#known.log.entries)
      : leases.decodeLease(line, `the lease beside ${this.#remote.place}`);
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
        if (!mayRepeat) throw neverStill(this.#remote.place);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        ambiguous ||= error.ambiguous;
        if (error.retry === 'never' || !mayRepeat)
          throw new Failure(error.from, error.message, { retry: error.retry, ambiguous });
        await this.#clock.sleep(pauseMs);
      }
    }
  }
}

/** What a look says of an addition without trying it; null where it may be tried. */
function outcomeIn(
  look: Look,
  { entries, afterSeq, leaseStart }: Addition,
  repeated: boolean,
): Appended | null {
  const after = look.log.entries.slice(afterSeq, afterSeq + entries.length);
  if (repeated && after.length > 0 && encode(after) === encode(entries)) return 'appended';
  if (!look.leaseLine.startsWith(leaseStart)) return 'lease-lost';
  return look.log.entries.length === afterSeq ? null : 'someone-else-wrote';
}

function notWritten(place: string, undone: boolean, said: string): Failure {
  const safe = undone
    ? 'Nothing was recorded, and so nothing was begun; make room there and run `bgctl resume`.'
    : 'Whether it was recorded is not known; look at the disk there, then run `bgctl resume`.';
  return new Failure('journal', `${place} could not be written: ${said} ${safe}`, {
    ambiguous: !undone,
  });
}

function neverStill(place: string): Failure {
  return new Failure(
    'journal',
    `others kept writing to ${place}. Nothing was written; try again.`,
    { retry: 'soon' },
  );
}
