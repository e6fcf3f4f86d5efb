// Docker's API of one droplet, over its SSH connection; only what is read. Writes are guarded commands.
import type { Agent } from 'node:http';
import Docker from 'dockerode';
import type { Clock } from '../lib/clock.ts';
import { because, Failure } from '../lib/failure.ts';
import type { DropletId } from '../promotion/environment.ts';
import { type Container, containerOf } from './container.ts';
import { dockerAnswers, type ListedContainer, understood } from './docker-answers.ts';
import type { SshHost } from './ssh.ts';
import { within } from './within.ts';

export type Listed = {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly hostPorts: readonly number[];
};

export type RegistryAuth =
  | { readonly username: string; readonly password: string; readonly serveraddress: string }
  | { readonly identitytoken: string; readonly serveraddress: string };

/** Rejects with `Failure` only. */
export interface DockerHost {
  /** All containers of all compose projects and of none, stopped ones too. */
  list(): Promise<readonly Listed[]>;
  /** Containers of one compose project; one that vanishes meanwhile is left out. */
  containers(project: string): Promise<readonly Container[]>;
  /** Last lines of both streams, as the program wrote them: may hold secrets. */
  logs(container: Container, lines: number): Promise<string>;
  /** `repo@sha256:…` of every image that is there. */
  images(): Promise<readonly string[]>;
  /** Digest that the registry has for a reference. */
  digest(reference: string, auth: RegistryAuth | null): Promise<string>;
  /** The droplet's own time, in milliseconds since the epoch. */
  now(): Promise<number>;
}

const limitMs = 10_000;

/** Docker's API by the connections of an agent. */
export function dockerClient(agent: Agent): Docker {
  // Its types know no agent; docker-modem does.
  const over = { protocol: 'http' as const, host: 'localhost', port: 80, agent };
  return new Docker(over);
}

export function dockerOn(host: SshHost, droplet: DropletId, clock: Clock): DockerHost {
  const docker = dockerClient(host.dockerAgent);
  const reads = <T>(what: string, read: (signal: AbortSignal) => Promise<T>) =>
    asked(clock, `${what} on droplet ${droplet}`, read);
  return {
    list() {
      const what = 'Listing containers';
      return reads(what, async (abortSignal) => {
        const found = await docker.listContainers({ all: true, abortSignal });
        return understood(dockerAnswers.list, found, what).map(listed);
      });
    },
    async containers(project) {
      const label = [`com.docker.compose.project=${project}`];
      const what = `Reading ${project}`;
      return reads(what, async (abortSignal) => {
        const all = await docker.listContainers({ all: true, filters: { label }, abortSignal });
        const found = understood(dockerAnswers.list, all, what);
        const seen = await Promise.all(
          found.map(({ Id }) => docker.getContainer(Id).inspect({ abortSignal }).catch(vanished)),
        );
        return seen
          .filter((one) => one !== null)
          .map((one) => containerOf(understood(dockerAnswers.inspect, one, what)))
          .sort((one, other) => one.name.localeCompare(other.name));
      });
    },
    logs(container, lines) {
      return reads(`Reading logs of ${container.name}`, async (abortSignal) => {
        const options = { stdout: true, stderr: true, tail: lines, follow: false as const };
        const asked = docker.getContainer(container.id).logs({ ...options, abortSignal });
        const bytes = await asked.catch(vanished);
        if (bytes === null) return '';
        return container.tty ? bytes.toString('utf8') : demultiplexed(bytes);
      });
    },
    images() {
      const what = 'Listing images';
      return reads(what, async (abortSignal) => {
        const found = await docker.listImages({ digests: true, abortSignal });
        return understood(dockerAnswers.images, found, what);
      });
    },
    digest(reference, authconfig) {
      const what = `Asking the registry for ${reference}`;
      return reads(what, async () => {
        const options = authconfig === null ? {} : { authconfig };
        const found = await docker.getImage(reference).distribution(options).catch(unpushed);
        return understood(dockerAnswers.digest, found, what);
      });

      function unpushed(error: unknown): never {
        throw noSuchTag(reference, error) ?? error;
      }
    },
    now() {
      const what = 'Reading the time';
      return reads(what, async () => understood(dockerAnswers.time, await docker.info(), what));
    },
  };
}

/** A kept connection may have been closed by the time it is used again, so what only reads is asked twice. */
export async function asked<T>(
  clock: Clock,
  what: string,
  read: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await within({ clock, ms: limitMs, what }, async (signal) => {
      try {
        return await read(signal);
      } catch (error) {
        const { code } = error as { code?: unknown };
        if (error instanceof Failure || (code !== 'ECONNRESET' && code !== 'EPIPE')) throw error;
        return await read(signal);
      }
    });
  } catch (error) {
    throw dockerFailure(what, error);
  }
}

export function dockerFailure(what: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { statusCode } = error as { statusCode?: unknown };
  const text = because(error)
    .replace(/^\(HTTP code \d+\) /, '')
    .trim()
    .slice(0, 300);
  const refused = typeof statusCode === 'number' && statusCode < 500;
  return new Failure('host', `${what}: ${text}`, { retry: refused ? 'never' : 'soon' });
}

/** A registry that was asked and knows no such tag; null: it said something else. */
export function noSuchTag(reference: string, error: unknown): Failure | null {
  if (!/manifest unknown|manifest_unknown/i.test(because(error))) return null;
  const colon = reference.lastIndexOf(':');
  const [repository, tag] = [reference.slice(0, colon), reference.slice(colon + 1)];
  return new Failure(
    'host',
    `there is no tag ${tag} in ${repository}, as the registry says: was it pushed?`,
  );
}

export function vanished(error: unknown): null {
  if ((error as { statusCode?: unknown }).statusCode === 404) return null;
  throw error;
}

function listed(info: ListedContainer): Listed {
  const hostPorts = info.Ports.flatMap(({ PublicPort }) => (PublicPort ? [PublicPort] : []));
  return {
    id: info.Id,
    name: info.Names[0]?.replace(/^\//, '') ?? info.Id.slice(0, 12),
    project: info.Labels['com.docker.compose.project'] ?? '',
    labels: info.Labels,
    hostPorts: [...new Set(hostPorts)],
  };
}

/** Docker frames both streams: stream number, three zeros, length as 4 bytes, text. `only` one of them, or both. */
export function demultiplexed(bytes: Buffer, only?: 1 | 2): string {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + 8 <= bytes.length) {
    const length = bytes.readUInt32BE(at + 4);
    if (only === undefined || bytes[at] === only)
      parts.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString('utf8');
}
