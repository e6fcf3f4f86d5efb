// What each kind of entry must at least hold to be folded; keys that are not named here pass through.
import { z } from 'zod';
import type { AbortCause, HeldKind, Phase } from '../promotion/app.ts';
import type { Command } from '../promotion/command.ts';
import type { Effect } from '../promotion/effect.ts';
import type { Fact } from '../promotion/entry.ts';

/** What is wrong with a line's JSON, in words, or null. */
export function problemOf(value: object): string | null {
  const envelope = head.safeParse(value);
  if (!envelope.success) return told(envelope.error);
  const body = facts[envelope.data.type].safeParse(value);
  return body.success ? null : told(body.error);
}

function told(error: z.ZodError): string {
  const [issue] = error.issues;
  const path = issue?.path.join('.') ?? '';
  return path === '' ? 'it has the wrong shape' : `\`${path}\` is missing or wrong`;
}

const text = z.string();
const instant = z.number();
const droplets = z.array(z.number().int());
const environment = z.looseObject({ project: text, pool: z.enum(['a', 'b']), droplets });
const policy = z.looseObject({ name: text });
const release = z.looseObject({
  id: text,
  images: z.record(text, text),
  versions: z.record(text, text).optional(),
  composeHash: text,
  env: z.record(text, text),
  key: text,
});

const hostEffect = z.looseObject({ project: text, droplet: z.number().int() });
const balancerEffect = z.looseObject({
  droplets,
  expected: droplets,
  ours: droplets,
  mayEmpty: z.boolean(),
});

// Keyed by the types themselves: a new command, effect or fact does not compile until it has a shape.
const effects: Readonly<Record<Effect['kind'], z.ZodType>> = {
  'start-project': hostEffect,
  'remove-project': hostEffect,
  'fail-health': hostEffect,
  'restore-health': hostEffect,
  'run-hook': z.looseObject({
    id: text,
    phase: text,
    name: text,
    release: text,
    reason: text,
    timeoutMs: z.number(),
  }),
  'attach-droplets': balancerEffect,
  'detach-droplets': balancerEffect,
};

const commands: Readonly<Record<Command['kind'], z.ZodType>> = {
  promote: z.looseObject({ release, pool: z.enum(['a', 'b']), droplets, policy }),
  abort: z.looseObject({ reason: text }),
  approve: z.looseObject({ release: text, at: instant }),
  hold: z.looseObject({ because: text }),
  'let-go': z.looseObject({}),
  extend: z.looseObject({ byMs: z.number(), until: instant }),
  keep: z.looseObject({ project: text }),
  adopt: z.looseObject({ blue: environment.nullable(), attached: droplets, policy }),
  restore: z.looseObject({}),
};

const effect = byKind(effects);

const phases: Readonly<Record<Phase, true>> = {
  idle: true,
  starting: true,
  gating: true,
  switching: true,
  verifying: true,
  retiring: true,
  aborting: true,
  held: true,
};
const causes: Readonly<Record<AbortCause, true>> = { asked: true, failed: true };
const heldKinds: Readonly<Record<HeldKind, true>> = { genesis: true, drift: true, choice: true };

const facts: Readonly<Record<Fact['type'], z.ZodType>> = {
  asked: z.looseObject({ command: byKind(commands), by: text }),
  entered: z.looseObject({
    phase: z.enum(Object.keys(phases)),
    because: text,
    cause: z.enum(Object.keys(causes)).optional(),
    held: z.enum(Object.keys(heldKinds)).optional(),
    without: droplets.optional(),
    unsure: droplets.optional(),
  }),
  requested: z.looseObject({ what: text, until: instant.nullable(), because: text }),
  advanced: z.looseObject({ to: z.enum(['judging', 'rest']), because: text }),
  committed: z.looseObject({ because: text }),
  acted: z.looseObject({ effect, until: instant, because: text }),
  settled: z.looseObject({
    effect,
    ok: z.boolean(),
    because: text.optional(),
    untouched: z.literal(true).optional(),
  }),
  leased: z.looseObject({ by: text, epoch: z.number().int() }),
};

const head = z.looseObject({
  seq: z.number().int().positive(),
  at: instant,
  more: z.number().int().positive().optional(),
  type: z.enum(Object.keys(facts) as [Fact['type'], ...Fact['type'][]]),
});

/** An object whose `kind` names one of the shapes, and which has that shape. */
function byKind(shapes: Readonly<Record<string, z.ZodType>>): z.ZodType {
  return z.looseObject({ kind: z.enum(Object.keys(shapes)) }).superRefine((value, context) => {
    const result = shapes[value.kind]?.safeParse(value);
    for (const { path } of result?.error?.issues ?? [])
      context.addIssue({ code: 'custom', message: 'missing or wrong', path });
  });
}
