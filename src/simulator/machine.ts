// A process that runs bgctl: it can be killed between any two instructions, or frozen and woken much later.
import type { Clock, Instant } from '../lib/clock.ts';
import type { VirtualClock } from './clock.ts';

/** What a process is about to do, or has just been told; where it may be killed. */
export type Point = { readonly when: 'before' | 'after'; readonly what: string };

export class Machine {
  readonly name: string;
  /** How far its clock is off. */
  readonly skewMs: number;
  /** What it sees just after it woke is old. */
  wasFrozen = false;
  readonly #clock: VirtualClock;
  readonly #passes: (machine: Machine, point: Point) => void;
  #state: 'alive' | 'frozen' | 'dead' = 'alive';
  #thawed: (() => void)[] = [];

  /** `passes` is told of every point, and may kill or freeze the process there. */
  constructor(
    name: string,
    clock: VirtualClock,
    given: { skewMs: number; passes: (machine: Machine, point: Point) => void },
  ) {
    this.name = name;
    this.skewMs = given.skewMs;
    this.#clock = clock;
    this.#passes = given.passes;
  }

  get dead(): boolean {
    return this.#state === 'dead';
  }

  get running(): boolean {
    return this.#state === 'alive';
  }

  kill(): void {
    this.#state = 'dead';
    this.#thawed = [];
  }

  freeze(ms: number): void {
    if (this.#state !== 'alive') return;
    this.#state = 'frozen';
    this.wasFrozen = true;
    this.#clock.after(ms, () => {
      if (this.#state !== 'frozen') return;
      this.#state = 'alive';
      for (const go of this.#thawed.splice(0)) go();
    });
  }

  /** What the outside answers reaches a process that lives, at once or when it wakes; a dead one never. */
  hears<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      answer.then(
        (value) => this.#when(() => resolve(value)),
        (error: unknown) => this.#when(() => reject(error)),
      );
    });
  }

  /** Asks something: what there is to `see` in so many milliseconds, and when it was heard here. */
  asks<T>(ms: number, see: () => T): Promise<T>;
  asks<T, R>(ms: number, see: () => T, hear: (seen: T) => R): Promise<R>;
  asks<T>(ms: number, see: () => T, hear: (seen: T) => unknown = (seen) => seen): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#clock.call(ms, () => {
        try {
          const seen = see();
          this.#when(() => resolve(hear(seen)));
        } catch (error) {
          this.#when(() => reject(error));
        }
      });
    });
  }

  /**
   * Does something outside of which the world may learn: a point before it, and one after it. `checked`: whether it
   * may still be done was asked in the instruction before, so that only death comes between; a freeze in that gap of
   * microseconds is the one thing that a service without epochs leaves open.
   */
  async does<T>(what: string, work: () => Promise<T>, checked = false): Promise<T> {
    this.#passes(this, { when: 'before', what });
    if (this.dead || !(this.running || checked)) await this.hears(Promise.resolve());
    const answer = work();
    const told = () => this.#passes(this, { when: 'after', what });
    answer.then(told, told);
    return this.hears(answer);
  }

  readonly clock: Clock = {
    now: (): Instant => this.#clock.now() + this.skewMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        this.#clock.call(ms, () => this.#when(resolve), signal);
      }),
    alarm: (ms, ring) => {
      let off = false;
      const unset = this.#clock.alarm(ms, () => this.#when(() => off || ring()));
      return () => {
        off = true;
        unset();
      };
    },
  };

  #when(go: () => void): void {
    if (this.#state === 'alive') go();
    else if (this.#state === 'frozen') this.#thawed.push(go);
  }
}
