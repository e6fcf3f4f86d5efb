// The questions of one http probe to one environment in one phase: whose turn, at what pace, and whether answers count yet.
import type { Clock, Instant } from '../lib/clock.ts';
import type { HttpProbe } from '../policy/probe-spec.ts';
import type { DropletId, Environment } from '../promotion/environment.ts';
import type { During } from '../world.ts';
import { Turns } from './endpoints.ts';
import { Floor, type ReadTraffic } from './floor.ts';
import { askHttp, type HttpParts } from './http.ts';
import { Pace } from './pace.ts';
import type { Seen } from './seen.ts';

export class Visits {
  readonly #spec: HttpProbe;
  readonly #environment: Environment;
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #floor: Floor | null;
  readonly #turns = new Map<DropletId, Turns>();
  readonly #firstAt = new Map<DropletId, Instant>();

  constructor(spec: HttpProbe, environment: Environment, clock: Clock, traffic: ReadTraffic) {
    this.#spec = spec;
    this.#environment = environment;
    this.#clock = clock;
    this.#pace = new Pace(clock);
    this.#floor = spec.floor === undefined ? null : new Floor(spec.floor, traffic, clock);
  }

  /** Null where nothing was asked, or the droplet is still warming up. */
  async ask(droplet: DropletId, during: During, parts: HttpParts): Promise<Seen | null> {
    const spec = this.#spec;
    const over = this.#isPaced()
      ? await this.#pace.turn(droplet, this.#limits(), during.stop)
      : () => {};
    if (over === null) return null;
    try {
      const at = this.#clock.now();
      const request = this.#turnsOf(droplet).next(spec);
      this.#floor?.sent();
      const target = { spec, request, environment: this.#environment, droplet };
      const seen = await askHttp(target, parts);
      return this.#isWarm(droplet, at) ? { ...seen, at, durationMs: this.#clock.now() - at } : null;
    } finally {
      over();
    }
  }

  /** Each droplet has its own, or with as many endpoints as droplets each would be asked for one only. */
  #turnsOf(droplet: DropletId): Turns {
    const known = this.#turns.get(droplet) ?? new Turns();
    this.#turns.set(droplet, known);
    return known;
  }

  #isPaced(): boolean {
    const { rate, concurrency } = this.#spec;
    return rate !== undefined || concurrency !== undefined || this.#floor !== null;
  }

  #limits() {
    const { rate = Number.POSITIVE_INFINITY, concurrency = Number.POSITIVE_INFINITY } = this.#spec;
    const perSecond = () => Math.min(rate, this.#floor?.perSecond() ?? Number.POSITIVE_INFINITY);
    return { perSecond, concurrency };
  }

  #isWarm(droplet: DropletId, askedAt: Instant): boolean {
    const firstAt = this.#firstAt.get(droplet) ?? askedAt;
    this.#firstAt.set(droplet, firstAt);
    return askedAt - firstAt >= (this.#spec.warmUpMs ?? 0);
  }
}
