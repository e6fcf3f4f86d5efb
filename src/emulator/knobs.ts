// Where the real cloud's behaviour is unknown or can vary: one knob each, with its default.
import { z } from 'zod';

/** What the real API says while a balancer still works on an earlier change; status 403. */
export const busyText = "Load Balancer can't be updated while it processes previous actions";

const milliseconds = z.number().min(0);

const knobsSchema = z.strictObject({
  /** How long a balancer refuses writes after an accepted one. */
  busyMs: milliseconds.default(2000),
  busyStatus: z.int().min(400).max(499).default(403),
  busyMessage: z.string().default(busyText),
  /** How long GET goes on showing the droplets as they were before an edit. */
  getLagMs: milliseconds.default(0),
  /** From an accepted edit until the data plane follows it. */
  propagationMs: milliseconds.default(1000),
  /** What a removed droplet's open requests meet: the end of their connections, or time to finish. */
  removal: z.enum(['cut', 'drain']).default('cut'),
  addPresent: z.literal([204, 422]).default(204),
  removeAbsent: z.literal([204, 404, 422]).default(204),
  emptyList: z.literal([204, 422]).default(422),
  unknownDroplet: z.literal([404, 422]).default(422),
  /** Status of a balancer from an accepted edit until it is no longer busy. */
  statusAfterEdit: z.enum(['active', 'new']).default('active'),
  dropletIdsOrder: z.enum(['shuffled', 'sorted']).default('shuffled'),
  /** From POST /load_balancers until the new balancer is active and has its address. */
  provisionMs: milliseconds.default(1000),
  /** Scopes of the token, such as `load_balancer:read`; null: all of them. */
  scopes: z.array(z.string()).nullable().default(null),
  requestsPerHour: z.int().min(1).default(5000),
  requestsPerMinute: z.int().min(1).default(250),
  /** Refuse health-check and idle times outside the real API's ranges; false lets tests be quick. */
  enforceHealthRanges: z.boolean().default(true),
  /** Which answers pass a health check. The documentation says both; the stricter is the default. */
  healthyStatuses: z.enum(['2xx', '2xx-3xx']).default('2xx'),
  /** How long an idle connection to a droplet stays pooled, where backend keep-alive is on. */
  poolIdleMs: milliseconds.default(4000),
  /** Silence after which an upgraded connection (a WebSocket) is ended. */
  tunnelIdleMs: milliseconds.default(3_600_000),
  /** Grid of the metrics; a change takes effect after the point that is already due. */
  metricsStepSeconds: z.number().positive().default(120),
  /** From a point's time until the monitoring API shows it. */
  metricsDelayMs: milliseconds.default(30_000),
});

export type Knobs = z.output<typeof knobsSchema>;

/** The knobs with `changes` made; throws on an unknown knob or an impossible value. */
export function turnKnobs(knobs: Partial<Knobs>, changes: unknown): Knobs {
  return knobsSchema.parse({ ...knobs, ...z.record(z.string(), z.unknown()).parse(changes) });
}
