// A policy as the rest of the program sees it: every number given, every duration in milliseconds.

/** Where a probe's samples come from. */
export type ProbeSpec =
  /** Asks every droplet of the environment `GET path`; ok = status 200-299 (and `expect`, if given, in the body). */
  | {
      readonly kind: 'http';
      readonly of: 'droplets' | 'balancer';
      /** Null: the health path of bgctl.yml's `traffic.health`. */
      readonly path: string | null;
      readonly expect: string | null;
      readonly timeoutMs: number;
    }
  /** The containers' own health as Docker tells it. */
  | { readonly kind: 'container' };

export type Judge =
  /** `passes` good answers in a row from every droplet pass; `failures` bad ones in a row from any fail. */
  | { readonly kind: 'consecutive'; readonly passes: number; readonly failures: number }
  /** Share of failed answers over the window, at most `max` (0..1), from at least `samplesMin` answers. */
  | {
      readonly kind: 'error-rate';
      readonly max: number;
      readonly windowMs: number;
      readonly samplesMin: number;
    }
  /** The `quantile` (0..1) of durations over the window, at most `maxMs`, from at least `samplesMin` answers. */
  | {
      readonly kind: 'latency';
      readonly quantile: number;
      readonly maxMs: number;
      readonly windowMs: number;
      readonly samplesMin: number;
    }
  /** The mean duration, or the number of bad answers, over the window against a limit. */
  | {
      readonly kind: 'threshold';
      readonly quantity: 'errors' | 'mean-duration-ms';
      readonly max: number;
      readonly windowMs: number;
      readonly samplesMin: number;
    };

export type GateSpec = {
  /** Unique within its phase. */
  readonly name: string;
  readonly probe: ProbeSpec;
  readonly everyMs: number;
  readonly judge: Judge;
  /** So many *unknown* samples in a row from a droplet make the gate wait with that reason. */
  readonly unknownMax: number;
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
  readonly gate: {
    readonly limitMs: number;
    readonly minMs: number;
    readonly gates: readonly GateSpec[];
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
  };
  readonly verify: {
    readonly limitMs: number;
    readonly minMs: number;
    readonly gates: readonly GateSpec[];
  };
  readonly drain: {
    /** For requests in flight to end before the old environment is detached, and again before it is removed. */
    readonly limitMs: number;
    /** The balancer must have sent it nothing for so long. */
    readonly quietMs: number;
    /** At least so long warm after the commit point, whatever else holds. Null: until somebody lets it go. */
    readonly warmMs: number | null;
  };
};
