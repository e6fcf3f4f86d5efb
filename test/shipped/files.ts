// The files that bgctl ships for a team's production, read as the tests beside this one need them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../sources.ts';

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Merge keys are filled in, as Compose does. */
export function yaml<T>(path: string): T {
  return parse(read(path), { merge: true }) as T;
}

export type Service = {
  readonly image?: string;
  readonly restart?: string;
  readonly user?: string;
  readonly privileged?: boolean;
  readonly read_only?: boolean;
  readonly init?: boolean;
  readonly tmpfs?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly deploy?: {
    readonly resources?: { readonly limits?: Readonly<Record<string, unknown>> };
  };
  readonly logging?: { readonly options?: Readonly<Record<string, string>> };
  readonly stop_grace_period?: string;
  readonly healthcheck?: { readonly test?: readonly string[] };
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly env_file?: string;
};
export type Compose = { readonly services: Readonly<Record<string, Service>> };

export const production = 'compose/docker-compose.prod.yml';
/** Each can also be run by itself. */
export const standing = ['data', 'nginx', 'vector', 'prometheus', 'otel'].map(overlay);
/** Only says more of what the others bring. */
export const oneDroplet = overlay('one-droplet');

function overlay(name: string): string {
  return `compose/overlays/${name}.yml`;
}

/** As `docker compose -f … -f …` puts files together: maps by key, and what comes later wins. */
export function together(files: readonly string[]): Readonly<Record<string, unknown>> {
  return files.map((file) => yaml<Readonly<Record<string, unknown>>>(file)).reduce(merged);
}

type Map = Readonly<Record<string, unknown>>;

function merged(one: Map, other: Map): Map {
  const isMap = (value: unknown): value is Map =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const entries = Object.entries(other).map(([key, value]) => {
    const before = one[key];
    return [key, isMap(before) && isMap(value) ? merged(before, value) : value] as const;
  });
  return { ...one, ...Object.fromEntries(entries) };
}
