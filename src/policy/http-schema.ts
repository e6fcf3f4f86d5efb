// What a policy may write under `http`: what is asked, what is expected, how often and how much of it.
import { z } from 'zod';
import { jsonPath } from '../lib/json-path.ts';
import { httpDefaults } from './defaults.ts';
import { httpMethods } from './probe-spec.ts';
import { duration, list, section, text, wants, whole } from './words.ts';

const path = text('a path', 'write a path that begins with a slash, such as /health', /^\/[^\s]*$/);
const aHeader = wants('the name of a header', 'write a name such as accept');
const aValue = wants(
  'the value of a header',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
  'write a text on one line; what is secret as a reference such as Bearer ${PROBE_TOKEN}',
);

export const headers = z.record(
  z.string(aHeader).regex(/^[\w!#$%&'*+.^`|~-]+$/, aHeader),
  z.string(aValue).regex(/^[\t\x20-\x7e\x80-\xff]*$/, aValue),
  wants('a map', 'write a header and its value on each line'),
);

export const tls = section({
  serverName: text('a name', 'write the name that the certificate must bear').optional(),
  ca: text('a path', 'write the path of a PEM file, such as /etc/ssl/shop-ca.pem').optional(),
  insecure: z.literal(true, wants('the word for it', 'write true, or leave it out')).optional(),
});

const aStatus = wants('a status', 'write one such as 204, or a range such as 200-399');
const status = z.union(
  [
    z
      .int(aStatus)
      .min(100, aStatus)
      .max(599, aStatus)
      .transform((code) => ({ from: code, to: code })),
    z
      .string(aStatus)
      .regex(/^[1-5]\d\d-[1-5]\d\d$/, aStatus)
      .transform((range) => ({ from: Number(range.slice(0, 3)), to: Number(range.slice(4)) })),
  ],
  aStatus,
);

const aPath = wants('a JSON path', "write a path such as $.checks[0].status or $['a b']");
const condition = section({
  path: z.string(aPath).refine((written) => jsonPath(written) !== null, aPath),
  equals: z
    .union(
      [z.string(), z.number(), z.boolean(), z.null()],
      wants('a plain value', 'write a text, a number, true, false or null'),
    )
    .optional(),
  exists: z.boolean(wants('true or false', 'write true or false')).optional(),
});

const request = {
  path: path.optional(),
  method: z
    .enum(httpMethods, wants('a method', `write one of ${httpMethods.join(', ')}`))
    .optional(),
  headers: headers.optional(),
  body: z.string(wants('a text', 'write the text to send')).optional(),
  status: list(status, 'statuses or ranges of them').optional(),
  json: list(condition, 'conditions, each with a path').optional(),
  expect: text('a text', 'write the text that the body must contain').optional(),
};

const endpoint = section({ ...request, path, weight: whole(1, 1000).prefault(1) });

/** Requests a second out of `20/s` or `300/m`. */
export const rate = () => {
  const a = wants('a rate', 'write a number a second or a minute: 20/s, 0.5/s or 300/m');
  return z
    .string(a)
    .regex(/^\d{1,5}(\.\d{1,3})?\/[sm]$/, a)
    .transform((written) => Number.parseFloat(written) / (written.endsWith('m') ? 60 : 1))
    .refine((perSecond) => perSecond > 0, a);
};

export const httpKeys = {
  of: z
    .enum(['droplets', 'balancer'], wants('a place to ask', 'write droplets or balancer'))
    .prefault(httpDefaults.of),
  ...request,
  timeout: duration('50ms', '1m').prefault(httpDefaults.timeout),
  port: whole(1, 65_535).optional(),
  tls: tls.optional(),
  endpoints: list(endpoint, 'endpoints, each with a path').optional(),
  rate: rate().optional(),
  concurrency: whole(1, 1000).optional(),
  warmUp: duration('1s', '1h').optional(),
};
