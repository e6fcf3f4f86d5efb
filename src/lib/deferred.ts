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
  wait(clock: Clock, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const woken = () => {
        this.#wake = null;
        this.#rung = false;
        callOff();
        resolve();
      };
      const callOff = clock.alarm(ms, woken);
      this.#wake = woken;
      if (this.#rung) woken();
    });
  }
}
