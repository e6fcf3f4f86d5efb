// The app at a glance: what each phase holds, one entry a phase, and what every phase has in common.
import type { Instant } from '../lib/clock.ts';
import type { Policy } from '../policy/policy.ts';
import type { Command } from './command.ts';
import type { EffectKey, Unsettled } from './effect.ts';
import type { DropletId, Environment, ProjectAt } from './environment.ts';
import type { ReleaseId } from './release.ts';

/** Why a promotion goes back: a person asked, or something failed. */
export type AbortCause = 'asked' | 'failed';

export type HeldKind =
  /** The journal is empty but the pools are not. */
  | 'genesis'
  /** The balancer is not what the journal expects. */
  | 'drift'
  /** Both environments stand and bgctl must not choose. */
  | 'choice';

/** How far green has come into the balancer before the commit point. */
export type Joining = {
  /** Where the policy wants a first step: a few droplets of green, then the rest. */
  readonly part: 'first' | 'all';
  /** Since when the part that came first is judged beside blue; null: not yet. */
  readonly judgedSince: Instant | null;
  /** When it last advanced. */
  readonly at: Instant;
};

export type Cast = {
  idle: { readonly blue: Environment | null };
  starting: { readonly blue: Environment | null; readonly green: Environment };
  gating: { readonly blue: Environment | null; readonly green: Environment };
  /** Before the commit point green joins; after it the new environment is blue and the old one leaves. */
  switching:
    | {
        readonly committed: false;
        readonly blue: Environment | null;
        readonly green: Environment;
        readonly joining: Joining;
      }
    | {
        readonly committed: true;
        readonly blue: Environment;
        readonly draining: Environment | null;
      };
  verifying: { readonly blue: Environment; readonly draining: Environment | null };
  retiring: { readonly blue: Environment; readonly draining: Environment | null };
  /** `keep` serves or comes back; `drop` leaves and is removed. Either may be missing, not both. */
  aborting: {
    readonly keep: Environment | null;
    readonly drop: Environment | null;
    readonly reason: string;
    readonly cause: AbortCause;
    /** Whether the commit point had been passed. */
    readonly committed: boolean;
  };
  held: {
    readonly reason: string;
    readonly kind: HeldKind;
    /** Where the journal believes traffic to be. */
    readonly blue: Environment | null;
    readonly other: Environment | null;
    readonly committed: boolean;
  };
};

export type Phase = keyof Cast;

/** How the last promotion ended; exit codes and `history` come from it. */
export type Outcome = {
  readonly release: ReleaseId;
  readonly key: string;
  readonly is: 'promoted' | 'failed' | 'rolled-back' | 'aborted';
  readonly because: string;
  readonly at: Instant;
};

/** What the human gate waits for, or has got. */
export type Approval = {
  /** Absolute, from the journal: neither a crash nor another controller moves it. Null: never. */
  readonly until: Instant | null;
  readonly given: { readonly by: string; readonly at: Instant } | null;
};

/** What people said of the old environment: how long it stays warm, beyond what the policy says. */
export type Warm = {
  /** Not to be retired until somebody lets it go. */
  readonly kept: { readonly by: string; readonly because: string } | null;
  /** Not to be retired before; null: nothing was said. */
  readonly until: Instant | null;
};

/** How a hook of the phase went so far. */
type Ran = {
  readonly times: number;
  readonly ok: boolean;
  readonly because: string;
  readonly at: Instant;
};

export type Common = {
  readonly name: string;
  readonly policy: Policy;
  /** Whether the app can be told to fail its health check. */
  readonly drains: boolean;
  /** When the phase was entered, or the lease was taken in it: its limits count from here. */
  readonly since: Instant;
  /** Once the gates passed and a person was asked for; until the promotion is over. */
  readonly approval: Approval | null;
  readonly warm: Warm;
  /** The entry that began the phase. */
  readonly begun: { readonly seq: number; readonly because: string };
  /** Hooks of the phase that were run, by name. */
  readonly hooks: Readonly<Record<string, Ran>>;
  /** When the commit point was passed, while that matters. */
  readonly committedAt: Instant | null;
  /** Entries folded so far. */
  readonly seq: number;
  /** Accepted, not yet answered. */
  readonly asked: Command | null;
  readonly unsettled: readonly Unsettled[];
  /** Effect → how often in a row it failed in this phase. */
  readonly failures: Readonly<
    Record<EffectKey, { readonly times: number; readonly because: string }>
  >;
  /** Pool droplets that should be in the balancer by what the journal did. */
  readonly attached: readonly DropletId[];
  /** Pool droplets that may or may not be in it: a write to them did not settle well. */
  readonly unsure: readonly DropletId[];
  /** When a write to the balancer last began or settled: what was seen before says nothing of now. */
  readonly wroteAt: Instant;
  /** When traffic was last redirected by us, health orders included: older sightings prove nothing. */
  readonly redirectedAt: Instant;
  /** Compose projects that bgctl began to start and has not seen removed: all that it may ever remove. */
  readonly present: readonly ProjectAt[];
  /** Where bgctl made a health check fail and has not restored it. */
  readonly silenced: readonly ProjectAt[];
  /** Number of the last release. */
  readonly released: number;
  readonly last: Outcome | null;
};

export type In<P extends Phase> = { [Q in P]: Common & { readonly phase: Q } & Cast[Q] }[P];
export type App = In<Phase>;

/** Nobody said anything of the old environment. */
export const asThePolicySays: Warm = { kept: null, until: null };

/** An app of which nothing has been written yet. */
export function genesis(name: string, policy: Policy): App {
  return {
    name,
    policy,
    drains: false,
    since: 0,
    approval: null,
    warm: asThePolicySays,
    begun: { seq: 0, because: '' },
    hooks: {},
    committedAt: null,
    seq: 0,
    asked: null,
    unsettled: [],
    failures: {},
    attached: [],
    unsure: [],
    wroteAt: 0,
    redirectedAt: 0,
    present: [],
    silenced: [],
    released: 0,
    last: null,
    phase: 'idle',
    blue: null,
  };
}

/** The environments of the phase: the one that people are served by, and the one that comes or goes. */
export function environmentsOf(app: App): {
  readonly live: Environment | null;
  readonly other: Environment | null;
} {
  switch (app.phase) {
    case 'idle':
      return { live: app.blue, other: null };
    case 'starting':
    case 'gating':
      return { live: app.blue, other: app.green };
    case 'switching':
      return app.committed
        ? { live: app.blue, other: app.draining }
        : { live: app.blue, other: app.green };
    case 'verifying':
    case 'retiring':
      return { live: app.blue, other: app.draining };
    case 'aborting':
      return { live: app.keep, other: app.drop };
    case 'held':
      return { live: app.blue, other: app.other };
  }
}

/** The release that is on its way in, or out again; null where none is. */
export function underWay(app: App): ReleaseId | null {
  switch (app.phase) {
    case 'idle':
      return app.asked?.kind === 'promote' ? app.asked.release.id : null;
    case 'verifying':
    case 'retiring':
      return app.blue.release.id;
    case 'switching':
      return app.committed ? app.blue.release.id : app.green.release.id;
    default:
      return environmentsOf(app).other?.release.id ?? null;
  }
}

/** The approval that is waited for now, or null. */
export function awaited(app: App): Approval | null {
  const { approval } = app;
  return app.phase === 'gating' && approval !== null && approval.given === null ? approval : null;
}

/** Whether a release is under way to which people were not yet sent. */
export function beforeSwitch(app: App): boolean {
  if (app.phase === 'idle') return app.asked?.kind === 'promote';
  return app.phase === 'starting' || app.phase === 'gating';
}
