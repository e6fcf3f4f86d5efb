// Compose projects on droplets: start, remove, look, count, drain.
import { createHash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import type { DropletId, ProjectAt } from '../promotion/environment.ts';
import type { ProjectHealth } from '../promotion/observation.ts';
import type { Guard, Hosts } from '../world.ts';
import type { Container } from './container.ts';
import { ConnectionCounter } from './counting.ts';
import { type DockerHost, dockerOn } from './docker.ts';
import { orderHealth } from './drain.ts';
import { runGuarded, type Write } from './guarded.ts';
import { detail, judge, standing } from './health.ts';
import { downWords, pullWords, releaseDirectory, switchedServices, upWords } from './project.ts';
import { complaint, redact } from './redact.ts';
import { removeScript, uploadScript } from './scripts.ts';
import type { SshPool } from './ssh.ts';
import { projectsOfApp } from './strangers.ts';

export type HostsGiven = {
  readonly settings: Settings;
  readonly pool: SshPool;
  readonly clock: Clock;
};

/** Docker's own patience with a container that was told to stop. */
const usualGraceS = 10;
const detailLogLines = 10;

export function dropletHosts(given: HostsGiven): Hosts {
  const { settings, pool, clock } = given;
  const dockers = new Map<DropletId, DockerHost>();
  const ahead = new Map<DropletId, number>();
  const counter = new ConnectionCounter(settings, clock);
  let lastTurn = 0;

  function docker(droplet: DropletId): DockerHost {
    const known = dockers.get(droplet) ?? dockerOn(pool.on(droplet), droplet, clock);
    dockers.set(droplet, known);
    return known;
  }

  /** Runs a write; rejects with what it complained of unless it exits with 0. `until`: by our clock. */
  async function write(job: Omit<Write, 'turn' | 'limitMs'>, until: number): Promise<void> {
    const limitMs = until - clock.now();
    if (limitMs <= 0) throw outOfTime(job);
    lastTurn = Math.max(lastTurn + 1, clock.now());
    const host = pool.on(job.place.droplet);
    const ran = await runGuarded(settings, host, { ...job, turn: lastTurn, limitMs });
    if (ran.code === 0) return;
    const why = complaint(ran.stderr);
    const at = `${job.place.project} on droplet ${job.place.droplet}`;
    const text = `${job.what} of ${at} failed (exit code ${ran.code}): ${why}`;
    throw new Failure('host', text, { retry: hopeless.test(why) ? 'never' : 'soon' });
  }

  async function now(droplet: DropletId, containers: readonly Container[]): Promise<number> {
    const matters = containers.some(
      ({ health, status }) => health === null && status === 'running',
    );
    const known = ahead.get(droplet);
    if (known !== undefined || !matters) return clock.now() + (known ?? 0);
    const there = await docker(droplet).now();
    ahead.set(droplet, there - clock.now());
    return there;
  }

  async function said(place: ProjectAt, container: Container, at: number): Promise<string> {
    const logs = await docker(place.droplet).logs(container, detailLogLines);
    return detail(container, standing(container, at), logs);
  }

  return {
    async start(place, { compose, guard }) {
      const until = clock.now() + guard.limitMs;
      const hash = createHash('sha256').update(compose).digest('hex');
      const directory = releaseDirectory(settings, place.project);
      const upload = ['sh', '-c', uploadScript, 'bgctl', directory, hash];
      const job = { place, guard };
      await write({ ...job, command: upload, stdin: compose, what: 'Upload' }, until);
      await write({ ...job, command: pullWords(settings, place), what: 'Pull' }, until);
      await write({ ...job, command: upWords(settings, place), what: 'Start' }, until);
    },

    async remove(place, guard) {
      const until = clock.now() + guard.limitMs;
      const containers = await docker(place.droplet).containers(place.project);
      const wanted = Math.max(...containers.map(({ graceS }) => graceS ?? usualGraceS), 1);
      const graceS = Math.max(1, Math.min(wanted, Math.floor(guard.limitMs / 2000)));
      const down = downWords(settings, place, graceS);
      const directory = releaseDirectory(settings, place.project);
      const fence = [settings.app, switchedServices(settings).join(' ')];
      const data = [directory, place.project, String(graceS), ...fence, ...down];
      const command = ['sh', '-c', removeScript, 'bgctl', ...data];
      await write({ place, guard, command, what: 'Removal' }, until);
    },

    failHealth: (place, guard) => order(place, guard, 'fail'),
    restoreHealth: (place, guard) => order(place, guard, 'restore'),

    async inspect(place): Promise<ProjectHealth> {
      const containers = await docker(place.droplet).containers(place.project);
      const at = await now(place.droplet, containers);
      const { is, restarts, worst } = judge(containers, at);
      const parts = await Promise.all(
        worst.slice(0, 3).map((container) => said(place, container, at)),
      );
      return { is, restarts, detail: parts.join('\n').slice(0, 1500) };
    },

    async connections(place) {
      const containers = await docker(place.droplet).containers(place.project);
      return counter.count(pool.on(place.droplet), containers);
    },

    async projects(droplet) {
      return projectsOfApp(settings, await docker(droplet).list());
    },

    async logs(place, lines) {
      const api = docker(place.droplet);
      const parts = (await api.containers(place.project)).map(async (container) => {
        const text = redact(await api.logs(container, lines), container.env).trimEnd();
        return `== ${container.name} (${container.status})\n${text}\n`;
      });
      return (await Promise.all(parts)).join('');
    },

    close: () => pool.close(),
  };

  async function order(place: ProjectAt, guard: Guard, which: 'fail' | 'restore'): Promise<void> {
    const until = clock.now() + guard.limitMs;
    const containers = await docker(place.droplet).containers(place.project);
    const given = { settings, host: pool.on(place.droplet), clock };
    await orderHealth(given, place, which, containers, (command) =>
      write({ place, guard, command, what: 'The health order' }, until),
    );
  }
}

/** Trying again would get the same answer. */
const hopeless =
  /manifest unknown|not found: manifest|unauthorized|authentication required|no basic auth|access denied|denied:|port is already allocated|validating |env file .* not found|no such file|a password is required/i;

function outOfTime(job: Omit<Write, 'turn' | 'limitMs'>): Failure {
  const at = `${job.place.project} on droplet ${job.place.droplet}`;
  return new Failure('host', `No time was left for the next part of it: ${job.what} of ${at}.`, {
    retry: 'soon',
  });
}
