// Looks at the fake world as controller/look.ts looks at the real one: only at what needs() asks for.
import type { Sample } from '../../../src/gates/sample.ts';
import type { App } from '../../../src/promotion/app.ts';
import { at, type DropletId, type ProjectAt } from '../../../src/promotion/environment.ts';
import { attachedNow, missing } from '../../../src/promotion/membership.ts';
import { type Needs, needs } from '../../../src/promotion/needs.ts';
import {
  type Known,
  known,
  type Observation,
  unknown,
} from '../../../src/promotion/observation.ts';
import { pools } from '../../builders/release.ts';
import type { FakeWorld } from './world.ts';

export class Eyes {
  readonly #world: FakeWorld;
  /** Key → since when it is not known. */
  readonly #blind = new Map<string, number>();
  #watch: { since: number; seen: Record<DropletId, number> } | null = null;
  #samples: { key: string; taken: Map<string, Sample[]> } | null = null;

  constructor(world: FakeWorld) {
    this.#world = world;
  }

  /** `hidden` keys are not known this time, whatever the world says. */
  look(app: App, hidden: (key: string) => boolean = () => false): Observation {
    const wanted = needs(app);
    const { now } = this.#world;
    const see = <T>(key: string, possible: boolean, value: () => T): Known<T> =>
      possible && !hidden(key) ? this.#known(key, value()) : this.#unknown(key);
    const attached = see('attached', this.#world.readable, () =>
      [...this.#world.attached.keys()].sort((one, two) => one - two),
    );
    const each = <T>(what: string, places: readonly ProjectAt[], value: (place: ProjectAt) => T) =>
      Object.fromEntries(
        places.map((place) => [
          at(place),
          see(`${what} ${at(place)}`, this.#reachable(place.droplet), () => value(place)),
        ]),
      );
    const base: Observation = {
      at: now,
      pools: see('pools', this.#world.readable, () => pools),
      attached,
      serving: this.#serving(wanted, hidden('serving')),
      projects: each('project', wanted.projects, (place) => this.#world.health(place)),
      connections: each('connections', wanted.connections, (place) =>
        this.#world.connections(place),
      ),
      strangers: wanted.strangers
        ? see('strangers', this.#world.unreachable.size === 0, () => [
            ...new Set([...this.#world.projects.values()].map((one) => one.project)),
          ])
        : known([], now),
      lost: known([], now),
      samples: this.#gates(app, wanted),
    };
    const read = attachedNow(app, base);
    const gone = read.known ? missing(app, read.value) : [];
    const lost = () => gone.filter((droplet) => this.#world.destroyed.has(droplet));
    return gone.length === 0 ? base : { ...base, lost: see('lost', this.#world.readable, lost) };
  }

  /** As after a crash: nothing was ever seen. */
  forget(): void {
    this.#blind.clear();
    this.#watch = null;
    this.#samples = null;
  }

  #reachable(droplet: DropletId): boolean {
    return !this.#world.unreachable.has(droplet) && !this.#world.destroyed.has(droplet);
  }

  #known<T>(key: string, value: T): Known<T> {
    this.#blind.delete(key);
    return known(value, this.#world.now);
  }

  #unknown(key: string): Known<never> {
    const since = this.#blind.get(key) ?? this.#world.now;
    this.#blind.set(key, since);
    return unknown(`no answer about ${key}`, since);
  }

  #serving(wanted: Needs, hidden: boolean): Observation['serving'] {
    const { now } = this.#world;
    if (!wanted.serving) {
      this.#watch = null;
      return unknown('not asked in this phase', now);
    }
    if (!this.#world.answering || hidden) {
      this.#watch = null;
      return this.#unknown('serving');
    }
    this.#watch ??= { since: now, seen: {} };
    for (const droplet of this.#world.serving()) this.#watch.seen[droplet] = now;
    const { since, seen } = this.#watch;
    return this.#known('serving', { since, seen: { ...seen }, trouble: null });
  }

  #gates(app: App, { gates }: Needs): Observation['samples'] {
    if (gates === null) return {};
    const { environment } = gates;
    const key = `${environment.project} ${app.since}`;
    if (this.#samples?.key !== key) this.#samples = { key, taken: new Map() };
    const { taken } = this.#samples;
    return Object.fromEntries(
      gates.gates.map(({ name }) => {
        const samples = taken.get(name) ?? [];
        taken.set(name, samples);
        for (const droplet of environment.droplets)
          samples.push(this.#world.sample(environment.project, droplet));
        return [name, { samples: [...samples] }];
      }),
    );
  }
}
