// What a controller saw while it drove a promotion and the journal does not hold: kept beside it, one part a controller.
import { z } from 'zod';
import type { Instant } from '../lib/clock.ts';
import type { Series } from './series.ts';

/** How a compose project on a droplet came to stand, or that it could not be looked at. */
export type ContainerEvent = {
  readonly at: Instant;
  readonly project: string;
  readonly droplet: number;
  /** `healthy`, `exited`, …; `out of sight` where it could not be looked at. */
  readonly is: string;
  readonly restarts: number;
  readonly detail: string;
};

/** What the loop waited for. */
export type Waiting = { readonly at: Instant; readonly phase: string; readonly because: string };

/** What a gate said when its phase was left. */
export type GateVerdict = {
  readonly at: Instant;
  readonly phase: string;
  readonly gate: string;
  readonly is: string;
  readonly because: string;
  readonly evidence: Readonly<Record<string, number | string | boolean>>;
};

/** The last log lines of what failed, read before it was removed. */
export type LastLog = {
  readonly at: Instant;
  readonly project: string;
  readonly droplet: number;
  readonly text: string;
};

export type Recording = {
  readonly version: 1;
  readonly series: readonly Series[];
  readonly containers: readonly ContainerEvent[];
  readonly waits: readonly Waiting[];
  readonly verdicts: readonly GateVerdict[];
  readonly logs: readonly LastLog[];
  /** How much was left out because there was too much of it. */
  readonly leftOut: number;
};

/** Where one controller's part of a release's recording is kept: nobody else writes there, also one that was frozen. */
export function recordingName(release: string, epoch: number): string {
  return `${release}.${epoch}`;
}

/** Every text is cleaned before it is written; a number stays what it is, whatever secret looks like one. */
export function encodeRecording(recording: Recording, clean: (text: string) => string): string {
  return JSON.stringify(recording, (_, value) => {
    if (typeof value === 'string') return clean(value);
    return value === 0 ? undefined : value;
  });
}

/** Null where the text is none, or of a newer version. */
export function decodeRecording(text: string): Recording | null {
  try {
    const parsed = shape.safeParse(JSON.parse(text));
    return parsed.success ? (parsed.data as Recording) : null;
  } catch {
    return null;
  }
}

const number = z.number().default(0);
const word = z.string().default('');
const bins = z.record(z.string().regex(/^-?\d+$/), z.number()).default({});
const bucket = z.object({
  ok: number,
  errors: number,
  unknown: number,
  durations: bins,
  values: z.object({ sum: number, count: number }).optional(),
});
const series = z.object({
  gate: z.string(),
  project: z.string().nullable(),
  from: number,
  widthMs: z.number().positive(),
  buckets: z.record(z.string().regex(/^\d+$/), bucket),
});
const event = { at: number, project: z.string(), droplet: number };
const evidence = z.union([z.number(), z.string(), z.boolean()]);

const shape = z.object({
  version: z.literal(1),
  series: z.array(series),
  containers: z.array(z.object({ ...event, is: z.string(), restarts: number, detail: word })),
  waits: z.array(z.object({ at: number, phase: z.string(), because: word })),
  verdicts: z.array(
    z.object({
      at: number,
      phase: z.string(),
      gate: z.string(),
      is: z.string(),
      because: word,
      evidence: z.record(z.string(), evidence),
    }),
  ),
  logs: z.array(z.object({ ...event, text: word })),
  leftOut: number,
});
