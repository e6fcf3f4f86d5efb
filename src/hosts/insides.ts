// What probes look at inside droplets: containers and what they use, their logs, commands in them. Only asked, never changed.
import type Docker from 'dockerode';
import type { Clock, Instant } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { DropletId, ProjectAt } from '../promotion/environment.ts';
import type { ProjectHealth } from '../promotion/observation.ts';
import type { ContainerSeen, Insides, Usage } from '../world.ts';
import type { Container } from './container.ts';
import { asked, demultiplexed, dockerClient, vanished } from './docker.ts';
import { runIn } from './run-in.ts';
import type { SshPool } from './ssh.ts';
import { agentOver } from './wire.ts';

export type Looked = { readonly health: ProjectHealth; readonly containers: readonly Container[] };

type Given = {
  readonly pool: SshPool;
  readonly clock: Clock;
  readonly look: (place: ProjectAt) => Promise<Looked>;
  /** How far the droplet's clock is before ours. */
  readonly aheadMs: (droplet: DropletId) => Promise<number>;
};

/** Of one container, in one reading. */
const linesMax = 20_000;
/** A command that hangs must not keep the looks that decide from their connections: these are others. */
const socketsMax = 2;

export function insidesOf({ pool, clock, look, aheadMs }: Given): Insides {
  const clients = new Map<DropletId, Docker>();

  function docker(droplet: DropletId): Docker {
    const host = pool.on(droplet);
    const open = () => agentOver(() => host.connectDocker(), { maxSockets: socketsMax });
    const known = clients.get(droplet) ?? dockerClient(open());
    clients.set(droplet, known);
    return known;
  }

  return {
    async containers(place, { usage }) {
      const [{ health, containers }, ahead] = await Promise.all([
        look(place),
        aheadMs(place.droplet),
      ]);
      const lasting = containers.filter(({ oneOff }) => !oneOff);
      const used = lasting.map((container) =>
        usage && container.status === 'running'
          ? asked(clock, `Statistics of ${container.name}`, (signal) =>
              usageOf(docker(place.droplet), container, signal),
            )
          : null,
      );
      const all = await Promise.all(used);
      return {
        health,
        containers: lasting.map((container, index) => seenOf(container, ahead, all[index] ?? null)),
      };
    },

    async lines(place, { service, from, to }) {
      const [{ containers }, ahead] = await Promise.all([look(place), aheadMs(place.droplet)]);
      const wanted = containers.filter((one) => service === null || one.service === service);
      if (wanted.length === 0) throw noneOf(service, place);
      const span = { from: from + ahead, to: to + ahead };
      const texts = await Promise.all(
        wanted.map((container) =>
          asked(clock, `Reading logs of ${container.name}`, (signal) =>
            logsOf(docker(place.droplet), container, span, signal),
          ),
        ),
      );
      const lines = texts.map((text) => text.split('\n').filter((line) => line !== ''));
      return { lines: lines.flat(), whole: lines.every((one) => one.length < linesMax) };
    },

    async run(place, { service, command, timeoutMs }) {
      const { containers } = await look(place);
      const running = containers.find(
        (one) => one.service === service && one.status === 'running' && !one.oneOff,
      );
      if (running === undefined) return null;
      return runIn(docker(place.droplet), running, { command, timeoutMs, clock });
    },
  };
}

function seenOf(container: Container, ahead: number, usage: Usage | null): ContainerSeen {
  const { id, name, status, restarts, exitCode, oomKilled } = container;
  const startedAt = container.startedAt - ahead;
  return {
    id,
    name,
    running: status === 'running',
    restarts,
    startedAt,
    exitCode,
    oomKilled,
    usage,
  };
}

/** One reading, without Docker waiting a second for another. Null where the container has gone. */
async function usageOf(
  docker: Docker,
  { id, cpus }: Container,
  abortSignal: AbortSignal,
): Promise<Usage | null> {
  const options = { stream: false as const, 'one-shot': true, abortSignal };
  const stats = await docker.getContainer(id).stats(options).catch(vanished);
  if (stats === null) return null;
  const { cpu_stats: cpu, memory_stats: memory } = stats;
  return {
    memory: memoryOf(memory),
    memoryLimit: memory.limit ?? null,
    cpuMs: cpu.cpu_usage.total_usage / 1e6,
    cpus: cpus ?? cpu.online_cpus ?? 1,
    readAt: Date.parse(stats.read),
  };
}

/** As `docker stats` says it: files that were read and not touched again can be dropped at any time. */
function memoryOf({ usage, stats }: Docker.ContainerStats['memory_stats']): number | null {
  if (usage === undefined) return null;
  const files = (stats ?? {}) as { inactive_file?: number; total_inactive_file?: number };
  const idle = files.total_inactive_file ?? files.inactive_file ?? 0;
  return idle < usage ? usage - idle : usage;
}

/** Both streams, by the droplet's clock. */
async function logsOf(
  docker: Docker,
  { id, tty }: Container,
  { from, to }: { from: Instant; to: Instant },
  abortSignal: AbortSignal,
): Promise<string> {
  const seconds = (at: Instant) => (at / 1000).toFixed(3);
  const span = { since: seconds(from), until: seconds(to), tail: linesMax };
  const options = { stdout: true, stderr: true, follow: false as const, ...span, abortSignal };
  const bytes = await docker.getContainer(id).logs(options).catch(vanished);
  if (bytes === null) return '';
  return tty ? bytes.toString('utf8') : demultiplexed(bytes);
}

function noneOf(service: string | null, { project, droplet }: ProjectAt): Failure {
  const what = service === null ? 'no container' : `no container of ${service}`;
  return new Failure('host', `${project} has ${what} on droplet ${droplet}`, { retry: 'soon' });
}
