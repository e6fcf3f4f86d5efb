// A balancer's settings by the API's names: defaults for what is left out, and the limits of each.
import { z } from 'zod';
import type { BalancerOptions } from './options.ts';
import { unprocessable } from './problem.ts';

const defaultProject = '4de7ac8b-495b-4884-9a69-1050c6793cd6';

const port = z.int().min(1).max(65_535);

const forwardingRule = z.object({
  entry_protocol: z.enum(['http', 'https', 'http2', 'http3', 'tcp', 'udp']),
  entry_port: port,
  target_protocol: z.enum(['http', 'https', 'http2', 'tcp', 'udp']),
  target_port: port,
  certificate_id: z.string().default(''),
  tls_passthrough: z.boolean().default(false),
});

// The thresholds are the real defaults (5 and 3); the published description has them swapped.
const healthCheck = z.object({
  protocol: z.enum(['http', 'https', 'tcp']).default('http'),
  port: port.default(80),
  path: z.string().startsWith('/').default('/'),
  check_interval_seconds: z.number().positive().default(10),
  response_timeout_seconds: z.number().positive().default(5),
  healthy_threshold: z.int().positive().default(5),
  unhealthy_threshold: z.int().positive().default(3),
});

const settingsSchema = z.object({
  name: z
    .string()
    .max(255)
    .regex(/^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9.])?$/),
  project_id: z.string().default(defaultProject),
  size_unit: z.int().min(1).max(200).default(1),
  algorithm: z.enum(['round_robin', 'least_connections']).default('round_robin'),
  forwarding_rules: z.array(forwardingRule).min(1),
  health_check: healthCheck.prefault({}),
  sticky_sessions: z
    .object({
      type: z.enum(['none', 'cookies']),
      cookie_name: z.string().min(2).max(40).optional(),
      cookie_ttl_seconds: z.int().min(1).optional(),
    })
    .default({ type: 'none' }),
  redirect_http_to_https: z.boolean().default(false),
  enable_proxy_protocol: z.boolean().default(false),
  enable_backend_keepalive: z.boolean().default(false),
  http_idle_timeout_seconds: z.number().positive().default(60),
  disable_lets_encrypt_dns_records: z.boolean().default(false),
  firewall: z
    .object({ allow: z.array(z.string()).default([]), deny: z.array(z.string()).default([]) })
    .prefault({}),
  tls_cipher_policy: z.enum(['DEFAULT', 'STRONG']).default('DEFAULT'),
});

const membershipSchema = z.object({
  droplet_ids: z.array(z.int()).optional(),
  tag: z.string().optional(),
});

export type Settings = z.output<typeof settingsSchema>;
export type HealthCheck = Settings['health_check'];

/** Who the targets are: droplets by id, or all that carry a tag (then `dropletIds` is not used). */
export interface Membership {
  tag: string;
  dropletIds: number[];
}

/** The settings in the body of a create or a replace; what it leaves out falls back to its default. */
export function settingsFrom(body: unknown, enforceRanges: boolean): Settings {
  const settings = refuseUnless(settingsSchema, body);
  if (enforceRanges) checkRanges(settings);
  return settings;
}

/** Exactly one of `droplet_ids` and `tag`, as the API wants it. */
export function membershipFrom(body: unknown): Membership {
  const { droplet_ids: dropletIds, tag = '' } = refuseUnless(membershipSchema, body);
  if (tag !== '' && dropletIds !== undefined)
    throw unprocessable('only one of tag and droplet_ids can be given.');
  if (tag === '' && dropletIds === undefined)
    throw unprocessable('need to provide either a tag or a list of droplets');
  return { tag, dropletIds: [...new Set(dropletIds)] };
}

export function settingsOf(options: BalancerOptions, entryPort: number): unknown {
  const check = options.healthCheck;
  return {
    name: options.name,
    forwarding_rules: [
      {
        entry_protocol: 'http',
        entry_port: entryPort,
        target_protocol: 'http',
        target_port: options.targetPort,
      },
    ],
    health_check: {
      protocol: check.protocol,
      port: check.port,
      path: check.path,
      check_interval_seconds: check.checkIntervalSeconds,
      response_timeout_seconds: check.responseTimeoutSeconds,
      healthy_threshold: check.healthyThreshold,
      unhealthy_threshold: check.unhealthyThreshold,
    },
    enable_backend_keepalive: options.enableBackendKeepalive,
    http_idle_timeout_seconds: options.httpIdleTimeoutSeconds,
  };
}

function checkRanges(settings: Settings): void {
  const check = settings.health_check;
  within('health_check.check_interval_seconds', check.check_interval_seconds, 3, 300);
  within('health_check.response_timeout_seconds', check.response_timeout_seconds, 3, 300);
  within('health_check.healthy_threshold', check.healthy_threshold, 2, 10);
  within('health_check.unhealthy_threshold', check.unhealthy_threshold, 2, 10);
  within('http_idle_timeout_seconds', settings.http_idle_timeout_seconds, 30, 600);
}

function within(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most && Number.isInteger(value)) return;
  throw unprocessable(`${name} must be an integer between ${least} and ${most}.`);
}

function refuseUnless<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw unprocessable(`${issue?.path.join('.') ?? 'body'}: ${issue?.message ?? 'not valid'}`);
}
