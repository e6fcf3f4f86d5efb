// The shape of a policy file: every key an operator can write is here.
import { z } from 'zod';
import { gateDefaults, policyDefaults } from './defaults.ts';
import { hooks } from './hook-schema.ts';
import { judge } from './judge-schema.ts';
import { probe } from './probe-schema.ts';
import { anyList, duration, lasting, list, section, text, wants, whole } from './words.ts';
import { isAdvisory } from './written-probe.ts';

const limit = () => duration('1s');

const gate = section({
  name: text('a name', 'write a short name of letters, digits and -', /^[A-Za-z0-9][\w-]{0,39}$/),
  probe,
  every: duration('50ms', '10m').prefault(gateDefaults.every),
  judge,
  unknown: whole(1).prefault(gateDefaults.unknown),
  dryRun: z.boolean(wants('yes or no', 'write true or false')).optional(),
}).transform((written) => ({ ...written, dryRun: written.dryRun ?? isAdvisory(written.probe) }));

const approval = section({
  ttl: lasting('1s', '720h'),
  onExpire: z.enum(['abort', 'hold'], wants('what to do', 'write abort or hold')).prefault('abort'),
});

const { start, gate: gating, switch: switching, verify, drain } = policyDefaults;

function phaseOf(defaults: typeof gating | typeof verify) {
  return {
    limit: limit().prefault(defaults.limit),
    minimum: duration().prefault(defaults.minimum),
    gates: list(gate, 'gates, each with name, probe and judge').prefault(() =>
      structuredClone<z.input<typeof gate>[]>(defaults.gates as never),
    ),
    ...answersOf(defaults),
  };
}

function answersOf(defaults: typeof gating | typeof switching | typeof verify) {
  return {
    inconclusive: z
      .enum(['abort', 'hold'], wants('an answer', 'write abort or hold'))
      .prefault(defaults.inconclusive),
    unknown: z
      .enum(['abort', 'hold', 'wait'], wants('an answer', 'write abort, hold or wait'))
      .prefault(defaults.unknown),
  };
}

export const policySchema = section({
  name: text('a name', 'write a name for this policy').optional(),
  attempts: whole(1, 100).prefault(policyDefaults.attempts),
  unreachable: limit().prefault(policyDefaults.unreachable),
  start: section({
    limit: limit().prefault(start.limit),
    missing: whole(0).prefault(start.missing),
    restarts: whole(0).prefault(start.restarts),
    hooks: hooks(),
  }).prefault({}),
  gate: section({ ...phaseOf(gating), approval: approval.optional(), hooks: hooks() }).prefault({}),
  switch: section({
    limit: limit().prefault(switching.limit),
    floor: whole(1).prefault(switching.floor),
    first: whole(1).optional(),
    minimum: duration().prefault(switching.minimum),
    gates: anyList(gate, 'gates, each with name, probe and judge').prefault([]),
    ...answersOf(switching),
    hooks: hooks(),
  }).prefault({}),
  verify: section({ ...phaseOf(verify), hooks: hooks() }).prefault({}),
  drain: section({
    limit: limit().prefault(drain.limit),
    quiet: duration('0s', '1h').prefault(drain.quiet),
    warm: lasting().prefault(drain.warm),
    hooks: hooks(),
  }).prefault({}),
  abort: section({ hooks: hooks() }).prefault({}),
});

/** As written and with defaults, durations in milliseconds; not yet checked by the rules. */
export type WrittenPolicy = z.output<typeof policySchema>;
export type WrittenGate = z.output<typeof gate>;
