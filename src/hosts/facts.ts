// What `check` and `plan` want to know of a droplet; changes nothing there.
import type { Clock } from '../lib/clock.ts';
import { because, Failure } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import type { DropletId } from '../promotion/environment.ts';
import { type ClockAhead, clockAhead } from './clock-ahead.ts';
import { dockerOn } from './docker.ts';
import { lookAround, unreadable } from './look-around.ts';
import { registryLogin, registryOf } from './registry.ts';
import { envFilesScript, factsScript } from './scripts.ts';
import type { SshHost, SshPool } from './ssh.ts';

export type HostFacts = {
  /** Null where it does not answer; then `dockerTrouble` says why. */
  readonly docker: string | null;
  readonly dockerTrouble: string;
  /** The user that commands run as, where that is not root. */
  readonly notRoot: string | null;
  /** Null where `docker compose` is missing. */
  readonly compose: string | null;
  /** Programs that bgctl uses and the droplet lacks. */
  readonly missingPrograms: readonly string[];
  /** Whether HTTP probes can go through SSH; null, or why not. */
  readonly tcpTrouble: string | null;
  /** At Docker's root. */
  readonly diskFreeBytes: number | null;
  readonly memoryAvailableBytes: number | null;
  /** As `uname -r` says it. */
  readonly kernel: string | null;
  /** Whether something keeps the droplet's clock; null: it cannot be told. */
  readonly synchronised: boolean | null;
  readonly ahead: ClockAhead | null;
  /** Null where the compose directory can be written, or made. */
  readonly directoryTrouble: string | null;
  /** Registry host → whether the user there has a login for it. */
  readonly logins: Readonly<Record<string, boolean>>;
};

type EnvFile = {
  /** As `stat` prints it: `600`. */
  readonly mode: string;
  readonly owner: string;
  /** Null where this user may not read it. */
  readonly sha256: string | null;
};

type PublishedPort = {
  readonly container: string;
  /** Compose project; empty without one. */
  readonly project: string;
  readonly hostPort: number;
};

/** Every method rejects with `Failure` only. */
export interface DropletFacts {
  /** `repositories`: those whose registry logins are asked for. */
  hostFacts(droplet: DropletId, repositories: readonly string[]): Promise<HostFacts>;
  /** Path → what is there; null where nothing is. */
  envFiles(
    droplet: DropletId,
    paths: readonly string[],
  ): Promise<Readonly<Record<string, EnvFile | null>>>;
  /** Path → sha256 of its content. Rejects where one is missing or unreadable. */
  fingerprints(
    droplet: DropletId,
    paths: readonly string[],
  ): Promise<Readonly<Record<string, string>>>;
  /** TCP ports of the droplet that containers hold, running or not. */
  publishedPorts(droplet: DropletId): Promise<readonly PublishedPort[]>;
  /** Names of all containers, running or not: a `container_name` can be had once. */
  containerNames(droplet: DropletId): Promise<readonly { name: string; project: string }[]>;
  /** `repo@sha256:…` of every image that is there. */
  images(droplet: DropletId): Promise<readonly string[]>;
  /** `repo@sha256:…` of a tag, asked of the registry with the droplet's login; a digest is returned as it is. */
  resolveDigest(droplet: DropletId, repository: string, tagOrDigest: string): Promise<string>;
}

export function dropletFacts(given: {
  readonly settings: Settings;
  readonly pool: SshPool;
  readonly clock: Clock;
}): DropletFacts {
  const { settings, pool, clock } = given;
  const docker = (droplet: DropletId) => dockerOn(pool.on(droplet), droplet, clock);
  const facts: DropletFacts = {
    async hostFacts(droplet, repositories) {
      const host = pool.on(droplet);
      const [lines, tcpTrouble, logins, ahead] = await Promise.all([
        lookAround(settings, host, factsScript, [settings.compose.directory]),
        tcpTroubleOf(host, settings.hosts.port),
        loginsOf(settings, host, repositories),
        clockAhead(host, clock),
      ]);
      return { ...factsOf(lines), tcpTrouble, logins, ahead };
    },
    async envFiles(droplet, paths) {
      if (paths.length === 0) return {};
      const lines = await lookAround(settings, pool.on(droplet), envFilesScript, paths);
      // Each line ends with a newline, the last one too.
      if (lines.length !== paths.length + 1 || lines.at(-1) !== '') throw unreadable();
      return Object.fromEntries(paths.map((path, at) => [path, envFileOf(lines[at] ?? '')]));
    },
    async fingerprints(droplet, paths) {
      const files = Object.entries(await facts.envFiles(droplet, paths));
      return Object.fromEntries(
        files.map(([path, file]) => [path, fingerprintOf(droplet, path, file)]),
      );
    },
    async publishedPorts(droplet) {
      const all = await docker(droplet).list();
      return all.flatMap(({ name: container, project, hostPorts }) =>
        hostPorts.map((hostPort) => ({ container, project, hostPort })),
      );
    },
    async containerNames(droplet) {
      return (await docker(droplet).list()).map(({ name, project }) => ({ name, project }));
    },
    images: (droplet) => docker(droplet).images(),
    async resolveDigest(droplet, repository, tagOrDigest) {
      if (/^sha256:[\da-f]{64}$/.test(tagOrDigest)) return `${repository}@${tagOrDigest}`;
      const login = await registryLogin(settings, pool.on(droplet), registryOf(repository));
      const digest = await docker(droplet).digest(`${repository}:${tagOrDigest}`, login);
      return `${repository}@${digest}`;
    },
  };
  return facts;
}

async function tcpTroubleOf(host: SshHost, port: number): Promise<string | null> {
  try {
    (await host.connectTcp('127.0.0.1', port)).destroy();
    return null;
  } catch (error) {
    // It could ask; that nobody listens there is another matter.
    return (error as { code?: unknown }).code === 'ECONNREFUSED' ? null : because(error);
  }
}

async function loginsOf(
  settings: Settings,
  host: SshHost,
  repositories: readonly string[],
): Promise<Record<string, boolean>> {
  const registries = [...new Set(repositories.map(registryOf))];
  const found = registries.map(
    async (registry) =>
      [registry, (await registryLogin(settings, host, registry)) !== null] as const,
  );
  return Object.fromEntries(await Promise.all(found));
}

/** Of some facts silence is good news, so that a text without its end says nothing. */
function factsOf(lines: readonly string[]): Omit<HostFacts, 'tcpTrouble' | 'logins' | 'ahead'> {
  if (lines.at(-2) !== 'end=' || lines.at(-1) !== '') throw unreadable();
  const said = new Map(
    lines.map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]),
  );
  const text = (name: string) => said.get(name) || null;
  const number = (name: string) =>
    /^\d{1,15}$/.test(text(name) ?? '') ? Number(text(name)) * 1024 : null;
  if (['missing', 'compose', 'memoryKib'].some((name) => !said.has(name))) throw unreadable();
  return {
    docker: text('docker'),
    dockerTrouble: text('dockerTrouble') ?? '',
    notRoot: text('notRoot'),
    compose: text('compose'),
    missingPrograms: (text('missing') ?? '').split(' ').filter(Boolean),
    diskFreeBytes: number('diskKib'),
    memoryAvailableBytes: number('memoryKib'),
    kernel: text('kernel'),
    synchronised: { yes: true, no: false }[text('synchronised') ?? ''] ?? null,
    directoryTrouble: text('directoryTrouble'),
  };
}

/** `600 root sha256`, the last missing where it may not be read; empty where there is no file. */
function envFileOf(line: string): EnvFile | null {
  if (line === '') return null;
  const [, mode, owner, sha256] = /^([0-7]{1,4}) (\S+) ([\da-f]{64})?$/.exec(line) ?? [];
  if (mode === undefined || owner === undefined) throw unreadable();
  return { mode, owner, sha256: sha256 ?? null };
}

function fingerprintOf(droplet: DropletId, path: string, file: EnvFile | null): string {
  if (file === null) throw new Failure('host', `${path} is not on droplet ${droplet}.`);
  if (file.sha256 !== null) return file.sha256;
  throw new Failure(
    'host',
    `${path} on droplet ${droplet} belongs to ${file.owner} (mode ${file.mode}) and cannot be read. Set hosts.sudo.`,
  );
}
