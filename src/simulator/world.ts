// The whole world of one app in memory: balancer, droplets, people and journal; every process sees it through a World.
import type { Sample } from '../gates/sample.ts';
import { Failure } from '../lib/failure.ts';
import type { HostEffect } from '../promotion/effect.ts';
import type { DropletId, Environment, ProjectAt } from '../promotion/environment.ts';
import type {
  Balancer,
  Guard,
  HookCall,
  Hooks,
  Hosts,
  Probes,
  Sighting,
  Traffic,
  World,
} from '../world.ts';
import { VirtualClock } from './clock.ts';
import { Cloud } from './cloud.ts';
import { Droplet } from './droplet.ts';
import type { Manner, Script } from './faults.ts';
import { SimulatedJournal } from './journal.ts';
import type { Machine } from './machine.ts';
import { type Checks, People } from './people.ts';
import { Random } from './random.ts';
import { liveProject, pools } from './scene.ts';

/** How a process speaks to the cloud: the production client's logic over the simulated API, from the caller. */
export type Speak = (cloud: Cloud, machine: Machine, epoch: () => number) => Promise<Balancer>;

export class SimulatedWorld {
  readonly clock = new VirtualClock(1_000_000);
  readonly random: Random;
  readonly cloud: Cloud;
  readonly journal: SimulatedJournal;
  readonly droplets: ReadonlyMap<DropletId, Droplet>;
  /** By project. */
  readonly manners = new Map<string, Manner>();
  readonly people: People;
  /** Whether the balancer's own address can be asked at all. */
  answering = true;
  blind = 0;
  /** How much longer a probe may take than usual, and the share of them that tells of an error where there is none. */
  probesLateMs = 0;
  noisy = 0;
  /** Told of every command that a process sends to a droplet. */
  onCommand: (effect: HostEffect, epoch: number) => void = () => undefined;
  /** Told of every run of a hook. */
  onHook: (call: HookCall, name: string) => void = () => undefined;
  readonly #script: Script;
  #asked = 0;
  readonly #identifies: Traffic['identifies'];

  /** Who answers probes in place of this world's own short answers. */
  answers: ((machine: Machine) => Probes) | null = null;

  constructor(script: Script, checks?: Checks) {
    this.#script = script;
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
    this.people = new People(this.clock, this.cloud, this.droplets, checks);
    const stir = () => this.people.stir();
    this.cloud.onChange = stir;
    for (const droplet of this.droplets.values()) droplet.onChange = stir;
    const live = script.first ? [] : pools.a;
    for (const id of live) this.droplet(id).run(liveProject, this.clock.now() - 1e6);
    this.cloud.settle(live);
  }

  droplet(id: DropletId): Droplet {
    const found = this.droplets.get(id);
    if (found === undefined) throw new Error(`no droplet ${id} in the simulation`);
    return found;
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
      probes: this.answers?.(machine) ?? this.#probes(machine),
      hooks: this.#hooks(machine),
    };
  }

  #hooks(machine: Machine): Hooks {
    return {
      run: (hook, call) =>
        machine.does(
          `run ${hook.name}`,
          async () => {
            this.onHook(call, hook.name);
            const { hooks, hookPhase } = this.#script;
            const manner = hook.name === 'notify' && call.phase === hookPhase ? hooks : 'good';
            if (manner === 'hangs') await new Promise(() => undefined);
            await this.clock.sleep(manner === 'slow' ? 4_500 : this.random.between(5, 300));
            const fails = manner === 'flaky' && this.random.chance(0.5);
            if (fails || manner === 'fails' || manner === 'needed')
              throw new Failure('hook', 'it answered HTTP 500');
          },
          // Whether the app is still its own was asked in the instruction before.
          true,
        ),
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
      return machine.asks(droplet.lookMs(), () => {
        droplet.look();
        return see(droplet);
      });
    };
    return {
      start: (place, { guard }) => command('start-project', place, guard),
      remove: (place, guard) => command('remove-project', place, guard),
      failHealth: (place, guard) => command('fail-health', place, guard),
      restoreHealth: (place, guard) => command('restore-health', place, guard),
      inspect: (place) => look(place.droplet, (droplet) => droplet.health(place.project)),
      connections: (place) => look(place.droplet, () => this.people.connections(place)),
      projects: (id) => look(id, (droplet) => [...droplet.projects.keys()]),
      logs: async () => '',
      close: async () => undefined,
    };
  }

  #traffic(machine: Machine): Traffic {
    const ask = (): Omit<Sighting, 'at'> => {
      if (!this.answering || this.random.chance(this.blind))
        throw new Failure('traffic', 'no connection from here', { retry: 'soon' });
      const served = this.people.served();
      this.#asked += 1;
      return this.#sighting(served[this.#asked % Math.max(served.length, 1)]);
    };
    const dated = (sighting: Omit<Sighting, 'at'>) => ({ ...sighting, at: machine.clock.now() });
    return {
      identifies: this.#identifies,
      warmUpMs: async () => this.people.warmUpMs,
      ask: () => machine.asks(this.random.between(2, 40), ask, dated),
    };
  }

  #sighting(place: ProjectAt | undefined): Omit<Sighting, 'at'> {
    if (place === undefined) return { droplet: null, environment: null, trouble: 'HTTP 503' };
    const names = this.#identifies !== 'nothing';
    return {
      droplet: this.#identifies === 'droplet' ? place.droplet : null,
      environment: names ? place.project : null,
      trouble: null,
    };
  }

  #probes(machine: Machine): Probes {
    return {
      sample: (spec, environment, droplet) =>
        machine.asks(
          this.random.between(2, 60 + this.probesLateMs),
          () =>
            spec.kind === 'http' && spec.of === 'balancer'
              ? this.#sampleOfBalancer()
              : this.#sample(environment, droplet),
          (sample) => ({ ...sample, at: machine.clock.now() }),
        ),
    };
  }

  #sampleOfBalancer(): Omit<Sample, 'at'> {
    const served = this.people.served();
    this.#asked += 1;
    const place = served[this.#asked % Math.max(served.length, 1)];
    const blind = !this.answering || this.random.chance(this.blind);
    const right = place !== undefined && this.manners.get(place.project) !== 'errs';
    const outcome = blind ? 'unknown' : right ? 'ok' : 'error';
    const isNobodys = blind || place === undefined || this.#identifies === 'nothing';
    const environment = isNobodys ? {} : { environment: place.project };
    return { droplet: 0, outcome, durationMs: 5, detail: outcome, ...environment };
  }

  #sample({ project }: Environment, id: DropletId): Omit<Sample, 'at'> {
    const droplet = this.droplet(id);
    const blind = droplet.unreachable || this.random.chance(this.blind);
    const running = droplet.projects.get(project);
    const good = running !== undefined && droplet.answers(running);
    const noise = this.random.chance(this.noisy);
    const right = good && !noise && this.manners.get(project) !== 'errs';
    const outcome = blind ? 'unknown' : right ? 'ok' : 'error';
    return { droplet: id, outcome, durationMs: 5, detail: outcome };
  }
}
