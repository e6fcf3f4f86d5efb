// A bell: whoever waits is woken by the next ring, or by one that rang while nobody waited.
import type { Clock } from './clock.ts';

export class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at the next ring or after `ms`, whichever comes first. */
  async wait(clock: Clock, ms: number): Promise<void> {
    if (this.#rung) {
      this.#rung = false;
      return;
    }
    const woken = new AbortController();
    // With a reason of its own: the usual one is an error, which takes ten times as long to make.
    this.#wake = () => woken.abort('rung');
    await clock.sleep(ms, woken.signal);
    this.#wake = null;
    this.#rung = false;
  }
}
