// A balancer's settings in HAProxy's words: the configuration file, and what is said of each server.
import type { Knobs } from '../knobs.ts';
import type { HealthCheck, Settings } from '../settings.ts';

export interface Place {
  address: string;
  port: number;
  /** Holds the states of servers across a reload. */
  stateFile: string;
}

export interface Server {
  name: string;
  address: string;
}

/** Of the only backend; `targets/NAME` is a server in the runtime API. */
export const backend = 'targets';
/** Requests begin so in the log: status, how it ended, server. */
export const requestMark = 'request';

const connectMs = 5000;
/** A dynamic server of HAProxy 2.6 pools nothing unless told how much. */
const pooledMax = 500;

/** The whole file; `servers` are those that stand when it is loaded, later ones are added over the socket. */
export function configOf(
  place: Place,
  settings: Settings,
  knobs: Knobs,
  servers: readonly Server[],
): string {
  const idleMs = milliseconds(settings.http_idle_timeout_seconds);
  const { health_check: check, enable_backend_keepalive: keepAlive } = settings;
  return `global
  log stdout format raw local0
  # Else two of them could share a port, and each get half of the other's requests.
  noreuseport
  nbthread 1
  maxconn 2000
  server-state-file ${place.stateFile}
defaults
  mode http
  log global
  log-format "${requestMark} %ST %ts %s"
  option dontlognull
  option idle-close-on-response
  # Who has left waits for no answer.
  option abortonclose
  option ${keepAlive ? 'http-keep-alive' : 'http-server-close'}
  # Nothing is tried twice: what is lost must show.
  retries 0
  timeout connect ${Math.min(connectMs, idleMs)}ms
  timeout client ${idleMs}ms
  timeout server ${idleMs}ms
  timeout http-keep-alive ${idleMs}ms
  timeout tunnel ${milliseconds(knobs.tunnelIdleMs / 1000)}ms
frontend front
  bind ${place.address}:${place.port}
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Port %[dst_port]
  default_backend ${backend}
backend ${backend}
  balance roundrobin
  http-reuse ${keepAlive ? 'safe' : 'never'}
  load-server-state-from-file global
  timeout check ${milliseconds(check.response_timeout_seconds)}ms
${checkLines(check, knobs)}${servers.map((one) => serverLine(one, settings, knobs)).join('')}`;
}

/** What follows a server's name, in the file and in `add server`. */
export function serverWords(address: string, settings: Settings, knobs: Knobs): string {
  const port = settings.forwarding_rules[0]?.target_port ?? 80;
  const { health_check: check } = settings;
  const checked = [
    `check port ${check.port} inter ${milliseconds(check.check_interval_seconds)}ms`,
    `rise ${check.healthy_threshold} fall ${check.unhealthy_threshold}`,
  ];
  const pooled = `pool-max-conn ${pooledMax} pool-purge-delay ${Math.round(knobs.poolIdleMs)}ms`;
  return [`${address}:${port}`, ...(isChecked(settings) ? checked : []), pooled].join(' ');
}

/** The data plane speaks plain HTTP to its targets; an https check that passed would be made up. */
export function isChecked({ health_check: { protocol } }: Settings): boolean {
  return protocol !== 'https';
}

function serverLine({ name, address }: Server, settings: Settings, knobs: Knobs): string {
  const state = isChecked(settings) ? '' : ' disabled';
  return `  server ${name} ${serverWords(address, settings, knobs)}${state}\n`;
}

function checkLines({ protocol, path }: HealthCheck, knobs: Knobs): string {
  if (protocol !== 'http') return '';
  const statuses = knobs.healthyStatuses === '2xx' ? '200-299' : '200-399';
  return `  option httpchk
  http-check send meth GET uri ${quoted(path)} ver HTTP/1.1 hdr Host balancer.health
  http-check expect status ${statuses}
`;
}

/** In its strong quotes HAProxy reads nothing but their end; what a path may not hold is encoded. */
function quoted(path: string): string {
  const safe = path.replace(/[^\x21-\x7e]|'/gu, (one) =>
    one === "'" ? '%27' : encodeURIComponent(one),
  );
  return `'${safe}'`;
}

/** HAProxy takes no zero and no fractions. */
function milliseconds(seconds: number): number {
  return Math.max(1, Math.round(seconds * 1000));
}
