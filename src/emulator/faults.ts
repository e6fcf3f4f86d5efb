// Faults that a test orders from the API: what goes wrong, for which requests, how often or how long.
import { z } from 'zod';
import { busyText } from './knobs.ts';
import {
  missingScope,
  notFound,
  Problem,
  serverError,
  tooManyRequests,
  unauthorized,
  unprocessableFor,
} from './problem.ts';

const which = {
  /** Only requests that read, or only those that write; all by default. */
  on: z.enum(['reads', 'writes', 'all']).default('all'),
  method: z.string().optional(),
  /** A part of the path, such as `/droplets`. */
  path: z.string().optional(),
  /** Let so many matching requests through first. */
  skip: z.int().min(0).default(0),
  /** For so many requests, and for so long from now; with neither, until faults are cleared. */
  times: z.int().positive().optional(),
  forMs: z.number().positive().optional(),
};

const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('unauthorized'), ...which }),
  z.strictObject({ kind: z.literal('scope'), ...which }),
  z.strictObject({ kind: z.literal('busy'), ...which }),
  z.strictObject({ kind: z.literal('not-found'), ...which }),
  z.strictObject({
    kind: z.literal('unprocessable'),
    about: z.enum(['tag', 'region', 'vpc', 'droplet', 'pending-event']).default('droplet'),
    ...which,
  }),
  z.strictObject({
    kind: z.literal('rate-limited'),
    retryAfterSeconds: z.number().min(0).optional(),
    /** Says that the limit was reset a while ago, as has been seen. */
    resetInPast: z.boolean().default(false),
    ...which,
  }),
  z.strictObject({
    kind: z.literal('server-error'),
    applied: z.boolean().default(false),
    ...which,
  }),
  z.strictObject({
    kind: z.literal('html'),
    status: z.literal([502, 503, 504]).default(502),
    applied: z.boolean().default(false),
    ...which,
  }),
  z.strictObject({ kind: z.literal('hang'), applied: z.boolean().default(false), ...which }),
  z.strictObject({ kind: z.literal('slow'), delayMs: z.number().min(0), ...which }),
  z.strictObject({ kind: z.literal('reset'), ...which }),
  z.strictObject({ kind: z.literal('reset-after-applying'), ...which }),
  z.strictObject({ kind: z.literal('truncated'), ...which }),
  z.strictObject({ kind: z.literal('accept-not-apply'), ...which }),
]);

export type Fault = z.input<typeof faultSchema>;
export type OrderedFault = z.output<typeof faultSchema>;

interface Order {
  readonly fault: OrderedFault;
  readonly until: number;
  skip: number;
  left: number;
}

/** The faults in force, oldest first; the first that matches a request happens to it. */
export class Faults {
  #orders: Order[] = [];

  /** Throws when `fault`, which may come from outside, is not one. */
  order(fault: unknown): void {
    const parsed = faultSchema.parse(fault);
    const { times = Number.POSITIVE_INFINITY, forMs = Number.POSITIVE_INFINITY, skip } = parsed;
    this.#orders.push({ fault: parsed, until: Date.now() + forMs, skip, left: times });
  }

  clear(): void {
    this.#orders = [];
  }

  /** The fault that this request meets, now counted as used; null when none does. */
  take(method: string, path: string): OrderedFault | null {
    const now = Date.now();
    this.#orders = this.#orders.filter((order) => order.left > 0 && order.until > now);
    for (const order of this.#orders) {
      if (!matches(order.fault, method, path)) continue;
      if (order.skip > 0) {
        order.skip -= 1;
        continue;
      }
      order.left -= 1;
      return order.fault;
    }
    return null;
  }
}

function matches(fault: OrderedFault, method: string, path: string): boolean {
  const reads = method === 'GET' || method === 'HEAD';
  if (fault.on !== 'all' && (fault.on === 'reads') !== reads) return false;
  if (fault.kind === 'accept-not-apply' && reads) return false;
  if (fault.method !== undefined && fault.method !== method) return false;
  return fault.path === undefined || path.includes(fault.path);
}

/** The refusal that a fault stands for; null when it spoils the answer in another way. */
export function refusalOf(fault: OrderedFault): Problem | null {
  switch (fault.kind) {
    case 'unauthorized':
      return unauthorized();
    case 'scope':
      return missingScope();
    case 'busy':
      return new Problem(403, 'forbidden', busyText);
    case 'not-found':
      return notFound();
    case 'unprocessable':
      return unprocessableFor(fault.about);
    case 'rate-limited':
      return tooManyRequests(rateLimitHeaders(fault.retryAfterSeconds, fault.resetInPast));
    case 'server-error':
      return serverError();
    case 'html':
    case 'hang':
    case 'slow':
    case 'reset':
    case 'reset-after-applying':
    case 'truncated':
    case 'accept-not-apply':
      return null;
  }
}

function rateLimitHeaders(retryAfterSeconds: number | undefined, resetInPast: boolean) {
  const reset = Math.ceil(Date.now() / 1000) + (resetInPast ? -90 : 30);
  return {
    'ratelimit-remaining': '0',
    'ratelimit-reset': String(reset),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  };
}
