// The one fault that is healed, not excluded: a change that lands after bgctl has given it up. How many turns that takes.
import { dropletsOf } from '../promotion/environment.ts';
import type { Scene } from './watch.ts';

/** So many turns of whoever drives, and the balancer is as the journal has it again. */
export const healingTurnsMax = 400;

/** What may be broken for as long as that takes, by its number: whoever is served, what is removed, who writes. */
export const brokenMeanwhile = /^I[124] /;

/** Whether the balancer of an app at rest holds what it should; while it is held, what the journal is not sure of may be either. */
function isRight({ app, world }: Scene): boolean {
  if (app.phase !== 'idle' && app.phase !== 'held') return false;
  const { record, destroyed } = world.cloud;
  const belongs = app.phase === 'idle' ? dropletsOf(app.blue) : app.attached;
  const either = app.phase === 'idle' ? [] : app.unsure;
  return [...world.droplets.keys()]
    .filter((droplet) => !destroyed.has(droplet) && !either.includes(droplet))
    .every((droplet) => record.has(droplet) === belongs.includes(droplet));
}

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

  look(scene: Scene): void {
    if (this.#turns === null || scene.app.unsettled.length > 0 || !isRight(scene)) return;
    this.#most = Math.max(this.#most, this.#turns);
    this.#turns = null;
  }
}
