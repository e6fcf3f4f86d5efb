// What bgctl needs of the outside, said by the one who needs it: balancer, hosts, traffic, probes, journal.
import type { Sample } from './gates/sample.ts';
import type { Clock, Instant } from './lib/clock.ts';
import type { HookPhase, HookSpec, ProbeSpec } from './policy/policy.ts';
import type { Entry, Fact } from './promotion/entry.ts';
import type { DropletId, Environment, Pool, ProjectAt } from './promotion/environment.ts';
import type { Connections, ProjectHealth } from './promotion/observation.ts';
import type { Release } from './promotion/release.ts';

/** Every method rejects with `Failure` only. */
export type World = {
  readonly clock: Clock;
  readonly balancer: Balancer;
  readonly hosts: Hosts;
  readonly traffic: Traffic;
  readonly probes: Probes;
  readonly hooks: Hooks;
  readonly journal: Journal;
};

export interface Balancer {
  /** Ids of all droplets in the balancer, ours and foreign, ascending. */
  attached(): Promise<readonly DropletId[]>;
  /** Droplets of each pool now, ascending. */
  pools(): Promise<Readonly<Record<Pool, readonly DropletId[]>>>;
  /** Those of the given droplets that no longer exist. */
  lost(droplets: readonly DropletId[]): Promise<readonly DropletId[]>;
  /**
   * Adds droplets and returns when the balancer's record shows them. Reads first and rejects with
   * `from: 'drift'` unless, of the droplets in `ours`, exactly `expected` are attached (I4).
   * Never sends an empty list; what is already attached is not sent again.
   */
  attach(change: MembershipChange): Promise<void>;
  /** Removes droplets, likewise. Rejects, untouched, where the balancer would be left empty unless `mayEmpty`. */
  detach(change: MembershipChange): Promise<void>;
}

export type MembershipChange = {
  readonly droplets: readonly DropletId[];
  readonly expected: readonly DropletId[];
  /** All droplets of both pools: what is judged by `expected`; others are foreign and left alone (I7). */
  readonly ours: readonly DropletId[];
  /** Whether a detach may leave the balancer without any target. */
  readonly mayEmpty: boolean;
  /** Calls that go back are served before calls that go forward. */
  readonly goesBack: boolean;
  /** How long to go on against a cloud that is busy or out of reach; its usual patience where nothing is said. */
  readonly limitMs?: number;
  /**
   * Asked right before a request is sent: false once another controller may have taken over, also where this process
   * was frozen meanwhile. The cloud knows no epochs: what is sent too late lands.
   */
  readonly holds: () => boolean;
  readonly signal: AbortSignal;
};

export interface Hosts {
  /**
   * Uploads the compose file, pulls by digest and runs `up --detach`; returns when containers were
   * started, not when they are healthy. May be repeated.
   */
  start(place: ProjectAt, work: { release: Release; compose: string; guard: Guard }): Promise<void>;
  /** `down` and the release's directory; may be repeated; absent is success. */
  remove(place: ProjectAt, guard: Guard): Promise<void>;
  failHealth(place: ProjectAt, guard: Guard): Promise<void>;
  restoreHealth(place: ProjectAt, guard: Guard): Promise<void>;
  inspect(place: ProjectAt): Promise<ProjectHealth>;
  connections(place: ProjectAt): Promise<Connections>;
  /** Compose projects of the app on a droplet, by label or by name: `app`, `app-r7`. */
  projects(droplet: DropletId): Promise<readonly string[]>;
  /** Last log lines of a project's containers; for reports. */
  logs(place: ProjectAt, lines: number): Promise<string>;
  close(): Promise<void>;
}

/**
 * A remote command outlives its connection and lands later. So every remote write runs under a lock and
 * a time limit on the far side, and is refused there when a later controller (higher epoch) has written.
 */
export type Guard = {
  readonly epoch: number;
  readonly limitMs: number;
  readonly signal: AbortSignal;
};

/** One answer through the balancer's own address. */
export type Sighting = {
  readonly at: Instant;
  /** Droplet that answered, if the answer says so. */
  readonly droplet: DropletId | null;
  /** Environment that answered (`vulcan-production-r42`), if the answer says so. */
  readonly environment: string | null;
  /** Null when it was good; else what was wrong. */
  readonly trouble: string | null;
};

export interface Traffic {
  /** Asks once, over a fresh connection. Rejects only where nothing could be learnt. */
  ask(): Promise<Sighting>;
  /** Whether answers name their environment; without it, serving is inferred from connections. */
  readonly identifies: 'droplet' | 'environment' | 'nothing';
  /** What a newly attached droplet must at least wait to get traffic: threshold × interval. */
  warmUpMs(): Promise<number>;
}

export interface Probes {
  /**
   * Asks one question of the environment on one droplet. Never rejects: what cannot be measured is an unknown sample.
   * Null: nothing was asked, or what was answered does not count (warm-up, pace, no new point of a metric).
   */
  sample(
    spec: ProbeSpec,
    environment: Environment,
    droplet: DropletId,
    during?: During,
  ): Promise<Sample | null>;
}

/** The phase that a question is asked for. */
export type During = {
  readonly since: Instant;
  readonly stop: AbortSignal;
};

/** What probes look at inside droplets; the loop never does. Rejects with Failure. */
export interface Insides {
  /** The project's health, and its containers; `usage` also asks for Docker's statistics. */
  containers(place: ProjectAt, given: { readonly usage: boolean }): Promise<ContainersSeen>;
  /** Log lines of that time, by our clock. `whole` is false where there were more than are read. */
  lines(
    place: ProjectAt,
    given: { readonly service: string | null; readonly from: Instant; readonly to: Instant },
  ): Promise<{ readonly lines: readonly string[]; readonly whole: boolean }>;
  /** Runs words in the service's container. Null: none of it runs. */
  run(
    place: ProjectAt,
    given: {
      readonly service: string;
      readonly command: readonly string[];
      readonly timeoutMs: number;
    },
  ): Promise<CommandSeen | null>;
}

export type ContainersSeen = {
  readonly health: ProjectHealth;
  readonly containers: readonly ContainerSeen[];
};

export type ContainerSeen = {
  readonly id: string;
  readonly name: string;
  readonly running: boolean;
  /** By Docker, since it was made. */
  readonly restarts: number;
  /** By our clock. */
  readonly startedAt: Instant;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly usage: Usage | null;
};

export type Usage = {
  /** Bytes, without what the kernel can take back; null where Docker does not say. */
  readonly memory: number | null;
  readonly memoryLimit: number | null;
  /** Processor time used so far. */
  readonly cpuMs: number;
  /** How many processors it may use. */
  readonly cpus: number;
  readonly readAt: Instant;
};

export type CommandSeen = {
  /** Null: it did not end in time, although the way to it answers. */
  readonly code: number | null;
  readonly stdout: string;
  /** The end of what it printed, without secrets. */
  readonly said: string;
};

/** A series of DigitalOcean's monitoring, oldest point first. */
export type MetricSeries = {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly { readonly at: Instant; readonly value: number }[];
};

/** What a hook is told of the phase that was entered. */
export type HookCall = {
  /** `shop/r42/verify/notify/17`: the same at every attempt. */
  readonly id: string;
  readonly app: string;
  readonly phase: HookPhase;
  readonly release: string;
  readonly reason: string;
};

export interface Hooks {
  /** Resolves when the command ended with 0, or the webhook answered 2xx; its own time-out included. */
  run(hook: HookSpec, call: HookCall, signal: AbortSignal): Promise<void>;
}

/** Who holds the app. */
export type Holder = {
  /** `anna@laptop pid 4711`, or a CI run's address. */
  readonly who: string;
  readonly host: string;
  readonly pid: number;
  readonly since: Instant;
  /** Alive until, unless renewed; past where it is known to be dead. */
  readonly until: Instant;
  readonly epoch: number;
};

export type JournalRead = {
  readonly entries: readonly Entry[];
  /** A last line that was never finished (a crash while writing): reported, cut off by the next append. */
  readonly torn: string | null;
};

/** What `append` did: nothing when somebody else wrote first, or when the lease is no longer ours. */
export type Appended = 'appended' | 'someone-else-wrote' | 'lease-lost';

export interface Journal {
  /** Where it is, for people. */
  readonly place: string;
  /** All entries in order. Rejects on a line that is not an entry, or of a newer version. */
  read(): Promise<JournalRead>;
  /**
   * Durable (fsync) before it resolves. Written only if the journal still ends at `afterSeq`; facts other
   * than `asked` only under a lease that is still held with `epoch`.
   */
  append(
    facts: readonly Fact[],
    given: { afterSeq: number; epoch: number | null; at: Instant },
  ): Promise<Appended>;
  /** Takes the app's lease, or says who holds it. A holder known to be dead, or past its time, is replaced. */
  lease(
    who: string,
    ttlMs: number,
  ): Promise<{ got: true; epoch: number } | { got: false; holder: Holder }>;
  /** False when it is no longer ours. */
  renew(epoch: number, ttlMs: number): Promise<boolean>;
  release(epoch: number): Promise<void>;
  holder(): Promise<Holder | null>;
  /**
   * Calls `ring` soon after anybody wrote, where it can know; a journal that cannot never calls, so who needs
   * to hear reads from time to time all the same. The returned function ends it.
   */
  watch(ring: () => void): () => void;
  /** Keeps a release's rendered compose file beside the journal, by its hash. */
  store(hash: string, text: string): Promise<void>;
  load(hash: string): Promise<string>;
  /**
   * Keeps a text beside the entries by its name, in place of the one before it; durable when it resolves. Neither order
   * nor lease is asked for: what must not be overwritten needs a name of its own.
   */
  keep(name: string, text: string): Promise<void>;
  /** Null where nothing was kept by that name. */
  recall(name: string): Promise<string | null>;
  close(): Promise<void>;
}
