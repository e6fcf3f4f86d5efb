// What bgctl knows of a balancer and of a droplet.
import type { Instant } from '../lib/clock.ts';
import type { DropletId } from '../promotion/environment.ts';

export type BalancerFacts = {
  readonly id: string;
  readonly name: string;
  /** Empty until the balancer is ready. */
  readonly ip: string;
  readonly status: string;
  /** `REGIONAL`, `REGIONAL_NETWORK` or `GLOBAL`. */
  readonly type: string;
  /** Without an address on the internet. */
  readonly internal: boolean;
  /** Its droplets are those with this tag; null: they are named one by one. */
  readonly tag: string | null;
  readonly region: string | null;
  readonly vpcUuid: string | null;
  /** Where people come in, and the droplets' port behind it: the first http(s) rule, https if http leads there. */
  readonly entry: { readonly protocol: 'http' | 'https'; readonly port: number } | null;
  readonly targetPort: number | null;
  /** Target ports of all rules. */
  readonly targetPorts: readonly number[];
  readonly healthCheck: HealthCheck;
  /** Keeps its connections to droplets open between requests. */
  readonly keepalive: boolean;
  readonly idleTimeoutS: number;
  readonly stickySessions: boolean;
  readonly proxyProtocol: boolean;
  /** People may come in by http although there is https: it is not redirected. */
  readonly plainToo: boolean;
  /** Ids of the certificates of its rules, each once. */
  readonly certificates: readonly string[];
  /** What a newly attached droplet at most waits for its first request, once the balancer knows of it. */
  readonly warmUpMs: number;
  /** From a droplet's first failed check until it gets no more requests, at most. */
  readonly evictionMs: number;
  /** Ascending. */
  readonly droplets: readonly DropletId[];
};

export type HealthCheck = {
  readonly protocol: string;
  readonly path: string;
  readonly port: number;
  readonly intervalS: number;
  readonly timeoutS: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
};

export type CertificateFacts = {
  readonly id: string;
  readonly name: string;
  /** DigitalOcean renews it by itself. */
  readonly renewed: boolean;
  /** `pending`, `verified` or `error`. */
  readonly state: string;
  /** Null while it is not issued. */
  readonly notAfter: Instant | null;
};

export type DropletFacts = {
  readonly id: DropletId;
  readonly name: string;
  readonly region: string;
  readonly vpcUuid: string | null;
  readonly privateAddress: string | null;
  readonly publicAddress: string | null;
  readonly status: string;
  readonly tags: readonly string[];
};

export function ascending(ids: readonly DropletId[]): readonly DropletId[] {
  return [...new Set(ids)].sort((one, other) => one - other);
}
