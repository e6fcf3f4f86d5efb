// One balancer as the API knows it: settings, members, status; its data plane follows a moment later.
import { randomUUID } from 'node:crypto';
import type { Knobs } from './knobs.ts';
import { Metrics } from './metrics.ts';
import type { DataPlane, Plan } from './plane.ts';
import { Problem } from './problem.ts';
import type { BalancerReport } from './report.ts';
import type { Membership, Settings } from './settings.ts';

export interface Place {
  id?: string | undefined;
  region: string;
  vpcUuid: string;
  type: 'REGIONAL' | 'REGIONAL_NETWORK' | 'GLOBAL';
  network: 'EXTERNAL' | 'INTERNAL';
}

/** What a balancer has to know of the account around it. */
export interface Surroundings {
  knobs: () => Knobs;
  plane: (plan: Plan) => DataPlane;
  /** Addresses of the droplets that a membership means, by id. */
  addresses: (membership: Membership) => ReadonlyMap<number, string>;
}

export class Balancer {
  readonly id: string;
  readonly place: Place;
  readonly createdAt = new Date().toISOString();
  readonly metrics: Metrics;
  settings: Settings;
  membership: Membership;
  errored = false;
  ip = '';
  front = '';
  readonly #around: Surroundings;
  readonly #plane: DataPlane;
  readonly #timers = new Set<NodeJS.Timeout>();
  #busyUntil = 0;
  #readyAt = 0;
  /** Time of the edit that the data plane follows; an older one that comes late is dropped. */
  #followedSince = 0;
  /** What the data plane follows now. */
  #followed: { settings: Settings; membership: Membership } | null = null;
  /** Memberships by the time they were set, oldest first, for a GET that lags. */
  #past: { at: number; membership: Membership }[] = [];

  constructor(place: Place, settings: Settings, membership: Membership, around: Surroundings) {
    this.id = place.id ?? randomUUID();
    this.place = place;
    this.settings = settings;
    this.membership = membership;
    this.#around = around;
    this.#past = [{ at: 0, membership }];
    this.#plane = around.plane({ settings, addresses: new Map() });
    this.metrics = new Metrics(this.#plane, this.id, place.region, around.knobs);
  }

  /** Opens the front, and begins at once to check the first members; returns the front's port. */
  async start(address: string, port: number, provisionMs = 0): Promise<number> {
    const actualPort = await this.#plane.listen(address, port);
    this.front = `http://${address}:${actualPort}`;
    this.#readyAt = Date.now() + provisionMs;
    this.#later(provisionMs, () => {
      this.ip = address;
      this.#follow(Date.now(), this.settings, this.membership);
    });
    this.metrics.start();
    return actualPort;
  }

  get status(): 'new' | 'active' | 'errored' {
    if (this.errored) return 'errored';
    const now = Date.now();
    if (now < this.#readyAt) return 'new';
    const unsettled = now < this.#busyUntil && this.#around.knobs().statusAfterEdit === 'new';
    return unsettled ? 'new' : 'active';
  }

  /** Throws the busy refusal while an earlier write is being worked on. */
  refuseIfBusy(): void {
    if (Date.now() >= this.#busyUntil) return;
    const { busyStatus, busyMessage } = this.#around.knobs();
    throw new Problem(busyStatus, 'forbidden', busyMessage);
  }

  /** Takes over new settings or members; the data plane follows after its propagation time. */
  change(to: { settings?: Settings; membership?: Membership }): void {
    const { busyMs, propagationMs } = this.#around.knobs();
    const now = Date.now();
    this.settings = to.settings ?? this.settings;
    this.membership = to.membership ?? this.membership;
    this.#past.push({ at: now, membership: this.membership });
    this.#past = this.#past.slice(-100);
    this.#busyUntil = now + busyMs;
    const { settings, membership } = this;
    this.#later(propagationMs, () => this.#follow(now, settings, membership));
  }

  /** Has the data plane follow the same once more, with the knobs as they are now. */
  refresh(): void {
    if (this.#followed === null) return;
    const { settings, membership } = this.#followed;
    this.#plane.follow({ settings, addresses: this.#around.addresses(membership) });
  }

  /** A droplet is gone: its connections end now, whatever removal would mean otherwise. */
  lose(dropletId: number): void {
    const dropletIds = this.membership.dropletIds.filter((id) => id !== dropletId);
    this.membership = { ...this.membership, dropletIds };
    this.#past.push({ at: Date.now(), membership: this.membership });
    this.#plane.remove(dropletId, 'cut');
  }

  /** The members as GET shows them, which may lag. */
  shownDropletIds(): number[] {
    const { getLagMs, dropletIdsOrder } = this.#around.knobs();
    const seenAt = Date.now() - getLagMs;
    const shown = this.#past.findLast(({ at }) => at <= seenAt)?.membership ?? this.membership;
    const ids = [...this.#around.addresses(shown).keys()].sort((a, b) => a - b);
    return dropletIdsOrder === 'sorted' ? ids : shuffled(ids);
  }

  memberIds(): number[] {
    return [...this.#around.addresses(this.membership).keys()];
  }

  async report(): Promise<BalancerReport> {
    return {
      id: this.id,
      name: this.settings.name,
      front: this.front,
      status: this.status,
      busyForMs: Math.max(0, this.#busyUntil - Date.now()),
      dropletIds: this.memberIds(),
      ...(await this.#plane.report()),
    };
  }

  async close(): Promise<void> {
    this.metrics.stop();
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#plane.close();
  }

  // Addresses are looked up at the end, not at the edit: a droplet may have been destroyed in between.
  #follow(since: number, settings: Settings, membership: Membership): void {
    if (since < this.#followedSince) return;
    this.#followedSince = since;
    this.#followed = { settings, membership };
    this.refresh();
  }

  #later(delayMs: number, act: () => void): void {
    if (delayMs === 0) {
      act();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
  }
}

function shuffled(ids: number[]): number[] {
  return ids
    .map((id) => ({ id, by: Math.random() }))
    .sort((a, b) => a.by - b.by)
    .map(({ id }) => id);
}
