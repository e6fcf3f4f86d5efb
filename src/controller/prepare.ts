// From what an operator wants to a release that can be asked for: digests, fingerprints, the free pool, clashes.
import { createHash } from 'node:crypto';
import { Failure } from '../lib/failure.ts';
import type { App } from '../promotion/app.ts';
import { environmentsOf } from '../promotion/app.ts';
import { type DropletId, otherPool, type Pool } from '../promotion/environment.ts';
import { type Release, releaseId } from '../promotion/release.ts';

/** Looks that only preparing, planning and checking need. Every method rejects with `Failure` only. */
export interface Survey {
  /** The full reference by digest of an image as a droplet's registry login sees it: `repo@sha256:…`. */
  resolveDigest(droplet: DropletId, repository: string, wanted: string): Promise<string>;
  /** Path → sha256 of the env files on a droplet; a missing file has no entry. */
  fingerprints(
    droplet: DropletId,
    paths: readonly string[],
  ): Promise<Readonly<Record<string, string>>>;
  /** Host ports and names that containers of a droplet occupy. */
  occupied(droplet: DropletId): Promise<readonly Occupied[]>;
}

export type Occupied = {
  readonly container: string;
  /** Compose project, or null for a container started by hand. */
  readonly project: string | null;
  readonly hostPorts: readonly number[];
};

/** What the compose file says of the services that would run in green. */
export type Blueprint = {
  /** Service → repository. */
  readonly images: Readonly<Record<string, string>>;
  readonly envFiles: readonly string[];
  /** The rendering with a placeholder for the release's number: what makes a release the same. */
  fingerprintText(images: Readonly<Record<string, string>>): string;
  render(release: string, images: Readonly<Record<string, string>>): string;
  /** Published host ports and container names with where they stand in the compose file. */
  readonly claims: readonly Claim[];
};

export type Claim = {
  readonly what: 'port' | 'container-name';
  readonly value: string;
  /** `docker-compose.prod.yml:12`. */
  readonly where: string;
};

export type Wanted = {
  /** Service → tag or `sha256:…`; `*` for all others. */
  readonly versions: Readonly<Record<string, string>>;
  readonly requestedBy: string;
};

export type Prepared = {
  readonly pool: Pool;
  readonly droplets: readonly DropletId[];
  readonly images: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly key: string;
  readonly requestedBy: string;
};

/** Everything that forbids the promotion, at once. */
export class Unprepared extends Error {
  override readonly name = 'Unprepared';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** The pool that the next release runs on: not blue's; `a` for the first. */
export function freePool(app: App): Pool {
  const { live } = environmentsOf(app);
  return live === null ? 'a' : otherPool(live.pool);
}

export async function prepare(
  survey: Survey,
  given: {
    readonly blueprint: Blueprint;
    readonly wanted: Wanted;
    readonly pool: Pool;
    readonly droplets: readonly DropletId[];
  },
): Promise<Prepared> {
  const { blueprint, wanted, pool, droplets } = given;
  const first = droplets[0];
  if (first === undefined) throw new Unprepared([`pool ${pool} has no droplets`]);
  const problems = [...unmatched(blueprint.images, wanted.versions)];
  const images: Record<string, string> = {};
  const versions: Record<string, string> = {};
  for (const [service, repository] of Object.entries(blueprint.images)) {
    const version = wanted.versions[service] ?? wanted.versions['*'];
    if (version === undefined) continue;
    versions[service] = version;
    images[service] = await digestOf(survey, first, repository, version, problems);
  }
  const env = await fingerprints(survey, droplets, blueprint.envFiles, problems);
  if (problems.length > 0) throw new Unprepared(problems);
  const key = hash(
    JSON.stringify([sorted(images), blueprint.fingerprintText(images), sorted(env)]),
  );
  return { pool, droplets, images, versions, env, key, requestedBy: wanted.requestedBy };
}

/** Services without a version, and versions without a service: known before anybody is asked. */
export function unmatched(
  images: Blueprint['images'],
  versions: Wanted['versions'],
): readonly string[] {
  return [
    ...Object.keys(images)
      .filter((service) => versions[service] === undefined && versions['*'] === undefined)
      .map(
        (service) =>
          `no version was given for ${service}: write ${service}=TAG or ${service}=sha256:…`,
      ),
    ...Object.keys(versions)
      .filter((service) => service !== '*' && images[service] === undefined)
      .map((service) => `${service} is not a service that bgctl.yml names under images`),
  ];
}

/** What the registry refuses for good (no such tag, no such login) is one of the problems to mend. */
async function digestOf(
  survey: Survey,
  droplet: DropletId,
  repository: string,
  version: string,
  problems: string[],
): Promise<string> {
  try {
    return await survey.resolveDigest(droplet, repository, version);
  } catch (error) {
    if (!(error instanceof Failure) || error.retry !== 'never') throw error;
    problems.push(error.message);
    return '';
  }
}

/** The release with the app's next number, and its rendered compose file. */
export function number(
  prepared: Prepared,
  app: App,
  blueprint: Blueprint,
): { readonly release: Release; readonly compose: string } {
  const id = releaseId(app.released + 1);
  const compose = blueprint.render(id, prepared.images);
  const { images, versions, env, key, requestedBy } = prepared;
  return {
    release: { id, images, versions, composeHash: hash(compose), env, requestedBy, key },
    compose,
  };
}

async function fingerprints(
  survey: Survey,
  droplets: readonly DropletId[],
  paths: readonly string[],
  problems: string[],
): Promise<Readonly<Record<string, string>>> {
  if (paths.length === 0) return {};
  const all = await Promise.all(droplets.map((droplet) => survey.fingerprints(droplet, paths)));
  const found: Record<string, string> = {};
  for (const path of paths) {
    const hashes = all.map((one) => one[path]);
    const absent = droplets.filter((_, index) => hashes[index] === undefined);
    if (absent.length > 0)
      problems.push(
        `${path} is missing on droplet ${absent.join(', ')}: put it there before promoting`,
      );
    else if (new Set(hashes).size > 1)
      problems.push(`${path} is not the same on droplets ${droplets.join(', ')}: make them equal`);
    else found[path] = hashes[0] ?? '';
  }
  return found;
}

/**
 * Host ports and names that something else on green's droplets holds already; bgctl's own leftovers go first.
 * While the journal knows of nothing live, a project of the app is no clash: it may be what serves people, and
 * the app is held until it is adopted, instead of telling anybody to stop it.
 */
export async function clashes(
  survey: Survey,
  app: App,
  given: {
    readonly blueprint: Blueprint;
    readonly droplets: readonly DropletId[];
    /** Compose projects of the app on a droplet. */
    readonly projects: (droplet: DropletId) => Promise<readonly string[]>;
  },
): Promise<readonly string[]> {
  const known = app.present.map((place) => place.project);
  const unexplained = environmentsOf(app).live === null;
  const perDroplet = await Promise.all(
    given.droplets.map(async (droplet) => {
      const own = new Set([...known, ...(unexplained ? await given.projects(droplet) : [])]);
      const others = (await survey.occupied(droplet)).filter(
        ({ project }) => project === null || !own.has(project),
      );
      return given.blueprint.claims.flatMap((claim) =>
        others.filter((other) => holds(other, claim)).map((other) => clash(claim, other, droplet)),
      );
    }),
  );
  return perDroplet.flat();
}

function holds(other: Occupied, claim: Claim): boolean {
  return claim.what === 'port'
    ? other.hostPorts.includes(Number(claim.value))
    : other.container === claim.value;
}

function clash(claim: Claim, other: Occupied, droplet: DropletId): string {
  const subject =
    claim.what === 'port' ? `host port ${claim.value}` : `container name ${claim.value}`;
  const by = other.project === null ? `container ${other.container}` : `project ${other.project}`;
  return `${claim.where}: ${subject} is taken on droplet ${droplet} by ${by}: stop that, or publish another ${claim.what === 'port' ? 'port' : 'name'}`;
}

function sorted(record: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1));
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
