// The lines of the journal: asked, entered, requested, advanced, committed, acted, settled, leased.
import type { Evidence } from '../gates/verdict.ts';
import type { Instant } from '../lib/clock.ts';
import type { AbortCause, HeldKind, Phase } from './app.ts';
import type { Command } from './command.ts';
import type { Effect } from './effect.ts';
import type { DropletId } from './environment.ts';

export type Fact =
  /** A command was accepted. Anyone may append it; all else only the holder of the lease (I4). */
  | { readonly type: 'asked'; readonly command: Command; readonly by: string }
  | {
      readonly type: 'entered';
      readonly phase: Phase;
      readonly because: string;
      readonly evidence?: Evidence;
      /** Where aborting leads to: why. */
      readonly cause?: AbortCause;
      /** Droplets that green, or the environment kept by hand, goes on without. */
      readonly without?: readonly DropletId[];
      /** Where held leads to: what kind. */
      readonly held?: HeldKind;
      /** Droplets found otherwise in the balancer than the journal has them, and taken as they are found. */
      readonly unsure?: readonly DropletId[];
    }
  /** The gates passed, and a person must agree before `until`; null: whenever. */
  | {
      readonly type: 'requested';
      readonly what: 'approval';
      readonly until: Instant | null;
      readonly because: string;
      readonly evidence?: Evidence;
    }
  /** Switching: what has joined serves and is judged from here on; or it was good enough for the rest to join. */
  | {
      readonly type: 'advanced';
      readonly to: 'judging' | 'rest';
      readonly because: string;
      readonly evidence?: Evidence;
    }
  /** The commit point: green becomes blue, blue becomes draining; before the first detach. */
  | { readonly type: 'committed'; readonly because: string }
  | {
      readonly type: 'acted';
      readonly effect: Effect;
      readonly until: Instant;
      readonly because: string;
    }
  | {
      readonly type: 'settled';
      readonly effect: Effect;
      readonly ok: boolean;
      readonly because?: string;
      /** Known not to have changed anything: refused before the write. */
      readonly untouched?: true;
    }
  /** A controller took the lease: what its predecessor had begun is looked at anew, attempts count from zero. */
  | { readonly type: 'leased'; readonly by: string; readonly epoch: number };

/** A fact with its place and time in the journal. `seq` begins with 1. */
export type Entry = Fact & { readonly seq: number; readonly at: Instant };
