// Where a probe's samples come from, as data: it is journaled, so it holds references to secrets, never secrets.
import { referencesIn } from '../lib/references.ts';

/** What is optional here is left out also by older journals, and then has its plain meaning. */
export type ProbeSpec =
  | HttpProbe
  | ContainerProbe
  | PrometheusProbe
  | BalancerProbe
  | LogsProbe
  | ExecProbe;

/** Asks every droplet of the environment, or the balancer's address, by HTTP. */
export type HttpProbe = HttpRequest & {
  readonly kind: 'http';
  readonly of: 'droplets' | 'balancer';
  readonly timeoutMs: number;
  /** Of the droplets; left out: the first of bgctl.yml's `traffic.ports`. */
  readonly port?: number;
  readonly tls?: TlsSpec;
  /** Asked in turns, by weight; left out: the request above alone. */
  readonly endpoints?: readonly (HttpRequest & { readonly weight: number })[];
  /** Requests a second to the whole environment, at most. */
  readonly rate?: number;
  /** Requests to the whole environment at the same time, at most. */
  readonly concurrency?: number;
  /** So long after a phase's first question to a droplet its answers do not count. */
  readonly warmUpMs?: number;
  readonly floor?: FloorSpec;
};

export type HttpRequest = {
  /** Null: the health path of bgctl.yml's `traffic.health`. */
  readonly path: string | null;
  /** A text that the body must contain. */
  readonly expect: string | null;
  /** GET where left out. */
  readonly method?: HttpMethod;
  /** Values may refer to the controller's environment as `${NAME}`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Left out: 200 to 299. */
  readonly status?: readonly StatusRange[];
  readonly json?: readonly JsonCondition[];
};

export const httpMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
type HttpMethod = (typeof httpMethods)[number];
type StatusRange = { readonly from: number; readonly to: number };
/** Without `equals`: whether there is anything at the path. */
export type JsonCondition = {
  readonly path: string;
  readonly equals?: string | number | boolean | null;
  readonly exists?: boolean;
};

export type TlsSpec = {
  /** Name that is asked for and that the certificate must bear; left out: the address. */
  readonly serverName?: string;
  /** Path of PEM certificates on the controller; left out: the authorities that node trusts. */
  readonly ca?: string;
  /** Any certificate will do. */
  readonly insecure?: boolean;
};

/** Asks only as many requests as real traffic lacks. */
export type FloorSpec = {
  /** Requests a second to the environment. */
  readonly rate: number;
  /** Where real traffic is known from: requests a second, or matching lines a minute. */
  readonly traffic: PrometheusProbe | LogsProbe;
  /** Whether that source counts bgctl's own requests too. */
  readonly countsProbes: boolean;
};

/** The containers as Docker tells them: health, restarts, exits, out of memory, and use against limits. */
export type ContainerProbe = {
  readonly kind: 'container';
  /** Share of the limit that is too much; either one makes Docker's statistics be asked for. */
  readonly memoryMax?: number;
  readonly cpuMax?: number;
  /** Which share is the sample's value; left out: memory, where statistics are asked for. */
  readonly value?: 'memory' | 'cpu';
};

/** Beyond a bound a measured number is an error; without bounds every number is ok, and judged by its value. */
export type Bounds = { readonly min?: number; readonly max?: number };

export type PrometheusProbe = Bounds & {
  readonly kind: 'prometheus';
  readonly url: string;
  /** PromQL; `{environment}`, `{release}`, `{app}`, `{pool}` and `{droplet}` are filled in. */
  readonly query: string;
  /** The value is then `query` divided by this. */
  readonly denominator?: string;
  readonly through: 'controller' | 'droplet';
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: TlsSpec;
  readonly timeoutMs: number;
};

/** DigitalOcean's own view of the balancer; shares are 0..1, times milliseconds. */
export type BalancerProbe = Bounds & {
  readonly kind: 'balancer';
  readonly quantity: 'health' | 'errors' | 'responseTime';
  /** Of the response time; mean where left out. */
  readonly quantile?: 'mean' | 'p50' | 'p95' | 'p99';
};

/** Lines a minute of the containers' logs that match. */
export type LogsProbe = Bounds & {
  readonly kind: 'logs';
  /** A regular expression, or a plain text. */
  readonly match: { readonly pattern: string } | { readonly text: string };
  /** Left out: every service of the project. */
  readonly service?: string;
};

export type ExecProbe = Bounds & {
  readonly kind: 'exec';
  /** Words; `{environment}` and the like are filled in. */
  readonly command: readonly string[];
  /** Service in whose container it runs; null: on the controller. */
  readonly service: string | null;
  /** The exit code is the answer, or a number on stdout is the value. */
  readonly yields: 'exit-code' | 'number';
  readonly timeoutMs: number;
};

/** Whether a probe asks one question of the whole environment, rather than one of each droplet. */
export function isAskedOnce(spec: ProbeSpec): boolean {
  switch (spec.kind) {
    case 'http':
      return spec.of === 'balancer';
    case 'prometheus':
      return !`${spec.query} ${spec.denominator ?? ''}`.includes('{droplet}');
    case 'balancer':
      return spec.quantity !== 'health';
    case 'exec':
      return spec.service === null && !spec.command.some((word) => word.includes('{droplet}'));
    case 'container':
    case 'logs':
      return false;
  }
}

/** Names of the environment's variables that a probe's requests refer to. */
export function variablesOf(spec: ProbeSpec): readonly string[] {
  const sent = (one: Pick<HttpRequest, 'headers' | 'body'>) =>
    [...Object.values(one.headers ?? {}), one.body ?? ''].flatMap(referencesIn);
  if (spec.kind === 'prometheus') return sent(spec);
  if (spec.kind !== 'http') return [];
  const floor = spec.floor === undefined ? [] : variablesOf(spec.floor.traffic);
  return [...(spec.endpoints ?? [spec]).flatMap(sent), ...floor];
}

/** What `{…}` in a query or a word may be. */
export const placeholders = ['environment', 'release', 'app', 'pool', 'droplet'] as const;
