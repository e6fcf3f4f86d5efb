// The whole world of one app in memory: balancer, droplets, people and journal; every process sees it through a World.
import type { Sample } from '../gates/sample.ts';
import type { Instant } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { HostEffect } from '../promotion/effect.ts';
import type { DropletId, Environment, ProjectAt } from '../promotion/environment.ts';
import type { Balancer, Guard, Hosts, Probes, Sighting, Traffic, World } from '../world.ts';
import { VirtualClock } from './clock.ts';
import { Cloud } from './cloud.ts';
import { Droplet, type Running } from './droplet.ts';
import type { Manner, Script } from './faults.ts';
import { SimulatedJournal } from './journal.ts';
import type { Machine } from './machine.ts';
import { Random } from './random.ts';
import { liveProject, pools } from './scene.ts';

/** How a process speaks to the cloud: the production client's logic over the simulated API, from the caller. */
export type Speak = (cloud: Cloud, machine: Machine, epoch: () => number) => Promise<Balancer>;

/** How long the balancer's checks take to believe in a target, and to give one up. */
const healthMs = 2_000;

export class SimulatedWorld {
  readonly clock = new VirtualClock(1_000_000);
  readonly random: Random;
  readonly cloud: Cloud;
  readonly journal: SimulatedJournal;
  readonly droplets: ReadonlyMap<DropletId, Droplet>;
  /** By project. */
  readonly manners = new Map<string, Manner>();
  /** Connections that people keep open to a project that gets no more traffic. */
  readonly kept = new Set<string>();
  /** Whether the balancer's own address can be asked at all. */
  answering = true;
  blind = 0;
  /** Told of every command that a process sends to a droplet. */
  onCommand: (effect: HostEffect, epoch: number) => void = () => undefined;
  #asked = 0;
  readonly #identifies: Traffic['identifies'];

  constructor(script: Script) {
    this.random = new Random(script.seed ^ 0x5eed);
    this.cloud = new Cloud(this.clock, this.random, script);
    this.journal = new SimulatedJournal(this.clock, this.random, script.oneHost);
    this.#identifies = script.identifies;
    const mannerOf = (project: string) => this.manners.get(project) ?? 'good';
    this.droplets = new Map(
      [...pools.a, ...pools.b].map((id) => [
        id,
        new Droplet(id, this.clock, this.random, mannerOf),
      ]),
    );
    const live = script.first ? [] : pools.a;
    for (const id of live) this.droplet(id).run(liveProject, this.clock.now() - 1e6);
    this.cloud.settle(live);
  }

  droplet(id: DropletId): Droplet {
    const found = this.droplets.get(id);
    if (found === undefined) throw new Error(`no droplet ${id} in the simulation`);
    return found;
  }

  /** Droplets that people are answered from at this instant. */
  serving(): readonly DropletId[] {
    return [...this.droplets.keys()].filter((id) => this.servedBy(id) !== null);
  }

  /** The project that answers people on the droplet now, or null. */
  servedBy(id: DropletId): Running | null {
    const since = this.cloud.knownSince(id);
    const now = this.clock.now();
    if (since === null || now < since) return null;
    const droplet = this.droplet(id);
    for (const running of droplet.projects.values()) {
      const believedAt = Math.max(since, running.upAt) + healthMs;
      const up = droplet.answers(running) && now >= believedAt;
      const silencedAt = running.silencedAt ?? Number.POSITIVE_INFINITY;
      // Told before it was believed in, it never comes up.
      const hushed = silencedAt < believedAt || now >= silencedAt + healthMs;
      if (up && !hushed) return running;
    }
    return null;
  }

  connections({ project, droplet }: ProjectAt): { open: number; busy: number } {
    if (this.servedBy(droplet)?.project === project) return { open: 2, busy: 1 };
    const runs = this.droplet(droplet).projects.has(project);
    return runs && this.kept.has(project) ? { open: 3, busy: 1 } : { open: 0, busy: 0 };
  }

  /** As one process sees it. */
  async of(machine: Machine, speak: Speak): Promise<World> {
    const journal = this.journal.of(machine);
    let epoch = 0;
    const lease: typeof journal.lease = async (who, ttlMs) => {
      const taken = await journal.lease(who, ttlMs);
      if (taken.got) epoch = taken.epoch;
      return taken;
    };
    return {
      clock: machine.clock,
      journal: { ...journal, lease },
      balancer: await speak(this.cloud, machine, () => epoch),
      hosts: this.#hosts(machine),
      traffic: this.#traffic(machine),
      probes: this.#probes(machine),
    };
  }

  #hosts(machine: Machine): Hosts {
    const command = (kind: HostEffect['kind'], place: ProjectAt, guard: Guard) =>
      machine.does(`${kind} on ${place.droplet}`, () => {
        this.onCommand({ kind, ...place }, guard.epoch);
        return this.droplet(place.droplet).command({ kind, ...place }, guard);
      });
    const look = <T>(id: DropletId, see: (droplet: Droplet) => T) => {
      const droplet = this.droplet(id);
      return machine.hears(droplet.look().then(() => see(droplet)));
    };
    return {
      start: (place, { guard }) => command('start-project', place, guard),
      remove: (place, guard) => command('remove-project', place, guard),
      failHealth: (place, guard) => command('fail-health', place, guard),
      restoreHealth: (place, guard) => command('restore-health', place, guard),
      inspect: (place) => look(place.droplet, (droplet) => droplet.health(place.project)),
      connections: (place) => look(place.droplet, () => this.connections(place)),
      projects: (id) => look(id, (droplet) => [...droplet.projects.keys()]),
      logs: async () => '',
      close: async () => undefined,
    };
  }

  #traffic(machine: Machine): Traffic {
    const ask = async (): Promise<Sighting> => {
      await this.clock.sleep(this.random.between(2, 40));
      if (!this.answering || this.random.chance(this.blind))
        throw new Failure('traffic', 'no connection from here', { retry: 'soon' });
      const serving = this.serving();
      this.#asked += 1;
      const droplet = serving[this.#asked % Math.max(serving.length, 1)] ?? null;
      const running = droplet === null ? null : this.servedBy(droplet);
      return this.#sighting(droplet, running);
    };
    return {
      identifies: this.#identifies,
      warmUpMs: async () => 2 * healthMs,
      ask: async () => {
        const sighting = await machine.hears(ask());
        return { ...sighting, at: machine.clock.now() };
      },
    };
  }

  #sighting(droplet: DropletId | null, running: Running | null): Sighting {
    const at: Instant = 0;
    if (running === null) return { at, droplet: null, environment: null, trouble: 'HTTP 503' };
    const names = this.#identifies !== 'nothing';
    return {
      at,
      droplet: this.#identifies === 'droplet' ? droplet : null,
      environment: names ? running.project : null,
      trouble: null,
    };
  }

  #probes(machine: Machine): Probes {
    return {
      sample: async (_, environment, droplet) => {
        const sample = await machine.hears(this.#sample(environment, droplet));
        return { ...sample, at: machine.clock.now() };
      },
    };
  }

  async #sample({ project }: Environment, id: DropletId): Promise<Sample> {
    await this.clock.sleep(this.random.between(2, 60));
    const droplet = this.droplet(id);
    const blind = droplet.unreachable || this.random.chance(this.blind);
    const running = droplet.projects.get(project);
    const good = running !== undefined && droplet.answers(running);
    const right = good && this.manners.get(project) !== 'errs';
    const outcome = blind ? 'unknown' : right ? 'ok' : 'error';
    return { at: 0, droplet: id, outcome, durationMs: 5, detail: outcome };
  }
}
