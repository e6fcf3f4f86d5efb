// What every phase says of itself: how it is entered, where an abort leads, what comes next.

import type { Evidence } from '../gates/verdict.ts';
import type { Instant } from '../lib/clock.ts';
import type { AbortCause, App, Cast, HeldKind, In, Phase } from './app.ts';
import type { Effect, EffectKey } from './effect.ts';
import type { Entry } from './entry.ts';
import type { DropletId } from './environment.ts';
import type { Observation } from './observation.ts';

/** What to do now, always with its reason. */
export type Step =
  | {
      readonly is: 'wait';
      readonly because: string;
      /** When waiting ends by itself: every wait has a limit (I9). Null only at rest, and where a person is waited for. */
      readonly until: Instant | null;
      /** Effects whose result is no longer wanted; cancelling is a wish, they still have to settle. */
      readonly cancel?: readonly EffectKey[];
      /** The balancer's record as seen is too old for what comes next: look at it now. */
      readonly readAgain?: true;
      /** All is proven; only a person is waited for. */
      readonly awaits?: 'approval';
    }
  | { readonly is: 'act'; readonly effects: readonly Effect[]; readonly because: string }
  | EnterStep
  /** Write that a person must agree, and until when. */
  | {
      readonly is: 'request';
      readonly until: Instant | null;
      readonly because: string;
      readonly evidence: Evidence;
    }
  /** Write that green has come one step further into the balancer. */
  | {
      readonly is: 'advance';
      readonly to: 'judging' | 'rest';
      readonly because: string;
      readonly evidence?: Evidence;
    }
  /** Write the commit point. */
  | { readonly is: 'commit'; readonly because: string }
  /** The world could not be reached within its limits: stop here, safely; `resume` goes on (exit 16). */
  | { readonly is: 'yield'; readonly because: string };

export type EnterStep = {
  readonly is: 'enter';
  readonly phase: Phase;
  readonly because: string;
  readonly evidence?: Evidence;
  readonly cause?: AbortCause;
  readonly held?: HeldKind;
  readonly without?: readonly DropletId[];
  readonly unsure?: readonly DropletId[];
};

export type Entered = Extract<Entry, { type: 'entered' }>;

export type Rules<P extends Phase> = {
  /** What the phase holds when entered from there; null where it cannot be. */
  enter(from: App, entry: Entered): Cast[P] | null;
  /** Where an abort leads, or what it has to wait for; null: there is nothing to abort. */
  abort(app: In<P>, seen: Observation): 'aborting' | 'held' | Step | null;
  next(app: In<P>, seen: Observation): Step;
};
