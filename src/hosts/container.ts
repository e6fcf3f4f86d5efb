// A container as bgctl sees it: what of Docker's answer the rest of this folder reads.
import type { Instant } from '../lib/clock.ts';
import type { InspectedContainer } from './docker-answers.ts';

export type Container = {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  /** From `docker compose run`: not part of the running project. */
  readonly oneOff: boolean;
  readonly status: string;
  readonly exitCode: number;
  /** Why Docker could not start it. */
  readonly error: string;
  readonly oomKilled: boolean;
  /** On the droplet; 0 when it does not run. */
  readonly pid: number;
  /** By the droplet's clock. */
  readonly startedAt: Instant;
  readonly restarts: number;
  readonly restartPolicy: string;
  /** Null without a health check. */
  readonly health: { readonly status: string; readonly output: string } | null;
  /** Between SIGTERM and SIGKILL, where the owner said so. */
  readonly graceS: number | null;
  readonly tty: boolean;
  readonly hostNetwork: boolean;
  /** How many processors it may use, where the owner said so. */
  readonly cpus: number | null;
  readonly ports: readonly { readonly inside: number; readonly outside: number }[];
  /** `NAME=value`: secret; only to mask them in what is said of the container. */
  readonly env: readonly string[];
};

export function containerOf(seen: InspectedContainer): Container {
  const { State: state, Config: config } = seen;
  const labels = config.Labels;
  return {
    id: seen.Id,
    name: seen.Name.replace(/^\//, ''),
    service: labels['com.docker.compose.service'] ?? '',
    oneOff: labels['com.docker.compose.oneoff'] === 'True',
    status: state.Status,
    exitCode: state.ExitCode,
    error: state.Error ?? '',
    oomKilled: state.OOMKilled,
    pid: state.Pid,
    startedAt: Date.parse(state.StartedAt),
    restarts: seen.RestartCount,
    restartPolicy: seen.HostConfig.RestartPolicy?.Name ?? '',
    health: healthOf(seen),
    graceS: config.StopTimeout ?? null,
    tty: config.Tty ?? false,
    hostNetwork: seen.HostConfig.NetworkMode === 'host',
    cpus: cpusOf(seen.HostConfig),
    ports: portsOf(seen.NetworkSettings.Ports),
    env: config.Env ?? [],
  };
}

/** `cpus` of a compose file, or the quota and period of old. */
function cpusOf({ NanoCpus, CpuQuota, CpuPeriod }: InspectedContainer['HostConfig']) {
  if (NanoCpus) return NanoCpus / 1e9;
  return CpuQuota && CpuQuota > 0 ? CpuQuota / (CpuPeriod || 100_000) : null;
}

function healthOf({ State, Config }: InspectedContainer): Container['health'] {
  const health = State.Health ?? null;
  const none = health === null || health.Status === 'none';
  if (!none) return { status: health.Status, output: health.Log?.at(-1)?.Output ?? '' };
  // A container with a health check of which nothing is told has not passed it.
  const [test = 'NONE'] = Config.Healthcheck?.Test ?? [];
  return test === 'NONE' ? null : { status: 'starting', output: '' };
}

function portsOf(ports: InspectedContainer['NetworkSettings']['Ports']): Container['ports'] {
  const pairs = Object.entries(ports ?? {}).flatMap(([key, bindings]) =>
    key.endsWith('/tcp')
      ? (bindings ?? [])
          .filter(({ HostPort }) => HostPort !== '')
          .map(({ HostPort }) => `${key.slice(0, -4)} ${HostPort}`)
      : [],
  );
  // Docker lists IPv4 and IPv6 apart.
  return [...new Set(pairs)].map((pair) => {
    const [inside, outside] = pair.split(' ');
    return { inside: Number(inside), outside: Number(outside) };
  });
}
