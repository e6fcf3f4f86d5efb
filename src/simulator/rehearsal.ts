// One rehearsal: a policy, a kind of release and a seed; the production loop promotes it in the simulated world, people come, and what became of it is told.
import type { GateSpec, Policy, ProbeSpec } from '../policy/policy.ts';
import type { Bounds } from '../policy/probe-spec.ts';
import type { Command } from '../promotion/command.ts';
import type { Entry } from '../promotion/entry.ts';
import { projectName } from '../promotion/environment.ts';
import type { World } from '../world.ts';
import { type Behaviour, crashesFrom, ordinary } from './behaviour.ts';
import { quietDay } from './faults.ts';
import type { Kind } from './kinds.ts';
import { Machine } from './machine.ts';
import { Pacer } from './pacer.ts';
import { Questions } from './questions.ts';
import { Random } from './random.ts';
import { appName, before, pools, promote } from './scene.ts';
import type { Production } from './simulate.ts';
import { Visitors } from './visitors.ts';
import { SimulatedWorld } from './world.ts';

export type Given = {
  readonly policy: Policy;
  readonly kind: Kind;
  readonly seed: number;
  /** People's requests a second. */
  readonly perSecond: number;
  /** Whether the app can be told to fail its health check, and what its answers name. */
  readonly drains: boolean;
  readonly identifies: 'droplet' | 'environment' | 'nothing';
  readonly production: Production;
};

/** `before` and `after`: gone back by itself, before or after the commit point. `asked`: a person must choose. */
type Became = 'before' | 'after' | 'asked' | 'promoted';

export type Rehearsed = {
  readonly became: Became;
  /** From `promote` to the decision to go back or to ask; of one that is promoted, to its end. */
  readonly decidedMs: number;
  /** From `promote` until all people were led to it; null: they never were. */
  readonly switchedMs: number | null;
  readonly because: string;
  /** People's requests that the new release answered badly or slowly, or nobody answered, until it was over. */
  readonly suffered: number;
  /** People's requests that were sent to it. */
  readonly met: number;
};

/** DigitalOcean's own: five good checks at ten seconds, or three bad ones. */
const checks = { upMs: 50_000, downMs: 30_000 };
const newRelease = 'r42';
const newProject = projectName(appName, newRelease);

/** There are two droplets in each pool here: no policy may ask for more. */
export const dropletsInPool = pools.b.length;

export async function rehearse(asGiven: Given): Promise<Rehearsed> {
  const given = { ...asGiven, policy: fitted(asGiven.policy) };
  const { policy, kind, seed, drains, identifies, production } = given;
  const script = { ...quietDay, seed, drains, identifies };
  const world = new SimulatedWorld(script, checks);
  const { clock } = world;
  for (const fact of before(script, policy)) world.journal.write(fact, clock.now());
  const begun = clock.now();
  const notes = new Notes(begun);
  const visitors = populate(world, given);
  const machine = new Machine('bgctl', clock, { skewMs: 0, passes: () => undefined });
  const pacer = new Pacer(machine.clock);
  const seen = await world.of(machine, production.speak);
  // Nobody reads a report of it: the first writing of one never ends, so there is no second.
  const journal = { ...seen.journal, keep: () => new Promise<never>(() => undefined) };
  const paced: World = { ...seen, journal, clock: pacer.clock };
  const watcher = {
    turned: () => undefined,
    wrote: (entry: Entry) => {
      pacer.wrote(entry);
      notes.wrote(entry);
      const answer = answerTo(entry, policy);
      if (answer !== null) void controller.ask(() => ({ ...answer, at: clock.now() }) as Command);
    },
  };
  const who = 'rehearsal';
  const controller = production.controller({ world: paced, name: appName, policy, who, watcher });
  let ended: { readonly is: string } | null = null;
  let failed: unknown = null;
  const work = async () => {
    const pool = 'b';
    const command = promote({ id: newRelease, key: kind.name, pool, policy, drains });
    const answer = await controller.ask(() => command);
    if (!('asked' in answer))
      throw new Error(`the promotion was refused: ${JSON.stringify(answer)}`);
    ended = await controller.drive({ until: 'verified', stop: new AbortController().signal });
  };
  work().catch((error: unknown) => {
    failed = error;
  });
  const over = () => ended !== null || failed !== null;
  const how = await clock.run(over, longestMs(policy), () => visitors.moved(clock.now()));
  if (failed !== null) throw failed;
  if (how === 'limit') throw new Error(`the rehearsal against ${kind.name} never ended`);
  return { ...notes.told(clock.now()), suffered: visitors.suffered, met: visitors.metNew };
}

function fitted(policy: Policy): Policy {
  const floor = Math.min(policy.switch.floor, dropletsInPool);
  return { ...policy, switch: { ...policy.switch, floor } };
}

function populate(world: SimulatedWorld, given: Given): Visitors {
  const { kind, seed, perSecond, identifies, policy } = given;
  const behaviourOf = (project: string): Behaviour =>
    project === newProject ? kind.behaviour : ordinary;
  const chance = new Random(seed ^ 0x0dd5);
  for (const droplet of world.droplets.values())
    droplet.crashesOf = (project, startedAt) =>
      behaviourOf(project).crashes ? crashesFrom(startedAt, chance) : [];
  const common = {
    perSecond,
    behaviourOf,
    droplet: (id: number) => world.droplet(id),
    sentTo: () => world.people.sentTo(),
  };
  const contentOf = (spec: ProbeSpec) => contentIn(policy, spec);
  const random = new Random(seed ^ 0xa5ced);
  const questions = new Questions({ ...common, identifies, contentOf, random });
  world.answers = (machine) => questions.of(machine);
  return new Visitors(
    { ...common, newProject, random: new Random(seed ^ 0x9e091e) },
    world.clock.now(),
  );
}

/** A person who is asked agrees at once; what is kept for ever is let go. */
function answerTo(entry: Entry, policy: Policy): Partial<Command> | null {
  if (entry.type === 'requested') return { kind: 'approve', release: newRelease };
  const kept = entry.type === 'entered' && entry.phase === 'verifying';
  return kept && policy.drain.warmMs === null ? { kind: 'let-go' } : null;
}

/** Within whatever the policy asks of it. */
function contentIn({ gate, switch: { gates = [] }, verify }: Policy, spec: ProbeSpec): number {
  const all = [...gate.gates, ...gates, ...verify.gates];
  const judge = all.find((one: GateSpec) => one.probe === spec)?.judge;
  const bounds: Bounds = spec.kind === 'http' || spec.kind === 'container' ? {} : spec;
  const { min = null, max = null }: { min?: number | null; max?: number | null } =
    judge?.kind === 'threshold' && judge.quantity === 'value' ? judge : bounds;
  if (min !== null && max !== null) return (min + max) / 2;
  return max ?? min ?? 0;
}

/** All that the policy lets anything take, twice. */
function longestMs({ start, gate, switch: switching, verify, drain }: Policy): number {
  const phases = start.limitMs + gate.limitMs + 3 * switching.limitMs + verify.limitMs;
  return 2 * (phases + 4 * drain.limitMs + (drain.warmMs ?? 0)) + 3_600_000;
}

/** What the journal says became of it. */
class Notes {
  readonly #begun: number;
  #committed = false;
  #switchedMs: number | null = null;
  #promoted = false;
  #decided: Pick<Rehearsed, 'became' | 'decidedMs' | 'because'> | null = null;

  constructor(begun: number) {
    this.#begun = begun;
  }

  wrote(entry: Entry): void {
    const ms = entry.at - this.#begun;
    if (entry.type === 'committed') this.#committed = true;
    if (entry.type !== 'entered') return;
    if (entry.phase === 'verifying') this.#switchedMs = ms;
    this.#promoted = entry.phase === 'idle' && this.#switchedMs !== null;
    if (entry.phase !== 'aborting' && entry.phase !== 'held') return;
    const back = this.#committed ? 'after' : 'before';
    const became = entry.phase === 'held' ? 'asked' : back;
    this.#decided ??= { became, decidedMs: ms, because: entry.because };
  }

  told(now: number): Omit<Rehearsed, 'suffered' | 'met'> {
    if (this.#decided === null && !this.#promoted) throw new Error('it ended in the middle');
    const promoted = { became: 'promoted', decidedMs: now - this.#begun, because: '' } as const;
    return { ...(this.#decided ?? promoted), switchedMs: this.#switchedMs };
  }
}
