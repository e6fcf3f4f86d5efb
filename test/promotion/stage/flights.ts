// Effects under way in the fake world: how long they take, what becomes of them, and who still hears the answer.
import {
  type Effect,
  isBalancerEffect,
  isHostEffect,
  keyOf,
} from '../../../src/promotion/effect.ts';
import type { Fact } from '../../../src/promotion/entry.ts';
import type { FakeWorld, Fate } from './world.ts';

type Flight = {
  readonly effect: Effect;
  readonly doneAt: number;
  readonly fate: Fate;
  /** The controller that began it still lives. */
  heard: boolean;
};

type Settled = Extract<Fact, { type: 'settled' }>;

export class Flights {
  readonly #world: FakeWorld;
  #flying: Flight[] = [];

  constructor(world: FakeWorld) {
    this.#world = world;
  }

  begin(effect: Effect): void {
    const doneAt = this.#world.now + this.#world.takesMs(effect);
    this.#flying.push({ effect, doneAt, fate: this.#world.fateOf(effect), heard: true });
  }

  isHeard(key: string): boolean {
    return this.#flying.some((flight) => flight.heard && keyOf(flight.effect) === key);
  }

  get count(): number {
    return this.#flying.length;
  }

  /** What ends now: it happens in the world, and is told where somebody still listens. */
  ended(landed: (effect: Effect) => void): readonly Settled[] {
    const over = this.#flying.filter(
      (flight) => flight.fate !== 'hangs' && flight.doneAt <= this.#world.now,
    );
    this.#flying = this.#flying.filter((flight) => !over.includes(flight));
    return over.flatMap((flight) => {
      const settled = this.#end(flight, landed);
      return flight.heard ? [settled] : [];
    });
  }

  #end({ effect, fate }: Flight, landed: (effect: Effect) => void): Settled {
    const refusal = isHostEffect(effect) ? this.#noHost(effect.droplet) : this.#noBalancer(effect);
    if (refusal !== null) return { type: 'settled', effect, ok: false, ...refusal };
    if (fate === 'refused') return { type: 'settled', effect, ok: false, because: 'refused' };
    landed(effect);
    this.#world.land(effect);
    if (fate === 'mute') return { type: 'settled', effect, ok: false, because: 'connection reset' };
    return { type: 'settled', effect, ok: true };
  }

  #noHost(droplet: number): { because: string } | null {
    const gone = this.#world.unreachable.has(droplet) || this.#world.destroyed.has(droplet);
    return gone ? { because: 'no route to host' } : null;
  }

  /** As cloud/membership.ts has it: nothing is sent on top of what somebody else did. */
  #noBalancer(effect: Effect): { because: string; untouched?: true } | null {
    if (!isBalancerEffect(effect)) return null;
    if (!this.#world.writable) return { because: '503' };
    if (effect.droplets.some((one) => this.#world.destroyed.has(one))) return { because: '422' };
    const now = [...this.#world.attached.keys()];
    const mine = now.filter((one) => effect.ours.includes(one));
    const joins = effect.kind === 'attach-droplets';
    if (effect.droplets.every((one) => mine.includes(one) === joins)) return null;
    if (!isSame(mine, effect.expected)) return { because: 'drift', untouched: true };
    const left = now.filter((one) => !effect.droplets.includes(one));
    const empties = !joins && left.length === 0 && !effect.mayEmpty;
    return empties ? { because: 'it would be empty', untouched: true } : null;
  }

  /** Cancelling is a wish; here it is heard at once, and nothing happened. */
  cancel(keys: readonly string[]): void {
    this.#flying = this.#flying.map((flight) =>
      keys.includes(keyOf(flight.effect))
        ? { ...flight, doneAt: this.#world.now, fate: 'refused' }
        : flight,
    );
  }

  /**
   * The controller dies. A command on a droplet lands now or never (a lock and the epoch see to that);
   * a call to the cloud that was sent lands within seconds. Nobody hears of either.
   */
  crash(lands: (effect: Effect) => boolean): void {
    this.#flying = this.#flying.flatMap((flight) => {
      if (!lands(flight.effect)) return [];
      const doneAt = Math.min(flight.doneAt, this.#world.now + 5_000);
      const host = isHostEffect(flight.effect);
      return [{ ...flight, heard: false, doneAt: host ? this.#world.now : doneAt }];
    });
  }
}

function isSame(some: readonly number[], others: readonly number[]): boolean {
  return [...some].sort().join() === [...others].sort().join();
}
