// What is known of the world this turn. Unknown is its own value: never healthy, never absent, never zero (I5).
import type { Window } from '../gates/sample.ts';
import type { Instant } from '../lib/clock.ts';
import type { DropletId, Pool } from './environment.ts';

export type Known<T> =
  | { readonly known: true; readonly value: T; readonly at: Instant }
  /** `since`: when it was last known, or first asked for. */
  | {
      readonly known: false;
      readonly because: string;
      readonly since: Instant;
      /** The first look of this controller at it has not ended: it will soon be known, or known to be out of reach. */
      readonly early?: true;
    };

/** How a compose project stands on a droplet. `exited`, `restarting` and `unhealthy` do not mend themselves. */
export type ProjectHealth = {
  readonly is: 'absent' | 'starting' | 'healthy' | 'unhealthy' | 'exited' | 'restarting';
  /** For people: container, exit code, last health answer, last log lines. Empty when healthy or absent. */
  readonly detail: string;
  /** Most restarts of any of its containers. */
  readonly restarts: number;
};

/** Connections to a project's published ports on one droplet, bgctl's own probes left out. */
export type Connections = {
  /** Established. */
  readonly open: number;
  /** Of these with a request in flight; an idle pooled connection is not work. */
  readonly busy: number;
};

/** Answers that came through the balancer's own address. */
export type Serving = {
  /** Watched without a gap since. */
  readonly since: Instant;
  /** Droplet → when it last answered through the balancer's address. */
  readonly seen: Readonly<Record<DropletId, Instant>>;
  /** The last answer that was no good or said no name, for people; null when there was none. */
  readonly trouble: string | null;
  /** When an answer last told no name: it may have come from any of them. */
  readonly unnamed?: Instant;
};

export type Observation = {
  readonly at: Instant;
  /** Droplets per pool as the cloud tells now. */
  readonly pools: Known<Readonly<Record<Pool, readonly DropletId[]>>>;
  /** All droplets in the balancer, foreign ones included. */
  readonly attached: Known<readonly DropletId[]>;
  readonly serving: Known<Serving>;
  /** By `at(place)`. */
  readonly projects: Readonly<Record<string, Known<ProjectHealth>>>;
  /** By `at(place)`. */
  readonly connections: Readonly<Record<string, Known<Connections>>>;
  /** Compose projects of this app found on a pool's droplets; only looked for when the journal is empty. */
  readonly strangers: Known<readonly string[]>;
  /** Droplets of the app that the cloud says no longer exist; only looked for when membership surprises. */
  readonly lost: Known<readonly DropletId[]>;
  /** By gate name. */
  readonly samples: Readonly<Record<string, Window>>;
};

export function unknown(because: string, since: Instant): Known<never> {
  return { known: false, because, since };
}

export function known<T>(value: T, at: Instant): Known<T> {
  return { known: true, value, at };
}
