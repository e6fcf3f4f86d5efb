// One story: processes that run the production loop in a simulated world, what befalls them, and who watches.

import type { Policy } from '../policy/policy.ts';
import { admit } from '../promotion/admit.ts';
import { type App, environmentsOf, genesis, underWay } from '../promotion/app.ts';
import type { Command } from '../promotion/command.ts';
import { type Effect, keyOf } from '../promotion/effect.ts';
import type { Entry } from '../promotion/entry.ts';
import { projectName } from '../promotion/environment.ts';
import { apply } from '../promotion/fold.ts';
import type { Observation } from '../promotion/observation.ts';
import { releaseId } from '../promotion/release.ts';
import type { Step } from '../promotion/rules.ts';
import type { World } from '../world.ts';
import { allCheckers } from './checkers.ts';
import { answered, cell, lastingIn } from './coverage.ts';
import { type During, mendedAtMs, type Script } from './faults.ts';
import { befall, choices, decide, decideEveryMs, frozenMs, mend } from './happenings.ts';
import { Healing, healingTurnsMax } from './healing.ts';
import { Machine, type Point } from './machine.ts';
import { isDuring } from './moments.ts';
import { appName, before, policyOf, promote } from './scene.ts';
import type { Checker, Stage } from './watch.ts';
import { SimulatedWorld, type Speak } from './world.ts';

/** What a controller tells while it drives. */
export type Watcher = {
  turned(status: {
    readonly app: App;
    readonly observation: Observation | null;
    readonly step: Step | null;
    readonly at: number;
  }): void;
  wrote(entry: Entry): void;
};

/** The production loop, given by the caller: this folder knows no controller and no cloud. */
export type Production = {
  readonly speak: Speak;
  controller(given: {
    readonly world: World;
    readonly name: string;
    readonly policy: Policy;
    readonly who: string;
    readonly watcher: Watcher;
  }): {
    ask(make: (app: App) => Command): Promise<object>;
    drive(options: { until: 'verified'; stop: AbortSignal }): Promise<{ readonly is: string }>;
  };
};

export type Breach = { readonly atMs: number; readonly checker: string; readonly what: string };

export type Told = {
  readonly breaches: readonly Breach[];
  readonly entries: readonly Entry[];
  readonly app: App;
  /** Points at which a process may be killed, that were passed. */
  readonly points: number;
  /** What befell the app, and in which phase: `kill in gating`. */
  readonly reached: ReadonlySet<string>;
  readonly turns: number;
  /** Changes that the cloud made after bgctl had given them up. */
  readonly landedLate: number;
  /** Most turns until the balancer was right again after such a change. */
  readonly healedIn: number;
  readonly virtualMs: number;
};

export type Options = {
  /** Kills the process that passes the point of this number, counted from 0; the next one is launched soon after. */
  readonly killAt?: readonly number[];
  /** Freezes it there instead, for longer than a lease lasts. */
  readonly freezeAt?: number;
  readonly checkers?: () => readonly Checker[];
};

/** A process may not run longer than this: everything has a limit. */
const processLimitMs = 3_600_000;
const roundsMax = 12;

export class Story implements Stage {
  readonly script: Script;
  readonly world: SimulatedWorld;
  readonly policy: Policy;
  readonly breaches: Breach[] = [];
  readonly reached = new Set<string>();
  readonly #production: Production;
  readonly #options: Options;
  readonly #checkers: readonly Checker[];
  readonly #states: App[] = [];
  readonly #machines: { readonly machine: Machine; ended: boolean }[] = [];
  readonly #waiting: { during: During; does: () => void; due: boolean }[] = [];
  readonly #begun: number;
  readonly #lasting: readonly string[];
  readonly #healing = new Healing();
  #points = 0;
  /** Processes that will be launched by themselves. */
  #coming = 0;
  #turns = 0;
  #mended = false;
  hurt: boolean;
  app: App;

  constructor(script: Script, production: Production, options: Options = {}) {
    this.script = script;
    this.#lasting = lastingIn(script);
    this.#production = production;
    this.#options = options;
    this.#checkers = (options.checkers ?? allCheckers)();
    this.world = new SimulatedWorld(script);
    this.policy = policyOf(script);
    this.app = genesis(appName, this.policy);
    this.#states.push(this.app);
    this.hurt = false;
    const { cloud, clock, journal, droplets } = this.world;
    this.#begun = clock.now();
    journal.onWrite = (entry, by) => this.#wrote(entry, by);
    cloud.onApply = (write, late) => {
      if (late) this.#healing.landed();
      this.#check((checker) => checker.applies?.(this, write, late));
      this.#lands(
        {
          kind: `${write.verb}-droplets`,
          droplets: write.droplets,
          expected: [],
          ours: [],
          mayEmpty: false,
        },
        late,
      );
    };
    cloud.onSend = ({ verb, droplets, epoch }) => {
      const kind = `${verb}-droplets` as const;
      this.#begins({ kind, droplets, expected: [], ours: [], mayEmpty: false }, epoch);
    };
    this.world.onHook = (call, name) =>
      this.#check((checker) => checker.hooked?.(this, call, name));
    this.world.onCommand = (effect, epoch) => this.#begins(effect, epoch);
    for (const droplet of droplets.values())
      droplet.onLand = (effect) => this.#lands(effect, false);
    for (const fact of before(script, this.policy)) journal.write(fact, clock.now());
    this.#trouble(script);
    for (const { during, afterMs, what, droplet } of script.happens)
      this.#waiting.push({
        during,
        due: false,
        does: () =>
          clock.after(afterMs, () => {
            if (this.#mended) return;
            this.reached.add(cell(what, this.app.phase));
            befall(this, what, droplet);
          }),
      });
  }

  stateAt(seq: number): App | undefined {
    return this.#states[seq];
  }

  get running(): readonly Machine[] {
    return this.#machines
      .filter(({ ended, machine }) => !ended && !machine.dead)
      .map((m) => m.machine);
  }

  /** Plays it to its end. */
  async tell(): Promise<Told> {
    const { clock } = this.world;
    clock.after(mendedAtMs, () => this.#mend());
    this.promote('first');
    await this.#quiet(mendedAtMs);
    this.#mend();
    for (let round = 0; round < roundsMax; round += 1) {
      if (this.app.phase === 'held') this.choose();
      else this.launch('resume');
      await this.#quiet(processLimitMs);
      if (this.#rests()) break;
    }
    await this.#lookOnceMore();
    this.#check((checker) => checker.rests?.(this));
    this.#healing.look(this);
    if (this.#healing.most > healingTurnsMax)
      this.#note('what lands late is healed', `it took ${this.#healing.most} turns`);
    return {
      breaches: this.breaches,
      entries: this.world.journal.entries,
      app: this.app,
      points: this.#points,
      reached: this.reached,
      turns: this.#turns,
      landedLate: this.world.cloud.landedLate,
      healedIn: this.#healing.most,
      virtualMs: clock.now() - this.#begun,
    };
  }

  /** As the command line does it: the release under way is attached to, the live one has nothing to do. */
  promote(key: string): void {
    const { drains, manner } = this.script;
    const { live, other } = environmentsOf(this.app);
    if (live?.release.key === key) return;
    if (other?.release.key === key) return void this.launch(`promote ${key}`);
    this.launch(`promote ${key}`, (app) => {
      const id = releaseId(app.released + 1);
      const pool = environmentsOf(app).live?.pool === 'a' ? 'b' : 'a';
      this.world.manners.set(projectName(appName, id), key === 'first' ? manner : 'good');
      return promote({ id, key, pool, policy: this.policy, drains });
    });
  }

  abort(): void {
    this.launch('abort', () => ({ kind: 'abort', reason: 'somebody asked for it' }));
  }

  say(command: Command): void {
    this.launch(command.kind, () => command);
  }

  approve(): void {
    const { clock } = this.world;
    this.launch('approve', (app) => ({
      kind: 'approve',
      release: underWay(app) ?? 'nothing',
      at: clock.now(),
    }));
  }

  /** Out of held, as a person in a hurry would choose: any command that is admitted. */
  choose(kind?: Command['kind']): void {
    for (const command of choices(this))
      if (kind === undefined || kind === command.kind) this.launch(command.kind, () => command);
  }

  /** A process that asks for something, and then drives until all is at rest. */
  launch(name: string, make?: (app: App) => Command): Machine {
    const { world, script } = this;
    const skewMs = this.#machines.length % 2 === 1 ? script.skewMs : 0;
    const machine = new Machine(`${name} ${this.#machines.length}`, world.clock, {
      skewMs,
      passes: (which, point) => this.#passes(which, point),
    });
    const entry = { machine, ended: false };
    this.#machines.push(entry);
    const end = (bug?: unknown) => {
      entry.ended = true;
      if (bug !== undefined) this.#note('no bug', String(bug));
    };
    this.#run(machine, make).then(
      () => end(),
      (error: unknown) => {
        const expected = error instanceof Error && error.name.endsWith('Failure');
        end(expected ? undefined : error);
      },
    );
    return machine;
  }

  /** The next CI job, or a person who notices. */
  launchSoon(): void {
    this.#coming += 1;
    this.world.clock.after(this.world.random.between(100, 30_000), () => {
      this.#coming -= 1;
      this.launch('resume');
    });
  }

  async #run(machine: Machine, make?: (app: App) => Command): Promise<void> {
    const world = await this.world.of(machine, this.#production.speak);
    const controller = this.#production.controller({
      world,
      name: appName,
      policy: this.policy,
      who: machine.name,
      watcher: { turned: (status) => this.#turned(machine, status), wrote: () => undefined },
    });
    if (make !== undefined) {
      let asked = '';
      const answer = await controller.ask((app) => {
        const command = make(app);
        asked = cell(answered(command.kind, admit(app, command) === null), app.phase);
        return command;
      });
      if (asked !== '') this.reached.add(asked);
      if (!('asked' in answer)) return;
    }
    await controller.drive({ until: 'verified', stop: new AbortController().signal });
  }

  /** Until no process runs any more, and none is about to be launched. */
  async #quiet(leastMs: number): Promise<void> {
    const { clock } = this.world;
    const mended = this.#begun + mendedAtMs;
    const over = () =>
      this.#coming + this.world.cloud.coming === 0 &&
      this.#nobodyRuns() &&
      (clock.now() >= mended || this.#nothingIsComing());
    const ended = await clock.run(over, Math.max(leastMs, processLimitMs), () => this.#moved());
    if (ended === 'limit')
      this.#note('I9 everything has a limit', `${this.running.map((m) => m.name)} never ends`);
    for (const machine of this.running) machine.kill();
  }

  #nobodyRuns(): boolean {
    return this.#machines.every(({ ended, machine }) => ended || machine.dead);
  }

  #nothingIsComing(): boolean {
    return this.#rests() && this.#waiting.every(({ due }) => due);
  }

  #rests(): boolean {
    const { phase, asked, unsettled } = this.app;
    return phase === 'idle' && asked === null && unsettled.length === 0;
  }

  /** Whoever comes by next finds nothing to sweep; it too must end. */
  async #lookOnceMore(): Promise<void> {
    const { entries } = this.world.journal;
    const before = entries.length;
    this.launch('resume');
    await this.#quiet(processLimitMs);
    const swept = entries.slice(before).find((entry) => entry.type === 'acted');
    if (swept?.type === 'acted' && this.world.cloud.landedLate === 0)
      this.#note('idle finds nothing to sweep', keyOf(swept.effect));
  }

  #mend(): void {
    if (this.#mended) return;
    mend(this);
    this.#mended = true;
    this.#decide();
  }

  /** Nobody leaves a question open for ever. */
  #decide(): void {
    decide(this);
    this.world.clock.after(decideEveryMs, () => this.#decide());
  }

  #moved(): void {
    this.#check((checker) => checker.moved?.(this));
  }

  #wrote(entry: Entry, by: Machine | null): void {
    try {
      this.app = apply(this.app, entry);
    } catch (bug) {
      this.#note('I6 the journal folds', String(bug));
    }
    this.#states.push(this.app);
    if (!this.#mended) for (const row of this.#lasting) this.reached.add(cell(row, this.app.phase));
    this.#check((checker) => checker.wrote?.(this, entry, by));
    this.#answers(entry);
    for (const one of this.#waiting) {
      if (one.due || !isDuring(this.app, one.during)) continue;
      one.due = true;
      one.does();
    }
  }

  /** Who was asked for, and comes by. */
  #answers({ type }: Entry): void {
    const { approvedAfterMs } = this.script;
    if (type === 'requested' && approvedAfterMs !== null)
      this.world.clock.after(approvedAfterMs, () => this.approve());
  }

  #turned(
    machine: Machine,
    { app, observation, step, at }: Parameters<Watcher['turned']>[0],
  ): void {
    this.#turns += 1;
    this.#healing.turned(this);
    if (observation === null || step === null) return;
    const turn = { machine, app, observation, step, at };
    this.#check((checker) => checker.turned?.(this, turn));
  }

  #begins(effect: Effect, epoch: number): void {
    this.#check((checker) => checker.begins?.(this, effect, epoch));
  }

  #lands(effect: Effect, late: boolean): void {
    this.#check((checker) => checker.lands?.(this, effect, late));
  }

  #passes(machine: Machine, _: Point): void {
    const index = this.#points;
    this.#points += 1;
    if (this.#options.freezeAt === index) {
      machine.freeze(frozenMs);
      this.launchSoon();
    }
    if (this.#options.killAt?.includes(index) !== true || !machine.running) return;
    this.reached.add(cell('kill', this.app.phase));
    machine.kill();
    this.launchSoon();
  }

  #check(ask: (checker: Checker) => string | null | undefined): void {
    for (const checker of this.#checkers) {
      const what = ask(checker);
      if (what) this.#note(checker.name, what);
    }
  }

  #note(checker: string, what: string): void {
    const atMs = this.world.clock.now() - this.#begun;
    if (this.breaches.length < 20) this.breaches.push({ atMs, checker, what });
  }

  #trouble({ flaky, blind, lies, late, manner }: Script): void {
    const { cloud, droplets, journal } = this.world;
    Object.assign(cloud, { flaky, blind, lies, late });
    for (const droplet of droplets.values()) Object.assign(droplet, { flaky, blind });
    journal.flaky = flaky / 20;
    this.world.blind = blind;
    if (manner !== 'good' && manner !== 'errs') this.hurt = true;
  }
}
