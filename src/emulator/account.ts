// Everything one token can see: the droplets, the balancers, and what was asked of them.
import { Balancer, type Place, type Surroundings } from './balancer.ts';
import { Faults } from './faults.ts';
import { type Knobs, turnKnobs } from './knobs.ts';
import { RateLimit } from './limits.ts';
import type { BalancerOptions, DropletOptions, ParsedOptions, PlaneKind } from './options.ts';
import { makePlane } from './planes.ts';
import { notFound } from './problem.ts';
import type { Edit, RequestLogLine, StateReport } from './report.ts';
import { type Membership, type Settings, settingsFrom, settingsOf } from './settings.ts';

const logLinesMax = 20_000;

export class Account {
  readonly token: string;
  readonly droplets: Map<number, DropletOptions>;
  readonly balancers = new Map<string, Balancer>();
  readonly faults = new Faults();
  readonly limit: RateLimit;
  readonly #kind: PlaneKind;
  log: RequestLogLine[] = [];
  knobs: Knobs;

  constructor(options: ParsedOptions) {
    this.token = options.token;
    this.#kind = options.plane;
    this.droplets = new Map(options.droplets.map((droplet) => [droplet.id, droplet]));
    this.knobs = turnKnobs({}, options.knobs);
    this.limit = new RateLimit(() => this.knobs);
  }

  /** Adds a balancer as an option describes it: its front is open when this resolves. */
  async addBalancer(options: BalancerOptions): Promise<Balancer> {
    const { tag = '', dropletIds } = options;
    if (tag !== '' && dropletIds.length > 0)
      throw new Error(`balancer ${options.name} has a tag and droplets; it can have only one.`);
    for (const id of dropletIds)
      if (!this.droplets.has(id)) throw new Error(`balancer ${options.name}: no droplet ${id}.`);
    const enforce = this.knobs.enforceHealthRanges;
    const balancer = this.#make(options, settingsFrom(settingsOf(options, 1), enforce), {
      tag,
      dropletIds,
    });
    const port = await balancer.start(options.frontAddress, options.frontPort);
    // The rule's entry port is the front's own, so that `ip` and rule together are a true address.
    balancer.settings = settingsFrom(settingsOf(options, port), enforce);
    return balancer;
  }

  /** Adds a balancer as the API does: new at first, at a free port of 127.0.0.1. */
  async createBalancer(place: Place, settings: Settings, membership: Membership) {
    const balancer = this.#make(place, settings, membership);
    await balancer.start('127.0.0.1', 0, this.knobs.provisionMs);
    return balancer;
  }

  /** By id; throws 404. */
  balancer(id: string): Balancer {
    const balancer = this.balancers.get(id);
    if (balancer === undefined) throw notFound();
    return balancer;
  }

  /** By id; throws 404. */
  droplet(id: number): DropletOptions {
    const droplet = this.droplets.get(id);
    if (droplet === undefined) throw notFound();
    return droplet;
  }

  tagged(tag: string): DropletOptions[] {
    return [...this.droplets.values()].filter(({ tags }) => tags.includes(tag));
  }

  /** Takes a droplet out of existence; every balancer loses it at once. */
  destroyDroplet(id: number): void {
    this.droplet(id);
    this.droplets.delete(id);
    for (const balancer of this.balancers.values()) balancer.lose(id);
  }

  /** A change by somebody else, such as a run of terraform: it asks nobody and is never busy. */
  edit({ balancer: idOrName, dropletIds, status }: Edit): void {
    const named = [...this.balancers.values()].find(({ settings }) => settings.name === idOrName);
    const balancer = named ?? this.balancer(idOrName);
    if (dropletIds !== undefined) balancer.change({ membership: { tag: '', dropletIds } });
    if (status !== undefined) balancer.errored = status === 'errored';
  }

  /** Turns knobs; throws on an unknown one. The data planes may have to be told. */
  turn(changes: unknown): Knobs {
    this.knobs = turnKnobs(this.knobs, changes);
    for (const balancer of this.balancers.values()) balancer.refresh();
    return this.knobs;
  }

  record(line: RequestLogLine): void {
    this.log.push(line);
    if (this.log.length > logLinesMax) this.log = this.log.slice(-logLinesMax / 2);
  }

  async state(): Promise<StateReport> {
    return {
      balancers: await Promise.all([...this.balancers.values()].map((one) => one.report())),
      dropletIds: [...this.droplets.keys()],
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.balancers.values()].map((balancer) => balancer.close()));
  }

  #make(place: Place, settings: Settings, membership: Membership): Balancer {
    const around: Surroundings = {
      knobs: () => this.knobs,
      plane: (plan) => makePlane(this.#kind, plan, () => this.knobs),
      addresses: (members) => this.#addresses(members),
    };
    const balancer = new Balancer(place, settings, membership, around);
    this.balancers.set(balancer.id, balancer);
    return balancer;
  }

  #addresses({ tag, dropletIds }: Membership): ReadonlyMap<number, string> {
    const droplets =
      tag === '' ? dropletIds.flatMap((id) => this.droplets.get(id) ?? []) : this.tagged(tag);
    return new Map(droplets.map(({ id, privateAddress }) => [id, privateAddress]));
  }
}
