// A whole World in memory: the stage's droplets and balancer behind the interfaces that the controller uses.
import { Controller } from '../../src/controller/controller.ts';
import { Loop, type Wait } from '../../src/controller/loop.ts';
import type { Status, Watcher } from '../../src/controller/status.ts';
import { Failure } from '../../src/lib/failure.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { App } from '../../src/promotion/app.ts';
import { describeEffect } from '../../src/promotion/describe.ts';
import type { Effect, HostEffect } from '../../src/promotion/effect.ts';
import type { Entry } from '../../src/promotion/entry.ts';
import type { ProjectAt } from '../../src/promotion/environment.ts';
import { fold } from '../../src/promotion/fold.ts';
import type { Guard, MembershipChange, Sighting, World } from '../../src/world.ts';
import { type Setting, storyOf } from '../builders/app.ts';
import { aPolicy } from '../builders/policy.ts';
import { appName, pools } from '../builders/release.ts';
import { FakeWorld } from '../promotion/stage/world.ts';
import { ManualClock } from './clock.ts';
import { MemoryJournal } from './journal.ts';

export class MemoryWorld implements World {
  readonly clock = new ManualClock();
  readonly fake = new FakeWorld();
  readonly journal = new MemoryJournal(this.clock);
  /** Effects in the order in which they were begun, in words. */
  readonly begun: string[] = [];
  readonly #policy: Policy;
  /** The epoch of a controller that has been on the droplets, of which the journal need not know. */
  epochThere = 0;
  #asked = 0;

  /** r41 is live on droplets 1 and 2, unless `first`. */
  constructor(setting: Setting = {}) {
    this.#policy = setting.policy ?? aPolicy();
    this.clock.onMove = (now) => {
      this.fake.now = now;
    };
    for (const fact of storyOf('idle', setting)) this.journal.write(fact, 0);
    if (setting.first === true) return;
    this.fake.run('shop-r41', pools.a);
    for (const droplet of pools.a) this.fake.attached.set(droplet, -60_000);
  }

  controller(
    who = 'anna',
    watcher: Watcher = nobody,
    redact: (text: string) => string = (text) => text,
  ): Controller {
    const given = { world: this, name: appName, policy: this.#policy };
    return new Controller({ ...given, who, watcher, redact });
  }

  loop(epoch: number, until: Wait = 'verified', stop = new AbortController().signal): Loop {
    const given = { world: this, name: appName, policy: this.#policy, watcher: nobody };
    return new Loop({ ...given, epoch, holds: () => true, until, stop }, this.app());
  }

  app(): App {
    return fold(appName, this.#policy, this.journal.entries);
  }

  /** Phases entered since the story of the app began, in order. */
  phases(): readonly string[] {
    return this.journal.entries.flatMap((entry) => (entry.type === 'entered' ? [entry.phase] : []));
  }

  ours(): readonly number[] {
    return this.fake.ours().filter((droplet) => this.fake.attached.has(droplet));
  }

  readonly balancer: World['balancer'] = {
    attached: async () => {
      this.#reachCloud();
      return [...this.fake.attached.keys()].sort((one, other) => one - other);
    },
    pools: async () => {
      this.#reachCloud();
      return pools;
    },
    lost: async (droplets) => droplets.filter((droplet) => this.fake.destroyed.has(droplet)),
    attach: (change) => this.#change('attach-droplets', change),
    detach: (change) => this.#change('detach-droplets', change),
  };

  readonly hosts: World['hosts'] = {
    start: (place, { guard }) => this.#command('start-project', place, guard),
    remove: (place, guard) => this.#command('remove-project', place, guard),
    failHealth: (place, guard) => this.#command('fail-health', place, guard),
    restoreHealth: (place, guard) => this.#command('restore-health', place, guard),
    inspect: async (place) => {
      this.#reachHost(place.droplet);
      return this.fake.health(place);
    },
    connections: async (place) => {
      this.#reachHost(place.droplet);
      return this.fake.connections(place);
    },
    projects: async (droplet) => this.fake.on(droplet).map((one) => one.project),
    logs: async () => '',
    close: async () => undefined,
  };

  traffic: World['traffic'] = {
    identifies: 'droplet',
    warmUpMs: async () => this.fake.lagMs,
    ask: async (): Promise<Sighting> => {
      if (!this.fake.answering) throw new Failure('traffic', 'connection refused');
      const serving = this.fake.serving();
      this.#asked += 1;
      const droplet = serving[this.#asked % Math.max(serving.length, 1)] ?? null;
      const trouble = droplet === null ? 'HTTP 503' : null;
      return { at: this.clock.now(), droplet, environment: null, trouble };
    },
  };

  readonly probes: World['probes'] = {
    sample: async (_spec, { project }, droplet) => this.fake.sample(project, droplet),
  };

  readonly hooks: World['hooks'] = {
    run: async ({ name }) => void this.begun.push(`hook ${name}`),
  };

  async #command(
    kind: HostEffect['kind'],
    place: ProjectAt,
    { signal, epoch }: Guard,
  ): Promise<void> {
    this.#reachHost(place.droplet);
    if (epoch < this.epochThere)
      throw new Failure('fence', `epoch ${this.epochThere} has written there`);
    await this.#take({ kind, ...place }, signal);
  }

  async #change(
    kind: 'attach-droplets' | 'detach-droplets',
    { droplets, expected, ours, mayEmpty, signal }: MembershipChange,
  ): Promise<void> {
    this.#reachCloud();
    const mine = this.ours().filter((droplet) => ours.includes(droplet));
    if ([...mine].sort().join() !== [...expected].sort().join())
      throw new Failure('drift', `expected ${expected}, found ${mine}`);
    await this.#take({ kind, droplets, expected, ours, mayEmpty }, signal);
  }

  async #take(effect: Effect, signal: AbortSignal): Promise<void> {
    this.begun.push(describeEffect(effect));
    const fate = this.fake.fateOf(effect);
    if (fate === 'hangs') await new Promise(() => undefined);
    await this.clock.sleep(this.fake.takesMs(effect), signal);
    if (signal.aborted) throw new Failure('host', 'cancelled');
    if (fate === 'refused') throw new Failure('host', 'refused');
    this.fake.land(effect);
  }

  #reachCloud(): void {
    if (!this.fake.readable) throw new Failure('cloud', 'HTTP 503', { retry: 'soon' });
  }

  #reachHost(droplet: number): void {
    if (this.fake.unreachable.has(droplet))
      throw new Failure('host', 'no route to host', { retry: 'soon' });
  }
}

const nobody: Watcher = { turned() {}, wrote() {} };

/** Remembers what a watcher was told. */
export class Witness implements Watcher {
  readonly entries: Entry[] = [];
  last: Status | null = null;

  turned(status: Status): void {
    this.last = status;
  }

  wrote(entry: Entry): void {
    this.entries.push(entry);
  }
}
