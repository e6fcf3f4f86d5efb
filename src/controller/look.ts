// The world, in parallel and within limits → an Observation; what is late or broken becomes unknown.
import type { Clock, Instant } from '../lib/clock.ts';
import { type App, environmentsOf } from '../promotion/app.ts';
import {
  at,
  type DropletId,
  type Environment,
  type ProjectAt,
  projectsOf,
} from '../promotion/environment.ts';
import { attachedNow, missing } from '../promotion/membership.ts';
import { type Needs, needs } from '../promotion/needs.ts';
import {
  type Connections,
  type Known,
  known,
  type Observation,
  type Serving,
  unknown,
} from '../promotion/observation.ts';
import type { World } from '../world.ts';
import { Sampler } from './sampler.ts';
import { TrafficWatch } from './traffic-watch.ts';
import { Watches } from './watch.ts';

const lookLimitMs = 8_000;
/** The cloud's client tries again by itself, so a look at it may take longer. */
const cloudLimitMs = 60_000;

/** When each droplet was last seen to serve. */
type Seen = Serving['seen'];

export class Looker {
  readonly #world: World;
  readonly #clock: Clock;
  readonly #watches: Watches;
  readonly #traffic: TrafficWatch;
  readonly #sampler: Sampler;
  /** When somebody was last seen to be connected to a project: most requests are over before they are counted. */
  readonly #connected = new Map<string, Instant>();
  #wanted: { readonly by: App; readonly needs: Needs } | null = null;

  constructor(world: World, ring: () => void) {
    this.#world = world;
    this.#clock = world.clock;
    this.#watches = new Watches(world.clock, ring);
    this.#traffic = new TrafficWatch(world.traffic, world.clock, ring);
    this.#sampler = new Sampler(world.probes, world.clock, ring);
  }

  /** What is known now of what the app's phase needs; looks under way end in later turns. */
  look(app: App): Observation {
    const wanted = this.#wantedBy(app);
    const attached = this.#attached(app, wanted);
    const pools = this.#pools();
    // A look costs the droplet a process or two: often only where it is waited for.
    const everyMs = app.phase === 'starting' || app.phase === 'gating' ? 700 : 2_000;
    const base: Observation = {
      at: this.#clock.now(),
      pools,
      attached,
      serving: this.#serving(app, wanted, attached),
      projects: each(wanted.projects, (place) => this.#project(place, everyMs)),
      connections: each(wanted.connections, (place) => this.#connections(place)),
      strangers: this.#strangers(wanted, pools),
      lost: known([], this.#clock.now()),
      samples: this.#sampler.windows(wanted.gates, wanted.gates?.since ?? app.since),
    };
    return { ...base, lost: this.#lost(app, base) };
  }

  /** Worked out anew only after an entry of the journal. */
  #wantedBy(app: App): Needs {
    if (this.#wanted?.by !== app) this.#wanted = { by: app, needs: needs(app) };
    return this.#wanted.needs;
  }

  /** An effect ended there: what was seen before says nothing any more. */
  forget(place: ProjectAt): void {
    this.#watches.forget(`project ${at(place)}`);
  }

  /** The balancer's record is wanted as it is now. */
  readAgain(): void {
    this.#watches.forget('attached');
  }

  stop(): void {
    this.#traffic.stop();
    this.#sampler.stop();
  }

  #attached(app: App, wanted: Needs): Known<readonly DropletId[]> {
    const cadence = {
      everyMs: wanted.attachedMaxAgeMs,
      notBefore: app.wroteAt,
      limitMs: cloudLimitMs,
    };
    return this.#watches.see('attached', cadence, () => this.#world.balancer.attached());
  }

  #pools(): Observation['pools'] {
    const cadence = { everyMs: 600_000, limitMs: cloudLimitMs };
    return this.#watches.see('pools', cadence, () => this.#world.balancer.pools());
  }

  #project(place: ProjectAt, everyMs: number) {
    return this.#watches.see(`project ${at(place)}`, { everyMs, limitMs: lookLimitMs }, () =>
      this.#world.hosts.inspect(place),
    );
  }

  #connections(place: ProjectAt) {
    const key = `connections ${at(place)}`;
    const last = this.#watches.last<Connections>(key);
    // Counting costs processes on a droplet that serves: with many in flight there is nothing to hurry for.
    const everyMs = last?.known === true && last.value.busy > 2 ? 1_000 : 400;
    return this.#watches.see(key, { everyMs, limitMs: lookLimitMs }, () =>
      this.#world.hosts.connections(place),
    );
  }

  #serving(app: App, wanted: Needs, attached: Known<readonly DropletId[]>): Known<Serving> {
    if (!wanted.serving) {
      this.#traffic.stop();
      return unknown('not asked in this phase', app.since);
    }
    const { live, other } = environmentsOf(app);
    const environments = [live, other].filter((one) => one !== null);
    if (this.#world.traffic.identifies === 'nothing')
      return this.#inferred(app, environments, this.#unnamed(app, attached, environments));
    const told = this.#traffic.see(environments, { redirectedAt: app.redirectedAt });
    const nameless = environments.filter(isNameless);
    if (!told.known || nameless.length === 0) return told;
    const inferred = this.#inferred(app, nameless, {});
    if (!inferred.known) return told;
    const seen = { ...told.value.seen, ...inferred.value.seen };
    return known({ ...told.value, seen }, told.at);
  }

  /**
   * The app cannot say who it is: a droplet counts as serving when connections are on it after the time
   * that a target needs to become healthy has passed. Weaker than an answer, and the README says so.
   * `answered`: where answers are known to come from all the same.
   */
  #inferred(app: App, environments: readonly Environment[], answered: Seen): Known<Serving> {
    const now = this.#clock.now();
    const warm = this.#watches.see('warm-up', { everyMs: 600_000, limitMs: cloudLimitMs }, () =>
      this.#world.traffic.warmUpMs(),
    );
    if (!warm.known) return warm;
    const earned = app.redirectedAt + warm.value;
    const seen: Record<DropletId, number> = Object.fromEntries(
      Object.entries(answered).filter(([, at]) => at >= earned),
    );
    for (const place of environments.flatMap(projectsOf)) {
      const last = this.#lastConnected(place);
      if (last >= earned) seen[place.droplet] = last;
    }
    return known({ since: app.redirectedAt, seen, trouble: null }, now);
  }

  #lastConnected(place: ProjectAt): Instant {
    const connections = this.#connections(place);
    if (connections.known && connections.value.open > 0)
      this.#connected.set(at(place), connections.at);
    return this.#connected.get(at(place)) ?? Number.NEGATIVE_INFINITY;
  }

  /** Answers without a name: where one environment is alone in the balancer (the first release, before anybody visits) they are its own. */
  #unnamed(
    app: App,
    attached: Known<readonly DropletId[]>,
    environments: readonly Environment[],
  ): Seen {
    const sole = soleIn(app, attached, environments);
    const heard = this.#traffic.see(environments, { sole, redirectedAt: app.redirectedAt });
    return heard.known && sole !== null ? heard.value.seen : {};
  }

  /** Compose projects of the app on any pool droplet: asked only while the journal knows of nothing. */
  #strangers(wanted: Needs, pools: Observation['pools']): Known<readonly string[]> {
    const now = this.#clock.now();
    if (!wanted.strangers) return known([], now);
    if (!pools.known) return pools;
    const found = new Set<string>();
    for (const droplet of [...pools.value.a, ...pools.value.b]) {
      const cadence = { everyMs: 60_000, limitMs: lookLimitMs };
      const names = this.#watches.see(`strangers ${droplet}`, cadence, () =>
        this.#world.hosts.projects(droplet),
      );
      if (!names.known) return unknown(`droplet ${droplet}: ${names.because}`, names.since);
      for (const name of names.value) found.add(name);
    }
    return known([...found].sort(), now);
  }

  /** Only a membership that surprises costs this call. */
  #lost(app: App, seen: Observation): Known<readonly DropletId[]> {
    const attached = attachedNow(app, seen);
    const gone = attached.known ? missing(app, attached.value) : [];
    if (gone.length === 0) return known([], seen.at);
    const cadence = { everyMs: 60_000, limitMs: cloudLimitMs };
    return this.#watches.see(`lost ${gone.join()}`, cadence, () => this.#world.balancer.lost(gone));
  }
}

/** Adopted and live: it was started without a name to tell, so its own connections must speak for it. */
function isNameless({ release, state }: Environment): boolean {
  return release.composeHash === '' && state === 'blue';
}

/** The environment whose droplets are all that the balancer has, foreign ones included; or null. */
function soleIn(
  app: App,
  attached: Known<readonly DropletId[]>,
  environments: readonly Environment[],
): Environment | null {
  if (!attached.known || attached.at < app.wroteAt || attached.value.length === 0) return null;
  const alone = ({ droplets }: Environment) => attached.value.every((d) => droplets.includes(d));
  return environments.find(alone) ?? null;
}

function each<T>(
  places: readonly ProjectAt[],
  look: (place: ProjectAt, key: string) => T,
): Record<string, T> {
  const seen: Record<string, T> = {};
  for (const place of places) {
    const key = at(place);
    seen[key] = look(place, key);
  }
  return seen;
}
