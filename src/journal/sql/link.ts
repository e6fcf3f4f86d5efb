// Keeps one connection to the journal's database: made when first needed, made again after a loss, one statement at a time.
import { Failure } from '../../lib/failure.ts';
import { isCurrent, migrate, schemaVersion } from './schema.ts';
import { openSession, type Row, type Session, type SessionGiven } from './session.ts';

/** Short: whoever waits for an answer that comes after its limit has waited long enough. */
const insistMs = 5_000;
const attemptsMax = 3;
const pauseMs = 200;

export class Link {
  readonly #given: SessionGiven;
  #session: Session | null = null;
  /** Of the session that is open. */
  #current = false;
  #everOpen = false;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(given: SessionGiven) {
    this.#given = given;
  }

  /** Rows of a statement that changes nothing; null where bgctl never wrote. */
  read(text: string, values: readonly unknown[]): Promise<readonly Row[] | null> {
    return this.#inTurn(() =>
      this.#again(async () => {
        const session = await this.#open();
        if (!this.#current) {
          const version = await schemaVersion(session, this.#given.place);
          if (version === 0) return null;
          await this.#bringUpToDate(session, version);
        }
        return session.rows('reading', text, values);
      }),
    );
  }

  /** Rows of one statement, which is a transaction of its own: no lock waits for what this process does next. */
  write(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.#inTurn(async () => {
      const session = await this.#again(async () => {
        const opened = await this.#open();
        if (!this.#current)
          await this.#bringUpToDate(opened, await schemaVersion(opened, this.#given.place));
        return opened;
      });
      return session.rows('writing', text, values);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#inTurn(async () => this.#session?.end());
  }

  async #open(): Promise<Session> {
    if (this.#session !== null && !this.#session.isOver()) return this.#session;
    if (this.#closed) throw new Failure('journal', 'The journal was closed.');
    this.#session = null;
    this.#current = false;
    this.#session = await openSession(this.#given).catch((error: Failure) => {
      throw this.#everOpen ? inTheMidst(error) : error;
    });
    this.#everOpen = true;
    return this.#session;
  }

  async #bringUpToDate(session: Session, version: number): Promise<void> {
    if (!isCurrent(version)) await migrate(session, this.#given.place);
    this.#current = true;
  }

  /** What changes nothing is asked again, on a new connection where the old one was lost. */
  async #again<T>(work: () => Promise<T>): Promise<T> {
    const { clock } = this.#given;
    const until = clock.now() + insistMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const passing = error instanceof Failure && error.retry === 'soon';
        if (!passing || this.#closed || attempt === attemptsMax || clock.now() >= until)
          throw error;
        await clock.sleep(pauseMs);
      }
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

/** Something was begun already, so that this is no refusal to begin. */
function inTheMidst({ from, message, retry, ambiguous }: Failure): Failure {
  return new Failure(from, message, { retry, ambiguous });
}
