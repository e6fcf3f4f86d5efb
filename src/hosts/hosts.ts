// Compose projects on droplets: start, remove, look, count, drain.
import { createHash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import type { DropletId, ProjectAt } from '../promotion/environment.ts';
import type { Guard, Hosts, Insides } from '../world.ts';
import type { Container } from './container.ts';
import { ConnectionCounter } from './counting.ts';
import { type DockerHost, dockerOn } from './docker.ts';
import { orderHealth } from './drain.ts';
import { runGuarded, type Write } from './guarded.ts';
import { detail, judge, standing } from './health.ts';
import { insidesOf, type Looked } from './insides.ts';
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

export function dropletHosts(given: HostsGiven): Hosts & Insides {
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
    if (!matters) return clock.now() + (ahead.get(droplet) ?? 0);
    return clock.now() + (await aheadMs(droplet));
  }

  /** How far the droplet's clock is before ours. */
  async function aheadMs(droplet: DropletId): Promise<number> {
    const known = ahead.get(droplet);
    if (known !== undefined) return known;
    const asked = clock.now();
    const there = await docker(droplet).now();
    const found = there - (asked + clock.now()) / 2;
    ahead.set(droplet, found);
    return found;
  }

  async function look(place: ProjectAt): Promise<Looked> {
    const containers = await docker(place.droplet).containers(place.project);
    const at = await now(place.droplet, containers);
    const { is, restarts, worst } = judge(containers, at);
    const parts = await Promise.all(
      worst.slice(0, 3).map((container) => said(place, container, at)),
    );
    return { health: { is, restarts, detail: parts.join('\n').slice(0, 1500) }, containers };
  }

  async function said(place: ProjectAt, container: Container, at: number): Promise<string> {
    const logs = await docker(place.droplet).logs(container, detailLogLines);
    return detail(container, standing(container, at), logs);
  }

  const hosts: Hosts = {
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

    async inspect(place) {
      return (await look(place)).health;
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
  return { ...hosts, ...insidesOf({ pool, clock, look, aheadMs }) };

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
