// People who visit the app: who of the droplets answers them at an instant, and when each last did.
import type { Instant } from '../lib/clock.ts';
import type { DropletId, ProjectAt } from '../promotion/environment.ts';
import type { VirtualClock } from './clock.ts';
import type { Cloud } from './cloud.ts';
import type { Droplet } from './droplet.ts';

/** In stories everything is quick. */
const quickChecks: Checks = { upMs: 2_000, downMs: 2_000 };

export type Checks = {
  /** How long the balancer's checks take to believe in a target, and to give one up. */
  readonly upMs: number;
  readonly downMs: number;
};

export class People {
  /** Projects whose visitors keep their connections open although they get nothing more from it. */
  readonly kept = new Set<string>();
  readonly #clock: VirtualClock;
  readonly #cloud: Cloud;
  readonly #droplets: ReadonlyMap<DropletId, Droplet>;
  /** Who ceased to answer, and when, in order. */
  readonly #leftAt = new Map<DropletId, { project: string; at: Instant }[]>();
  readonly #checks: Checks;
  #served: readonly ProjectAt[] = [];
  #sentTo: readonly ProjectAt[] = [];
  /** Until when `#served` holds, if nothing befalls the world. */
  #until = Number.NEGATIVE_INFINITY;
  #stop = Number.NEGATIVE_INFINITY;

  constructor(
    clock: VirtualClock,
    cloud: Cloud,
    droplets: ReadonlyMap<DropletId, Droplet>,
    checks: Checks = quickChecks,
  ) {
    this.#clock = clock;
    this.#checks = checks;
    this.#cloud = cloud;
    this.#droplets = droplets;
  }

  /** Something befell the world: what was known of it may be otherwise. */
  stir(): void {
    this.#until = Number.NEGATIVE_INFINITY;
  }

  /** Who answers people at this instant. */
  served(): readonly ProjectAt[] {
    const now = this.#clock.now();
    if (now < this.#until) return this.#served;
    const before = this.#served;
    this.#served = [];
    this.#sentTo = [];
    this.#until = Number.POSITIVE_INFINITY;
    for (const droplet of this.#droplets.values()) this.#look(droplet, now);
    for (const { project, droplet } of before) {
      if (this.#served.some((one) => one.droplet === droplet && one.project === project)) continue;
      this.#leftAt.set(droplet, [...(this.#leftAt.get(droplet) ?? []), { project, at: now }]);
    }
    this.#stopAt(this.#until, now);
    return this.#served;
  }

  /** Where the balancer sends people at this instant, whether or not they are answered there. */
  sentTo(): readonly ProjectAt[] {
    this.served();
    return this.#sentTo;
  }

  /** What a newly attached droplet must at least wait to get traffic, to be on the safe side. */
  get warmUpMs(): number {
    return 2 * this.#checks.upMs;
  }

  /** The project that answers people on the droplet now, or null. */
  on(droplet: DropletId): string | null {
    return this.served().find((place) => place.droplet === droplet)?.project ?? null;
  }

  /** When somebody was last answered by the project there, or by any; it may be now. */
  lastServed(droplet: DropletId, project?: string): Instant {
    const now = this.on(droplet);
    if (now !== null && (project === undefined || now === project)) return this.#clock.now();
    const left = this.#leftAt.get(droplet) ?? [];
    const last = left.findLast((one) => project === undefined || one.project === project);
    return last?.at ?? Number.NEGATIVE_INFINITY;
  }

  connections({ project, droplet }: ProjectAt): { open: number; busy: number } {
    if (this.on(droplet) === project) return { open: 2, busy: 1 };
    const runs = this.#droplets.get(droplet)?.projects.has(project) === true;
    return runs && this.kept.has(project) ? { open: 3, busy: 1 } : { open: 0, busy: 0 };
  }

  #look(droplet: Droplet, now: Instant): void {
    const target = this.#cloud.target(droplet.id);
    if (target === null) return;
    this.#change(target.from, now);
    this.#change(target.until, now);
    for (const running of droplet.projects.values()) {
      const { upAt, silencedAt, project } = running;
      const believedAt = Math.max(target.from, upAt) + this.#checks.upMs;
      const givenUpAt =
        silencedAt === null ? Number.POSITIVE_INFINITY : silencedAt + this.#checks.downMs;
      this.#change(believedAt, now);
      this.#change(givenUpAt, now);
      for (const instant of droplet.turnsOf(running)) this.#change(instant, now);
      if (now < target.from || now >= target.until || now < believedAt) continue;
      // Told before it was believed in, it never comes up.
      const hushed = silencedAt !== null && (silencedAt < believedAt || now >= givenUpAt);
      if (hushed) continue;
      const place = { project, droplet: droplet.id };
      this.#sentTo = [...this.#sentTo, place];
      if (!droplet.answers(running)) continue;
      this.#served = [...this.#served, place];
      return;
    }
  }

  /** Time must stop there, so that nobody misses the instant at which it changes by itself. */
  #stopAt(instant: Instant, now: Instant): void {
    if (instant === Number.POSITIVE_INFINITY || instant === this.#stop) return;
    this.#stop = instant;
    this.#clock.call(instant - now, () => undefined);
  }

  #change(instant: Instant, now: Instant): void {
    if (instant > now && instant < this.#until) this.#until = instant;
  }
}
