// What a policy may write as a probe: where samples come from.
import { z } from 'zod';
import { probeDefaults } from './defaults.ts';
import { headers, httpKeys, rate, tls } from './http-schema.ts';
import { duration, list, oneOf, section, share, text, wants } from './words.ts';

const yesNo = z.boolean(wants('true or false', 'write true or false'));
const service = text('the name of a service', 'write a service of the compose file');
const aNumber = wants('a number', 'write a number such as 0.01');
const bounds = { min: z.number(aNumber).optional(), max: z.number(aNumber).optional() };
const timeout = duration('50ms', '1m').prefault(probeDefaults.timeout);

const promQl = () => text('a query', 'write a PromQL query that gives one number', /\S/);
const prometheus = section({
  url: z.url({
    protocol: /^https?$/,
    ...wants('an address', 'write an address such as http://prometheus.internal:9090'),
  }),
  query: promQl().optional(),
  numerator: promQl().optional(),
  denominator: promQl().optional(),
  through: z
    .enum(
      ['controller', 'droplet'],
      wants('a way', 'write controller (where bgctl runs) or droplet (through its SSH connection)'),
    )
    .prefault(probeDefaults.through),
  headers: headers.optional(),
  tls: tls.optional(),
  timeout,
  ...bounds,
});

const quantities = wants('a quantity', 'write health, errors or responseTime');
const balancer = section({
  quantity: z.enum(['health', 'errors', 'responseTime'], quantities),
  quantile: z
    .enum(['mean', 'p50', 'p95', 'p99'], wants('a quantile', 'write mean, p50, p95 or p99'))
    .optional(),
  /** Which of the two suits the quantity is a rule's business. */
  max: z
    .union(
      [share(), duration('1ms', '1m').transform((ms) => ({ ms }))],
      wants('a bound', 'write a share such as 1%, or a duration such as 800ms'),
    )
    .optional(),
});

const aPattern = wants(
  'a regular expression',
  'write one such as panic|FATAL; for plain text use `text`',
);
const logs = section({
  match: z
    .string(aPattern)
    .min(1, aPattern)
    .max(500, aPattern)
    .refine(compiles, aPattern)
    .optional(),
  text: text('a text', 'write a text that a line must contain').optional(),
  service: service.optional(),
  ...bounds,
});

const exec = section({
  command: list(z.string(wants('a word', 'write a text; quote numbers')), 'words of a command'),
  on: z
    .enum(['container', 'controller'], wants('a place', 'write container or controller'))
    .prefault(probeDefaults.on),
  service: service.optional(),
  number: yesNo.optional(),
  timeout,
  ...bounds,
});

const limitShare = () => share().optional();
const container = section({
  memory: limitShare(),
  cpu: limitShare(),
  value: z.enum(['memory', 'cpu'], wants('a share', 'write memory or cpu')).optional(),
});

const traffic = oneOf({ prometheus: prometheus.optional(), logs: logs.optional() });
const http = section({
  ...httpKeys,
  floor: section({ rate: rate(), traffic, countsProbes: yesNo.prefault(true) }).optional(),
});

const sources = oneOf({
  http: http.optional(),
  container: container.optional(),
  prometheus: prometheus.optional(),
  balancer: balancer.optional(),
  logs: logs.optional(),
  exec: exec.optional(),
});

export const probe = z.union(
  [z.literal('container'), sources],
  wants(
    'a probe',
    'write container, or one of http, container, prometheus, balancer, logs and exec with its keys under it',
  ),
);

/** A pattern that cannot be compiled is a mistake of the file, not of the day when it is needed. */
function compiles(pattern: string): boolean {
  try {
    new RegExp(pattern, 'u');
    return true;
  } catch {
    return false;
  }
}

export type WrittenProbe = z.output<typeof probe>;
export type WrittenHttp = z.output<typeof http>;
export type WrittenPrometheus = z.output<typeof prometheus>;
export type WrittenLogs = z.output<typeof logs>;
