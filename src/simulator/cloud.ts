// DigitalOcean's side: a record of membership that lags, a data plane that lags behind it, health it has to see for itself.
import type { Instant } from '../lib/clock.ts';
import type { DropletId } from '../promotion/environment.ts';
import type { VirtualClock } from './clock.ts';
import type { Random } from './random.ts';

export const foreignDroplet = 900;

/** What the API answers instead of doing it. `lost`: no answer; a write may have been applied. */
export type Trouble = 'busy' | 'rate-limited' | 'down' | 'lost';

export class CloudTrouble extends Error {
  readonly kind: Trouble;

  constructor(kind: Trouble) {
    super(`the cloud answers: ${kind}`);
    this.kind = kind;
  }
}

export type Write = {
  readonly verb: 'attach' | 'detach';
  readonly droplets: readonly DropletId[];
  /** Epoch of the controller that sent it. */
  readonly epoch: number;
};

type Target = { readonly from: Instant; until: Instant };

const workMs = 1_500;

export class Cloud {
  /** Droplet → since when it is in the record. */
  readonly record = new Map<DropletId, Instant>([[foreignDroplet, 0]]);
  readonly destroyed = new Set<DropletId>();
  readonly #plane = new Map<DropletId, Target>();
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #lags: { readonly recordLagMs: number; readonly planeLagMs: number };
  /** What reads show, and from when on. */
  #views: { from: Instant; droplets: readonly DropletId[] }[] = [];
  #busyUntil: Instant = 0;
  #throttledUntil: Instant = 0;
  down = false;
  flaky = 0;
  blind = 0;
  lies = 0;
  late = 0;
  /** Told of every write when it is applied. */
  onApply: (write: Write, late: boolean) => void = () => undefined;
  onSend: (write: Write) => void = () => undefined;
  /** Told whenever people may be sent elsewhere from some instant on. */
  onChange: () => void = () => undefined;
  /** When somebody else last changed the record. */
  editedAt: Instant = Number.NEGATIVE_INFINITY;
  calls = 0;
  landedLate = 0;
  /** Changes that bgctl has given up, and that will still come. */
  coming = 0;

  constructor(
    clock: VirtualClock,
    random: Random,
    lags: { readonly recordLagMs: number; readonly planeLagMs: number },
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#lags = lags;
  }

  /** As it was long before the story begins. */
  settle(droplets: readonly DropletId[]): void {
    for (const droplet of droplets) {
      this.record.set(droplet, -1e6);
      this.#plane.set(droplet, { from: -1e6, until: Number.POSITIVE_INFINITY });
    }
    this.#views = [{ from: -1e6, droplets: this.#members() }];
  }

  /** From when until when the data plane sends people there; null where it never knew it. */
  target(droplet: DropletId): Target | null {
    return this.#plane.get(droplet) ?? null;
  }

  /** Keeps the balancer busy, as somebody else's change of it would. */
  occupy(ms: number): void {
    this.#busyUntil = Math.max(this.#busyUntil, this.#clock.now() + ms);
  }

  /** Refuses every call for a while: somebody else used up what the account may ask. */
  throttle(ms: number): void {
    this.#throttledUntil = this.#clock.now() + ms;
  }

  /** By somebody else's hand, or by a droplet's end: asks nobody and is never busy. */
  edit(verb: Write['verb'], droplets: readonly DropletId[]): void {
    this.editedAt = this.#clock.now();
    this.#apply(verb, droplets);
  }

  destroy(droplet: DropletId): void {
    this.destroyed.add(droplet);
    this.record.delete(droplet);
    this.#plane.delete(droplet);
    this.#show();
  }

  async read(): Promise<readonly DropletId[]> {
    await this.#travel();
    if (this.#random.chance(this.blind)) throw new CloudTrouble('lost');
    const now = this.#clock.now();
    const view = this.#views.findLast(({ from }) => from <= now);
    return (view?.droplets ?? []).filter((droplet) => !this.destroyed.has(droplet));
  }

  /** Those of the droplets that are no more. */
  async lost(droplets: readonly DropletId[]): Promise<readonly DropletId[]> {
    await this.#travel();
    return droplets.filter((droplet) => this.destroyed.has(droplet));
  }

  async write(write: Write): Promise<void> {
    this.onSend(write);
    await this.#travel();
    if (this.#clock.now() < this.#busyUntil) throw new CloudTrouble('busy');
    if (this.#random.chance(this.late)) return this.#landLate(write);
    if (this.#random.chance(this.flaky)) {
      const kind = this.#random.pick(['rate-limited', 'down', 'lost', 'lost', 'slow'] as const);
      if (kind === 'slow') this.#landSlowly(write);
      if (kind === 'lost' && this.#random.chance(0.5)) this.#land(write, false);
      throw new CloudTrouble(kind === 'slow' ? 'lost' : kind);
    }
    // 204 means accepted: the one answer that may be a lie.
    if (!this.#random.chance(this.lies)) this.#land(write, false);
  }

  async #travel(): Promise<void> {
    this.calls += 1;
    await this.#clock.sleep(this.#random.between(40, 400));
    if (this.down) throw new CloudTrouble('down');
    if (this.#clock.now() < this.#throttledUntil) throw new CloudTrouble('rate-limited');
  }

  /** Worked on for a while, as the balancer's owner would see it: nothing else is taken on meanwhile. */
  #landSlowly(write: Write): void {
    const takesMs = this.#random.between(1_000, 15_000);
    this.occupy(takesMs);
    this.#clock.after(takesMs, () => this.#land(write, false));
  }

  #landLate(write: Write): never {
    // Longer than any limit that bgctl gives a call: nobody counts on it any more.
    this.coming += 1;
    this.#clock.after(this.#random.between(460_000, 520_000), () => {
      this.coming -= 1;
      this.#land(write, true);
    });
    throw new CloudTrouble('lost');
  }

  #land(write: Write, late: boolean): void {
    if (late) this.landedLate += 1;
    this.onApply(write, late);
    this.#apply(write.verb, write.droplets);
    this.#busyUntil = this.#clock.now() + this.#random.between(0, 2 * workMs);
  }

  #apply(verb: Write['verb'], droplets: readonly DropletId[]): void {
    const now = this.#clock.now();
    const soon = now + this.#lags.planeLagMs;
    for (const droplet of droplets) {
      const target = this.#plane.get(droplet);
      if (verb === 'detach') {
        this.record.delete(droplet);
        if (target !== undefined) target.until = Math.min(target.until, soon);
      } else if (!this.destroyed.has(droplet) && !this.record.has(droplet)) {
        this.record.set(droplet, now);
        const there = target !== undefined && target.until > soon;
        const from = there ? target.from : soon;
        this.#plane.set(droplet, { from, until: Number.POSITIVE_INFINITY });
      }
    }
    this.#show();
  }

  #show(): void {
    this.onChange();
    const from = this.#clock.now() + this.#lags.recordLagMs;
    this.#views = [...this.#views.slice(-3), { from, droplets: this.#members() }];
  }

  #members(): readonly DropletId[] {
    return [...this.record.keys()].sort((one, other) => one - other);
  }
}
