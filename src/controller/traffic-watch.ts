// Watches who answers through the balancer's own address, for as long as a phase needs to know.
import type { Clock, Instant } from '../lib/clock.ts';
import { because } from '../lib/failure.ts';
import type { DropletId, Environment } from '../promotion/environment.ts';
import { type Known, known, type Serving, unknown } from '../promotion/observation.ts';
import type { Sighting, Traffic } from '../world.ts';

const askEveryMs = 100;
/** Nothing learnt for so long: who serves is unknown. */
const blindAfterMs = 3_000;
/** Without a droplet's name in the answers, so many answers a droplet stand for all of the environment. */
const answersADroplet = 3;

export class TrafficWatch {
  readonly #traffic: Traffic;
  readonly #clock: Clock;
  readonly #ring: () => void;
  #running = false;
  #since: Instant = 0;
  #learntAt: Instant = 0;
  #seen: Record<DropletId, Instant> = {};
  #answers: { environment: string; at: Instant }[] = [];
  #trouble: string | null = null;
  #unnamed: Instant = 0;
  #blind: string | null = null;
  #environments: readonly Environment[] = [];
  #sole: Environment | null = null;

  constructor(traffic: Traffic, clock: Clock, ring: () => void) {
    this.#traffic = traffic;
    this.#clock = clock;
    this.#ring = ring;
  }

  /**
   * What is known now; begins to watch where it was not. The environments tell whose droplets a name means;
   * where only one of them (`sole`) is in the balancer, an answer without a name can only be its own.
   */
  see(environments: readonly Environment[], sole: Environment | null = null): Known<Serving> {
    this.#environments = environments;
    this.#sole = sole;
    if (!this.#running) this.#begin();
    const now = this.#clock.now();
    if (now - this.#learntAt > blindAfterMs) {
      this.#since = now;
      return unknown(this.#blind ?? 'no answer through the load balancer', this.#learntAt);
    }
    const serving = { since: this.#since, seen: { ...this.#seen }, trouble: this.#trouble };
    return known({ ...serving, unnamed: this.#unnamed }, now);
  }

  stop(): void {
    this.#running = false;
  }

  #begin(): void {
    const now = this.#clock.now();
    this.#running = true;
    this.#since = now;
    this.#learntAt = now;
    this.#seen = {};
    this.#answers = [];
    void this.#watch();
  }

  async #watch(): Promise<void> {
    while (this.#running) {
      const droplets = this.#environments.reduce((n, e) => n + e.droplets.length, 0);
      // With many droplets one answer at a time would take too long to hear of each.
      for (let n = 0; n < Math.max(1, Math.ceil(droplets / 5)); n += 1) void this.#ask();
      await this.#clock.sleep(askEveryMs);
    }
  }

  async #ask(): Promise<void> {
    try {
      this.#note(await this.#traffic.ask());
    } catch (error) {
      this.#blind = because(error);
    }
  }

  #note(sighting: Sighting): void {
    this.#learntAt = this.#clock.now();
    if (sighting.droplet === null && sighting.environment === null) this.#unnamed = sighting.at;
    if (sighting.trouble !== null) {
      this.#trouble = sighting.trouble;
      return;
    }
    if (sighting.droplet !== null) this.#seen[sighting.droplet] = sighting.at;
    else if (sighting.environment !== null) this.#named(sighting.environment, sighting.at);
    else if (this.#sole !== null) this.#named(this.#sole.project, sighting.at);
    this.#ring();
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
    for (const droplet of environment.droplets) this.#seen[droplet] = at;
  }
}
