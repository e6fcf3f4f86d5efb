// Time that moves when told: to the next one who sleeps, when nobody has anything left to do now.
import type { Clock, Instant } from '../lib/clock.ts';

const settled = Promise.resolve();

type Sleeper = { readonly at: Instant; readonly order: number; wake: (() => void) | null };

export class VirtualClock implements Clock {
  #now: Instant;
  #order = 0;
  #heap: Sleeper[] = [];

  constructor(start: Instant = 0) {
    this.#now = start;
  }

  now(): Instant {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.call(ms, resolve, signal);
    });
  }

  alarm(ms: number, ring: () => void): () => void {
    const sleeper = this.#add(ms, ring);
    return () => {
      sleeper.wake = null;
    };
  }

  /** Calls `work` in so many milliseconds, or at once when `signal` aborts. */
  call(ms: number, work: () => void, signal?: AbortSignal): void {
    if (signal === undefined) this.#add(ms, work);
    else if (signal.aborted) work();
    else this.#callUnless(signal, ms, work);
  }

  #callUnless(signal: AbortSignal, ms: number, work: () => void): void {
    const woken = () => {
      sleeper.wake = null;
      work();
    };
    const sleeper = this.#add(ms, () => {
      signal.removeEventListener('abort', woken);
      work();
    });
    signal.addEventListener('abort', woken, { once: true });
  }

  /** Calls `work` in so many milliseconds. */
  after(ms: number, work: () => void): void {
    this.#add(ms, work);
  }

  /**
   * Lets time pass until `over` says so, or to the limit; `moved` is called whenever it has passed. Nobody in this
   * world waits for anything real, so all there is to do now is done when the queue of microtasks is empty.
   */
  run(over: () => boolean, limitMs: number, moved: () => void): Promise<'over' | 'limit'> {
    const end = this.#now + limitMs;
    return new Promise((resolve, reject) => {
      const next = () => {
        try {
          const ended = over() ? 'over' : this.#wakeNext(end, moved);
          if (ended === null) process.nextTick(later);
          else resolve(ended);
        } catch (bug) {
          reject(bug);
        }
      };
      // Node runs a tick that a microtask asked for when no microtask is left; from there it goes on as a microtask.
      const later = () => void settled.then(next);
      process.nextTick(later);
    });
  }

  #wakeNext(end: Instant, moved: () => void): 'limit' | null {
    const next = this.#take(end);
    if (next === null) {
      this.#now = end;
      return 'limit';
    }
    if (next.at > this.#now) {
      this.#now = next.at;
      moved();
    }
    next.wake?.();
    return null;
  }

  #add(ms: number, wake: () => void): Sleeper {
    this.#order += 1;
    const sleeper: Sleeper = { at: this.#now + Math.max(0, ms), order: this.#order, wake };
    const heap = this.#heap;
    let index = heap.push(sleeper) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!earlier(sleeper, heap[parent] as Sleeper)) break;
      heap[index] = heap[parent] as Sleeper;
      index = parent;
    }
    heap[index] = sleeper;
    return sleeper;
  }

  /** The next one who still sleeps, no later than `end`; or null. */
  #take(end: Instant): Sleeper | null {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.at > end) return null;
      this.#pop();
      if (first.wake !== null) return first;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Sleeper;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && earlier(heap[child + 1] as Sleeper, heap[child] as Sleeper))
        child += 1;
      if (!earlier(heap[child] as Sleeper, last)) break;
      heap[index] = heap[child] as Sleeper;
      index = child;
    }
    heap[index] = last;
  }
}

function earlier(one: Sleeper, other: Sleeper): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
