// The shape of a policy file: every key an operator can write is here.
import { z } from 'zod';
import { gateDefaults, httpDefaults, policyDefaults } from './defaults.ts';
import { duration, list, oneOf, section, share, text, wants, whole } from './words.ts';

const path = text('a path', 'write a path that begins with a slash, such as /health', /^\/[^\s]*$/);
const limit = () => duration('1s');
const window = { window: duration('1s', '1h'), samples: whole(1) };
const quantities = wants('a quantity', 'write errors or meanDuration');

const http = section({
  of: z
    .enum(['droplets', 'balancer'], wants('a place to ask', 'write droplets or balancer'))
    .prefault(httpDefaults.of),
  path: path.optional(),
  expect: text('a text', 'write the text that the body must contain').optional(),
  timeout: duration('50ms', '1m').prefault(httpDefaults.timeout),
});

const probe = z.union(
  [z.literal('container'), section({ http })],
  wants('a probe', 'write container, or http: with of, path, expect and timeout under it'),
);

const judge = oneOf({
  consecutive: section({ passes: whole(1), failures: whole(1) }).optional(),
  errorRate: section({ max: share(), ...window }).optional(),
  latency: section({
    quantile: share(),
    max: duration('1ms', '1m'),
    ...window,
  }).optional(),
  threshold: section({
    quantity: z.enum(['errors', 'meanDuration'], quantities),
    /** Which of the two suits the quantity is a rule's business. */
    max: z.union(
      [whole(0), duration('1ms', '1m').transform((ms) => ({ ms }))],
      wants('a limit', 'write a number of errors such as 5, or a duration such as 300ms'),
    ),
    ...window,
  }).optional(),
});

const gate = section({
  name: text('a name', 'write a short name of letters, digits and -', /^[A-Za-z0-9][\w-]{0,39}$/),
  probe,
  every: duration('50ms', '10m').prefault(gateDefaults.every),
  judge,
  unknown: whole(1).prefault(gateDefaults.unknown),
});

const { start, gate: gating, switch: switching, verify, drain } = policyDefaults;

function phase(defaults: typeof gating | typeof verify) {
  return section({
    limit: limit().prefault(defaults.limit),
    minimum: duration().prefault(defaults.minimum),
    gates: list(gate, 'gates, each with name, probe and judge').prefault(() =>
      structuredClone<z.input<typeof gate>[]>(defaults.gates as never),
    ),
  }).prefault({});
}

export const policySchema = section({
  name: text('a name', 'write a name for this policy').optional(),
  attempts: whole(1, 100).prefault(policyDefaults.attempts),
  unreachable: limit().prefault(policyDefaults.unreachable),
  start: section({
    limit: limit().prefault(start.limit),
    missing: whole(0).prefault(start.missing),
    restarts: whole(0).prefault(start.restarts),
  }).prefault({}),
  gate: phase(gating),
  switch: section({
    limit: limit().prefault(switching.limit),
    floor: whole(1).prefault(switching.floor),
  }).prefault({}),
  verify: phase(verify),
  drain: section({
    limit: limit().prefault(drain.limit),
    quiet: duration('0s', '1h').prefault(drain.quiet),
    warm: duration().prefault(drain.warm),
  }).prefault({}),
});

/** As written and with defaults, durations in milliseconds; not yet checked by the rules. */
export type WrittenPolicy = z.output<typeof policySchema>;
export type WrittenGate = z.output<typeof gate>;
