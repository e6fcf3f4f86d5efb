// A promotion as evidence: what a report holds, as JSON and as the page that is made of it. Everything in it is plain data.
import type { Instant } from '../lib/clock.ts';
import type { DropletId } from '../promotion/environment.ts';
import type { ContainerEvent, LastLog, Waiting } from './recording.ts';

export type Report = {
  readonly version: 1;
  readonly app: string;
  readonly release: {
    readonly id: string;
    readonly project: string;
    readonly pool: string;
    readonly droplets: readonly DropletId[];
    /** Service → reference by digest. */
    readonly images: Readonly<Record<string, string>>;
    readonly composeHash: string;
    /** Env file → sha256 of it; never a value. */
    readonly env: Readonly<Record<string, string>>;
  };
  /** What served before; null for a first release. */
  readonly before: { readonly id: string; readonly project: string } | null;
  readonly asked: { readonly by: string; readonly at: Instant };
  readonly result: {
    readonly is: 'promoted' | 'failed' | 'rolled-back' | 'aborted' | 'held' | 'under-way';
    readonly exit: number;
    readonly at: Instant;
    /** One or two sentences for people. */
    readonly message: string;
    readonly next: readonly string[];
  };
  readonly committedAt: Instant | null;
  readonly phases: readonly PhaseSpan[];
  readonly verdicts: readonly PhaseVerdict[];
  readonly sources: readonly Source[];
  readonly actions: readonly Action[];
  readonly commands: readonly Said[];
  readonly drivers: readonly Said[];
  readonly waits: readonly Waiting[];
  /** `ordered`: it fails its health check because bgctl told it to, so that the load balancer stops sending. */
  readonly containers: readonly (ContainerEvent & { readonly ordered: boolean })[];
  readonly logs: readonly LastLog[];
  /** The policy in force, in the words of the journal. */
  readonly policy: Readonly<Record<string, unknown>>;
  /** What a reader will look for in vain, and why. */
  readonly missing: readonly string[];
};

export type PhaseSpan = {
  readonly phase: string;
  readonly from: Instant;
  /** Null: it has not been left. */
  readonly to: Instant | null;
  /** Why it was entered. */
  readonly because: string;
};

export type Said = { readonly at: Instant; readonly by: string; readonly what: string };

export type Numbers = Readonly<Record<string, number | string | boolean>>;

/** What the gates of a phase said when it was left. */
export type PhaseVerdict = {
  readonly phase: string;
  readonly at: Instant;
  /** Where it led, and why. */
  readonly to: string;
  readonly because: string;
  readonly gates: readonly {
    readonly gate: string;
    readonly is: string;
    /** Empty where only the numbers were journaled. */
    readonly because: string;
    readonly dryRun: boolean;
    readonly evidence: Numbers;
  }[];
};

/** A change to the world: when it was begun and settled, and by when it was undone again. */
export type Action = {
  readonly at: Instant;
  readonly what: string;
  readonly because: string;
  readonly settledAt: Instant | null;
  readonly is: 'done' | 'failed' | 'open';
  /** Of one that failed. */
  readonly why: string;
  readonly undoneAt: Instant | null;
};

/** One question that was asked again and again, and the answers of each side. */
export type Source = {
  readonly title: string;
  readonly kind: string;
  readonly gates: readonly string[];
  readonly lines: readonly Line[];
  readonly bounds: readonly Bound[];
};

export type Line = {
  /** `new`, `old`, or `balancer`: whoever answers at the load balancer's own address. */
  readonly side: 'new' | 'old' | 'balancer';
  readonly name: string;
  readonly total: Tally;
  readonly widthMs: number;
  readonly points: readonly (Tally & { readonly at: Instant })[];
};

export type Tally = {
  readonly answers: number;
  readonly errors: number;
  /** Could not be measured. */
  readonly unknown: number;
  /** Of the good answers, in milliseconds. */
  readonly p50: number | null;
  readonly p95: number | null;
  /** Share of all answers that failed or were slower than the objective, where a gate has one. */
  readonly slow: number | null;
  /** Mean of what was measured, where the source yields numbers. */
  readonly value: number | null;
};

/** A limit that a gate judges by, drawn where its phase was. */
export type Bound = {
  readonly on: 'errorRate' | 'latency' | 'slow' | 'value';
  readonly at: number;
  readonly label: string;
  readonly from: Instant;
  readonly to: Instant;
};
