// What the checkers are shown: every instant, every change when it lands, every turn of every controller.
import type { Policy } from '../policy/policy.ts';
import type { App } from '../promotion/app.ts';
import type { Command } from '../promotion/command.ts';
import type { Effect } from '../promotion/effect.ts';
import type { Entry } from '../promotion/entry.ts';
import type { Observation } from '../promotion/observation.ts';
import type { Step } from '../promotion/rules.ts';
import type { HookCall } from '../world.ts';
import type { Write } from './cloud.ts';
import type { Script } from './faults.ts';
import type { Machine } from './machine.ts';
import type { SimulatedWorld } from './world.ts';

/** One turn of a controller, as its watcher was told of it. */
export type Turn = {
  readonly machine: Machine;
  readonly app: App;
  readonly observation: Observation;
  readonly step: Step;
  readonly at: number;
};

/** The simulation as it stands. */
export type Scene = {
  readonly script: Script;
  readonly world: SimulatedWorld;
  readonly policy: Policy;
  /** The app as the journal tells it now. */
  readonly app: App;
  /** The app after the journal's first entries, so many. */
  stateAt(seq: number): App | undefined;
  /** Whether something other than bgctl may have stopped what serves. */
  readonly hurt: boolean;
};

/** Each says what is wrong in words, or null. */
export type Checker = {
  readonly name: string;
  /** Time has moved, or the world has changed. */
  moved?(scene: Scene): string | null;
  /** A process with this epoch sends it off; it is on its way. */
  begins?(scene: Scene, effect: Effect, epoch: number): string | null;
  /** An effect becomes true; it has not yet. */
  lands?(scene: Scene, effect: Effect, late: boolean): string | null;
  /** The cloud applies a write; it has not yet. */
  applies?(scene: Scene, write: Write, late: boolean): string | null;
  /** A hook is run. */
  hooked?(scene: Scene, call: HookCall, name: string): string | null;
  wrote?(scene: Scene, entry: Entry, by: Machine | null): string | null;
  turned?(scene: Scene, turn: Turn): string | null;
  /** The world was mended and everything has come to rest. */
  rests?(scene: Scene): string | null;
};

/** What befalls a story may do to it. */
export type Stage = Omit<Scene, 'hurt'> & {
  hurt: boolean;
  /** Processes that live and have not ended. */
  readonly running: readonly Machine[];
  /** Resumes: drives what there is to drive. */
  launch(name: string): Machine;
  /** The same, after a while. */
  launchSoon(): void;
  promote(key: string): void;
  abort(): void;
  /** Asks for a way out of held, whether or not the app is held. */
  choose(kind: 'keep' | 'adopt' | 'restore'): void;
  approve(): void;
  /** A process that says it, and then drives. */
  say(command: Command): void;
};
