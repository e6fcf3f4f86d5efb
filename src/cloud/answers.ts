// The API's answers, read leniently: only what bgctl uses must be there, what it does not know may be.
import { z } from 'zod';
import {
  ascending,
  type BalancerFacts,
  type CertificateFacts,
  type DropletFacts,
  type HealthCheck,
} from './facts.ts';

/** A response's region is an object, null for a global balancer; a request's is a slug, and fixtures mix them up. */
const region = z
  .union([z.string(), z.object({ slug: z.string() }).transform((found) => found.slug)])
  .nullish()
  .transform((slug) => slug ?? null);
const text = z.string().nullish();
const filled = text.transform((value) => (value === undefined || value === '' ? null : value));
/** Absent or zero: the platform's default. A time or a number of checks; waits are reckoned from them. */
const numberOr = (usual: number) =>
  z
    .number()
    .min(0)
    .max(1_000_000)
    .nullish()
    .transform((value) => value || usual);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

/** The defaults of the platform; those that its API description names for the thresholds are swapped. */
const healthCheck = z.object({
  protocol: text.transform((value) => value ?? 'http'),
  path: filled.transform((value) => value ?? '/'),
  port: numberOr(80),
  check_interval_seconds: numberOr(10),
  response_timeout_seconds: numberOr(5),
  healthy_threshold: numberOr(5),
  unhealthy_threshold: numberOr(3),
});

const rule = z.object({
  entry_protocol: z.string(),
  entry_port: z.number(),
  target_port: z.number(),
  certificate_id: filled,
});

const balancer = z
  .object({
    id: z.string(),
    name: z.string(),
    ip: text.transform((value) => value ?? ''),
    status: z.string(),
    type: text.transform((value) => value || 'REGIONAL'),
    network: text,
    tag: filled,
    region,
    vpc_uuid: filled,
    forwarding_rules: z.array(rule).nullish(),
    health_check: healthCheck.nullish(),
    sticky_sessions: z.object({ type: text }).nullish(),
    redirect_http_to_https: flag,
    enable_proxy_protocol: flag,
    enable_backend_keepalive: flag,
    http_idle_timeout_seconds: numberOr(60),
    droplet_ids: z.array(z.int().positive()).nullish(),
  })
  // A record without the list says nothing of its droplets; only a global balancer has none to say.
  .refine((found) => Array.isArray(found.droplet_ids) || found.type === 'GLOBAL', 'no droplet_ids');

type Rule = z.output<typeof rule>;

const balancerFacts = balancer.transform((found): BalancerFacts => {
  const rules = found.forwarding_rules ?? [];
  const main = mainRule(rules, found.redirect_http_to_https);
  const check = healthCheckOf(found.health_check ?? healthCheck.parse({}));
  return {
    id: found.id,
    name: found.name,
    ip: found.ip,
    status: found.status,
    type: found.type,
    internal: found.network === 'INTERNAL',
    tag: found.tag,
    region: found.region,
    vpcUuid: found.vpc_uuid,
    entry:
      main === null ? null : { protocol: secure(main) ? 'https' : 'http', port: main.entry_port },
    targetPort: main?.target_port ?? null,
    targetPorts: [...new Set(rules.map((each) => each.target_port))],
    healthCheck: check,
    keepalive: found.enable_backend_keepalive,
    idleTimeoutS: found.http_idle_timeout_seconds,
    stickySessions: found.sticky_sessions?.type === 'cookies',
    proxyProtocol: found.enable_proxy_protocol,
    plainToo:
      !found.redirect_http_to_https &&
      rules.some(secure) &&
      rules.some((each) => each.entry_protocol === 'http'),
    certificates: [...new Set(rules.flatMap((each) => each.certificate_id ?? []))],
    warmUpMs: check.healthyThreshold * check.intervalS * 1000,
    evictionMs: (check.unhealthyThreshold * check.intervalS + check.timeoutS) * 1000,
    droplets: ascending(found.droplet_ids ?? []),
  };
});

function mainRule(rules: readonly Rule[], httpLeadsToHttps: boolean): Rule | null {
  const web = rules.filter((each) => each.entry_protocol === 'http' || secure(each));
  return (httpLeadsToHttps ? web.find(secure) : undefined) ?? web[0] ?? null;
}

function secure(each: Rule): boolean {
  return ['https', 'http2', 'http3'].includes(each.entry_protocol);
}

function healthCheckOf(found: z.output<typeof healthCheck>): HealthCheck {
  return {
    protocol: found.protocol,
    path: found.path,
    port: found.port,
    intervalS: found.check_interval_seconds,
    timeoutS: found.response_timeout_seconds,
    healthyThreshold: found.healthy_threshold,
    unhealthyThreshold: found.unhealthy_threshold,
  };
}

const address = z.object({ ip_address: z.string(), type: z.string() });

const dropletFacts = z
  .object({
    id: z.int().positive(),
    name: z.string(),
    region,
    vpc_uuid: filled,
    status: z.string(),
    tags: z.array(z.string()).nullish(),
    networks: z.object({ v4: z.array(address).nullish() }).nullish(),
  })
  .transform((found): DropletFacts => {
    const addressOf = (type: string): string | null =>
      found.networks?.v4?.find((each) => each.type === type)?.ip_address ?? null;
    return {
      id: found.id,
      name: found.name,
      region: found.region ?? '',
      vpcUuid: found.vpc_uuid,
      privateAddress: addressOf('private'),
      publicAddress: addressOf('public'),
      status: found.status,
      tags: found.tags ?? [],
    };
  });

const certificateFacts = z
  .object({
    id: z.string(),
    name: z.string(),
    type: text,
    state: text,
    not_after: filled,
  })
  .transform(({ id, name, type, state, not_after }, context): CertificateFacts => {
    const notAfter = not_after === null ? null : Date.parse(not_after);
    // What is no time must not be taken for one that is far away.
    if (Number.isNaN(notAfter)) context.addIssue({ code: 'custom', path: ['not_after'] });
    return { id, name, renewed: type === 'lets_encrypt', state: state ?? '', notAfter };
  });

/** Where one page of a list ends: more to come, and how many there are in all. */
const page = {
  links: z
    .object({ pages: z.object({ next: text }).nullish() })
    .nullish()
    .transform((links) => ({ more: typeof links?.pages?.next === 'string' })),
  meta: z
    .object({ total: z.int() })
    .nullish()
    .transform((meta) => ({ total: meta?.total ?? null })),
};

export const answers = {
  balancer: z.object({ load_balancer: balancerFacts }).transform((body) => body.load_balancer),
  balancers: z
    .object({ load_balancers: z.array(balancerFacts), ...page })
    .transform((body) => ({ items: body.load_balancers, ...body.links, ...body.meta })),
  certificate: z.object({ certificate: certificateFacts }).transform((body) => body.certificate),
  droplet: z.object({ droplet: dropletFacts }).transform((body) => body.droplet),
  droplets: z
    .object({ droplets: z.array(dropletFacts), ...page })
    .transform((body) => ({ items: body.droplets, ...body.links, ...body.meta })),
};

export type Page<T> = {
  readonly items: readonly T[];
  readonly more: boolean;
  readonly total: number | null;
};
