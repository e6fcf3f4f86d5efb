// What is run: images by digest, the compose file as rendered, the env files' fingerprints. Immutable, numbered.

/** A release's number as people say it: `r42`. */
export type ReleaseId = string;

export type Release = {
  readonly id: ReleaseId;
  /** Service → full reference by digest: `ghcr.io/acme/shop/web@sha256:…`. */
  readonly images: Readonly<Record<string, string>>;
  /** Service → the version that was asked for, a tag or a digest. For people; older journals do not tell. */
  readonly versions?: Readonly<Record<string, string>>;
  /** sha256 of the rendered compose file; the text lies beside the journal (`Journal.load`). */
  readonly composeHash: string;
  /** Path of an env file on the droplets → sha256 of its content. */
  readonly env: Readonly<Record<string, string>>;
  /** Who asked: a login, or a CI run's address. */
  readonly requestedBy: string;
  /** Same key, same release: a second promote of it attaches instead of starting another. */
  readonly key: string;
};

/** `v2` where all services were asked for as v2, `web v2, worker v3` where not; null: nobody knows. */
export function versionText({ versions = {} }: Release): string | null {
  const said = Object.entries(versions);
  const [first] = said;
  if (first === undefined) return null;
  if (said.every(([, version]) => version === first[1])) return first[1];
  return said.map(([service, version]) => `${service} ${version}`).join(', ');
}

/** `r42` of 42. */
export function releaseId(number: number): ReleaseId {
  return `r${number}`;
}

/** 42 of `r42`; 0 of anything else (an adopted release). */
export function releaseNumber(id: ReleaseId): number {
  const digits = /^r(\d+)$/.exec(id)?.[1];
  return digits === undefined ? 0 : Number(digits);
}
