// The one fault that is healed, not excluded: a change that lands after bgctl has given it up. How many turns that takes.
import type { Phase } from '../promotion/app.ts';
import type { Scene } from './watch.ts';

/** So many turns of whoever drives, and the balancer is as the journal has it again. */
export const healingTurnsMax = 400;

/** What may be broken for as long as that takes, by its number: whoever is served, what is removed, who writes. */
export const brokenMeanwhile = /^I[124] /;

const atRest: readonly Phase[] = ['idle', 'held'];

export class Healing {
  /** Turns since a change landed late and put the balancer wrong; null: it is right. */
  #turns: number | null = null;
  #most = 0;

  /** Most turns that were needed; infinite where it never was put right. */
  get most(): number {
    return this.#turns === null ? this.#most : Number.POSITIVE_INFINITY;
  }

  landed(): void {
    this.#turns ??= 0;
  }

  turned(scene: Scene): void {
    if (this.#turns !== null) this.#turns += 1;
    this.look(scene);
  }

  look({ app, world }: Scene): void {
    if (this.#turns === null || !atRest.includes(app.phase) || app.unsettled.length > 0) return;
    const ours = [...world.droplets.keys()].filter((d) => !world.cloud.destroyed.has(d));
    if (ours.some((d) => world.cloud.record.has(d) !== app.attached.includes(d))) return;
    this.#most = Math.max(this.#most, this.#turns);
    this.#turns = null;
  }
}
