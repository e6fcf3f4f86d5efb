// Watches who answers through the balancer's own address, for as long as a phase needs to know.
import type { Clock, Instant } from '../lib/clock.ts';
import { because } from '../lib/failure.ts';
import type { DropletId, Environment } from '../promotion/environment.ts';
import { type Known, known, type Serving, unknown } from '../promotion/observation.ts';
import type { Sighting, Traffic } from '../world.ts';

const askEveryMs = 100;
const underWayMax = 30;
/** Nothing learnt for so long: who serves is unknown. */
const blindAfterMs = 3_000;
/** An answer from a droplet that was silent for so long is news; one more of many is heard of at the next turn. */
const silentMs = 1_000;
/** Without a droplet's name in the answers, so many answers a droplet stand for all of the environment. */
const answersADroplet = 3;

type Watching = { callOff: () => void };

export class TrafficWatch {
  readonly #traffic: Traffic;
  readonly #clock: Clock;
  readonly #ring: () => void;
  /** Calls off the next question of the watch under way; null: none is. */
  #watching: Watching | null = null;
  #underWay = 0;
  #since: Instant = 0;
  #learntAt: Instant = 0;
  #seen: Record<DropletId, Instant> = {};
  #answers: { environment: string; at: Instant }[] = [];
  #trouble: string | null = null;
  #unnamed: Instant = 0;
  #blind: string | null = null;
  #environments: readonly Environment[] = [];
  #sole: Environment | null = null;
  #redirectedAt: Instant = 0;

  constructor(traffic: Traffic, clock: Clock, ring: () => void) {
    this.#traffic = traffic;
    this.#clock = clock;
    this.#ring = ring;
  }

  /**
   * What is known now; begins to watch where it was not. The environments tell whose droplets a name means;
   * where only one of them (`sole`) is in the balancer, an answer without a name can only be its own. The first
   * answer from a droplet since traffic was `redirectedAt` is what everybody waits for: it rings.
   */
  see(
    environments: readonly Environment[],
    { sole = null, redirectedAt = 0 }: { sole?: Environment | null; redirectedAt?: Instant } = {},
  ): Known<Serving> {
    this.#environments = environments;
    this.#sole = sole;
    this.#redirectedAt = redirectedAt;
    if (this.#watching === null) this.#begin();
    const now = this.#clock.now();
    if (now - this.#learntAt > blindAfterMs) {
      this.#since = now;
      return unknown(this.#blind ?? 'no answer through the load balancer', this.#learntAt);
    }
    const serving = { since: this.#since, seen: { ...this.#seen }, trouble: this.#trouble };
    return known({ ...serving, unnamed: this.#unnamed }, now);
  }

  stop(): void {
    this.#watching?.callOff();
    this.#watching = null;
  }

  #begin(): void {
    const now = this.#clock.now();
    this.#since = now;
    this.#learntAt = now;
    this.#seen = {};
    this.#answers = [];
    this.#watch({ callOff: () => {} });
  }

  #watch(watching: Watching): void {
    this.#watching = watching;
    const droplets = this.#environments.reduce((n, e) => n + e.droplets.length, 0);
    // With many droplets one answer at a time would take too long to hear of each.
    const asks = Math.max(1, Math.ceil(droplets / 5));
    // A balancer that does not answer is not asked ever more at once.
    for (let n = 0; n < asks && this.#underWay < underWayMax; n += 1) this.#ask(watching);
    watching.callOff = this.#clock.alarm(askEveryMs, () => this.#watch(watching));
  }

  #ask(watching: Watching): void {
    this.#underWay += 1;
    this.#traffic.ask().then(
      (sighting) => {
        this.#underWay -= 1;
        // An answer to an earlier watch says nothing to this one.
        if (this.#watching === watching) this.#note(sighting);
      },
      (error: unknown) => {
        this.#underWay -= 1;
        this.#blind = because(error);
      },
    );
  }

  #note(sighting: Sighting): void {
    this.#learntAt = this.#clock.now();
    if (sighting.droplet === null && sighting.environment === null) this.#unnamed = sighting.at;
    if (sighting.trouble !== null) {
      this.#trouble = sighting.trouble;
      return;
    }
    if (sighting.droplet !== null) this.#sees([sighting.droplet], sighting.at);
    else if (sighting.environment !== null) this.#named(sighting.environment, sighting.at);
    else if (this.#sole !== null) this.#named(this.#sole.project, sighting.at);
  }

  #sees(droplets: readonly DropletId[], at: Instant): void {
    const isNews = droplets.some((droplet) => {
      const last = this.#seen[droplet] ?? Number.NEGATIVE_INFINITY;
      return last < this.#redirectedAt || at - last > silentMs;
    });
    for (const droplet of droplets) this.#seen[droplet] = at;
    if (isNews) this.#ring();
  }

  #named(name: string, at: Instant): void {
    const environment = this.#environments.find((one) => one.project === name);
    if (environment === undefined) return;
    this.#answers = [
      ...this.#answers.filter((one) => at - one.at < blindAfterMs),
      { environment: name, at },
    ];
    const answers = this.#answers.filter((one) => one.environment === name).length;
    if (answers < answersADroplet * environment.droplets.length) return;
    this.#sees(environment.droplets, at);
  }
}
