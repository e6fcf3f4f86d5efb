// Plays a promotion as a conversation: step → entries → effects on the fake world, until it rests. No clock but numbers.
import { admit, type Refusal } from '../../../src/promotion/admit.ts';
import { type App, genesis, type Phase } from '../../../src/promotion/app.ts';
import type { Command } from '../../../src/promotion/command.ts';
import { type Effect, keyOf, limitOf } from '../../../src/promotion/effect.ts';
import type { Entry, Fact } from '../../../src/promotion/entry.ts';
import { apply } from '../../../src/promotion/fold.ts';
import type { Observation } from '../../../src/promotion/observation.ts';
import type { Step } from '../../../src/promotion/rules.ts';
import { step } from '../../../src/promotion/step.ts';
import { type Setting, storyOf } from '../../builders/app.ts';
import { aPolicy } from '../../builders/policy.ts';
import { appName, pools } from '../../builders/release.ts';
import { Eyes } from './eyes.ts';
import { Flights } from './flights.ts';
import { FakeWorld } from './world.ts';

/** Done once, as soon as `when` holds. */
export type Act = { when(play: Play): boolean; does(play: Play): void };

/** Watches every turn and every landing; tells what must not be. */
export type Checker = {
  turned?(play: Play, seen: Observation, next: Step): string | null;
  lands?(play: Play, effect: Effect): string | null;
};

export type End = {
  readonly is: 'rest' | 'yield' | 'endless';
  readonly phase: Phase;
  readonly because: string;
  readonly outcome: string | null;
  /** Droplets of ours in the balancer. */
  readonly attached: readonly number[];
  /** Projects that people are answered by. */
  readonly traffic: readonly string[];
  readonly runs: readonly string[];
  readonly removed: readonly string[];
};

const tickMs = 500;

export class Play {
  readonly world = new FakeWorld();
  readonly flights = new Flights(this.world);
  readonly eyes = new Eyes(this.world);
  readonly entries: Entry[] = [];
  /** The app as it was held in memory after each entry. */
  readonly states: App[] = [];
  readonly problems: string[] = [];
  readonly everRan = new Set<string>();
  readonly #checkers: readonly Checker[];
  hidden: (key: string) => boolean = () => false;
  app: App;
  next: Step | null = null;
  ended: End['is'] | null = null;

  constructor(setting: Setting = {}, checkers: readonly Checker[] = []) {
    this.#checkers = checkers;
    this.app = genesis(appName, setting.policy ?? aPolicy());
    for (const fact of storyOf('idle', setting)) this.write(fact);
    if (setting.first === true) return;
    this.world.run('shop-r41', pools.a);
    for (const droplet of pools.a) this.world.attached.set(droplet, -60_000);
  }

  ask(command: Command): Refusal | null {
    const refusal = admit(this.app, command);
    if (refusal === null) this.write({ type: 'asked', command, by: 'anna' });
    return refusal;
  }

  write(fact: Fact): void {
    const entry = { ...fact, seq: this.app.seq + 1, at: this.world.now } as Entry;
    this.entries.push(entry);
    this.ended = null;
    this.app = apply(this.app, entry);
    this.states.push(this.app);
  }

  /** kill -9, and another controller takes over: `lands` says which effects under way still happen. */
  crash(lands: (effect: Effect) => boolean = () => true): void {
    this.flights.crash(lands);
    this.eyes.forget();
    this.write({ type: 'leased', by: 'anna', epoch: this.app.seq });
  }

  /** Plays until rest, until it yields, or for at most `forMs`. */
  run(acts: readonly Act[] = [], forMs = 3_600_000): End {
    const until = this.world.now + forMs;
    let left = [...acts];
    while (this.world.now < until) {
      const due = left.filter((act) => act.when(this));
      left = left.filter((act) => !due.includes(act));
      for (const act of due) act.does(this);
      if (this.ended !== null && due.length === 0) return this.end(this.ended);
      this.turn();
      this.world.now += tickMs;
    }
    return this.end('endless');
  }

  turn(): void {
    this.#settle();
    for (const one of this.world.projects.values()) this.everRan.add(one.project);
    const seen = this.eyes.look(this.app, this.hidden);
    const next = step(this.app, seen);
    this.next = next;
    for (const checker of this.#checkers) this.#note(checker.turned?.(this, seen, next));
    this.ended = next.is === 'yield' ? 'yield' : this.#rests(next) ? 'rest' : null;
    this.#carryOut(next);
  }

  end(is: End['is']): End {
    const projects = [...this.world.projects.values()];
    const serving = projects.filter(
      (one) => this.world.serves(one.droplet) && this.world.answers(one),
    );
    const runs = names(projects.map((one) => one.project));
    return {
      is,
      phase: this.app.phase,
      because: this.next?.because ?? '',
      outcome: this.app.last?.is ?? null,
      attached: this.world.ours().filter((droplet) => this.world.attached.has(droplet)),
      traffic: names(serving.map((one) => one.project)),
      runs,
      removed: [...this.everRan].filter((project) => !runs.includes(project)).sort(),
    };
  }

  #settle(): void {
    const facts = this.flights.ended((effect) => {
      for (const checker of this.#checkers) this.#note(checker.lands?.(this, effect));
    });
    for (const fact of facts) if (this.#isUnsettled(fact.effect)) this.write(fact);
    for (const { effect, until } of this.app.unsettled)
      if (this.world.now >= until)
        this.write({ type: 'settled', effect, ok: false, because: 'no answer within its limit' });
  }

  #carryOut(next: Step): void {
    switch (next.is) {
      case 'wait':
        this.flights.cancel(next.cancel ?? []);
        break;
      case 'yield':
        break;
      case 'request': {
        const { is: _, ...request } = next;
        this.write({ type: 'requested', what: 'approval', ...request });
        break;
      }
      case 'advance': {
        const { is: _, ...advanced } = next;
        this.write({ type: 'advanced', ...advanced });
        break;
      }
      case 'commit':
        this.write({ type: 'committed', because: next.because });
        break;
      case 'enter': {
        const { is: _, ...entered } = next;
        this.write({ type: 'entered', ...entered });
        break;
      }
      case 'act':
        for (const effect of next.effects) this.#begin(effect, next.because);
    }
  }

  #begin(effect: Effect, because: string): void {
    const until = this.world.now + limitOf(effect);
    this.write({ type: 'acted', effect, until, because });
    this.flights.begin(effect);
  }

  #isUnsettled(effect: Effect): boolean {
    return this.app.unsettled.some((one) => keyOf(one.effect) === keyOf(effect));
  }

  #rests(next: Step): boolean {
    const { phase, asked, unsettled } = this.app;
    if (next.is !== 'wait' || next.until !== null || unsettled.length > 0) return false;
    return (phase === 'idle' || phase === 'held') && asked === null;
  }

  #note(problem: string | null | undefined): void {
    const { phase, seq } = this.app;
    if (problem)
      this.problems.push(`${this.world.now / 1000} s, ${phase}, entry ${seq}: ${problem}`);
  }
}

function names(all: readonly string[]): readonly string[] {
  return [...new Set(all)].sort();
}
