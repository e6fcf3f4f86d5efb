// A policy as the rest of the program sees it: every number given, every duration in milliseconds.
import type { ProbeSpec } from './probe-spec.ts';

export type { ProbeSpec } from './probe-spec.ts';

/** What is asked of a share of bad answers; shares are 0..1. */
export type ShareLimits = {
  /** Up to this share all is well. Of `against: 'blue'`: so much more than blue, in the same minutes. */
  readonly acceptable: number;
  /** From this share on it is no good; between the two either verdict is right. */
  readonly unacceptable: number;
  /** How sure a verdict is, however often one looks: 0.99 is wrong in at most 1 of 100 releases. */
  readonly confidence: number;
  readonly against: 'limit' | 'blue';
};

export type Judge =
  /** `passes` good answers in a row from every droplet pass; `failures` bad ones in a row from any fail. */
  | { readonly kind: 'consecutive'; readonly passes: number; readonly failures: number }
  /** `failures` bad answers among any `of` of a droplet fail; `of` answers without that pass. */
  | { readonly kind: 'out-of'; readonly failures: number; readonly of: number }
  /** Share of failed answers, judged after every one of them. */
  | ({ readonly kind: 'error-rate' } & ShareLimits)
  /** Share of answers slower than the objective, likewise; a failed answer counts as slow. */
  | ({ readonly kind: 'latency'; readonly objectiveMs: number } & ShareLimits)
  /** One number of a fixed window against limits. */
  | {
      readonly kind: 'threshold';
      readonly quantity: Quantity;
      /** Null: no limit on this side; at least one of the two is given. */
      readonly max: number | null;
      readonly min: number | null;
      readonly windowMs: number;
      readonly samplesMin: number;
    };

/** `errors` are counted, `error-rate` is a share 0..1, `p95` and the like are ms, `value` is what a numeric source yields. */
export type Quantity = 'errors' | 'error-rate' | 'mean-duration-ms' | 'value' | `p${number}`;

export type GateSpec = {
  /** Unique within its phase. */
  readonly name: string;
  readonly probe: ProbeSpec;
  readonly everyMs: number;
  readonly judge: Judge;
  /** More *unknown* samples in a row than this, from any droplet: the gate cannot measure. */
  readonly unknownMax: number;
  /** Judged and reported, but it decides nothing. */
  readonly dryRun: boolean;
};

/** A phase in which gates judge. */
export type PhaseSpec = {
  readonly limitMs: number;
  readonly minMs: number;
  readonly gates: readonly GateSpec[];
  /** What a gate that came to no result within the limit leads to. `abort`: after the commit point, back to the old environment. */
  readonly inconclusive: 'abort' | 'hold';
  /** What a gate leads to that cannot measure (`unknownMax`). `wait`: it may see again before the limit. */
  readonly unknown: 'abort' | 'hold' | 'wait';
};

/** The phases that may have hooks, as an operator writes them. */
export type HookPhase = 'start' | 'gate' | 'switch' | 'verify' | 'drain' | 'abort';

/** What is told, or run, when a phase is entered. */
export type HookSpec = {
  /** Unique within its phase. */
  readonly name: string;
  readonly does: /** Words, run on the controller's host without a shell. */
    | { readonly kind: 'command'; readonly words: readonly string[] }
    /** Told by POST; it may name environment variables, `${NAME}`, which are looked up when it is run. */
    | { readonly kind: 'webhook'; readonly url: string };
  readonly timeoutMs: number;
  /** So often again after a failure. */
  readonly retries: number;
  /** Whether its failure leads where a failing phase leads; else it is told, nothing more. */
  readonly required: boolean;
};

export type ApprovalSpec = {
  /** How long a person may take; null: never too long. */
  readonly ttlMs: number | null;
  readonly onExpire: 'abort' | 'hold';
};

export type Policy = {
  readonly name: string;
  /** How often an effect may fail before its phase gives up on it. */
  readonly attemptsMax: number;
  /** How long the balancer or a droplet may stay unreachable after the commit point before bgctl yields (exit 16). */
  readonly unreachableMs: number;
  /** By phase; absent: none. */
  readonly hooks?: Readonly<Partial<Record<HookPhase, readonly HookSpec[]>>>;
  readonly start: {
    readonly limitMs: number;
    /** How many droplets of the pool may be missing. */
    readonly missingMax: number;
    /** A container that Docker restarted this often while starting is hopeless. */
    readonly restartsMax: number;
  };
  readonly gate: PhaseSpec & {
    /** A person must agree once the gates passed. Absent: nobody is asked. */
    readonly approval?: ApprovalSpec;
  };
  readonly switch: {
    /** For green to be seen serving by the balancer's own address. */
    readonly limitMs: number;
    /** Never fewer targets that serve, by our hand (I1); at least 1. */
    readonly floor: number;
    /** So many droplets of green join first, and the rest after them. Absent: all at once. */
    readonly first?: number;
    /** What has joined first serves beside blue at least so long before it goes on. */
    readonly minMs?: number;
    /** Judge it meanwhile; none, or absent: seeing it serve is enough. */
    readonly gates?: readonly GateSpec[];
    /** What gates that came to no result within the limit lead to. Absent: abort. */
    readonly inconclusive?: PhaseSpec['inconclusive'];
    /** What a gate leads to that cannot measure. Absent: wait. */
    readonly unknown?: PhaseSpec['unknown'];
  };
  readonly verify: PhaseSpec;
  readonly drain: {
    /** For requests in flight to end before the old environment is detached, and again before it is removed. */
    readonly limitMs: number;
    /** The balancer must have sent it nothing for so long. */
    readonly quietMs: number;
    /** At least so long warm after the commit point, whatever else holds. Null: until somebody lets it go. */
    readonly warmMs: number | null;
  };
};
