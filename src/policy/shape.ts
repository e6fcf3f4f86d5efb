// Checks data against a schema: every problem of shape, in an operator's words, and the sections that are sound.
import { z } from 'zod';
import { nearest } from './nearest.ts';
import { type Finding, type Path, pathText } from './problem.ts';
import { shown } from './secret.ts';
import type { Wanted } from './words.ts';

type Issue = z.core.$ZodIssue;
/** The part of a JSON Schema that knows keys. */
type Keys = {
  readonly properties?: Readonly<Record<string, Keys>>;
  readonly items?: Keys;
  readonly anyOf?: readonly Keys[];
  readonly additionalProperties?: Keys | boolean;
};

export type Shaped<T> = {
  readonly findings: readonly Finding[];
  /** The top-level sections without a problem, so that rules can speak of them although others are wrong. */
  readonly sound: Partial<T>;
  readonly whole: T | null;
};

export function checkShape<S extends z.ZodObject>(schema: S, data: unknown): Shaped<z.output<S>> {
  const result = schema.safeParse(data);
  if (result.success) return { findings: [], sound: result.data, whole: result.data };
  const keys = z.toJSONSchema(schema, { io: 'input' }) as Keys;
  const findings = explainAll(result.error.issues, [], { data, keys });
  return { findings, sound: soundSections(schema, data), whole: null };
}

function soundSections<S extends z.ZodObject>(schema: S, data: unknown): Partial<z.output<S>> {
  if (typeof data !== 'object' || data === null) return {};
  const written = data as Record<string, unknown>;
  const sections = Object.entries(schema.shape).flatMap(([key, section]) => {
    const result = z.safeParse(section, written[key]);
    return result.success ? [[key, result.data]] : [];
  });
  return Object.fromEntries(sections) as Partial<z.output<S>>;
}

type Source = { readonly data: unknown; readonly keys: Keys };

function explainAll(issues: readonly Issue[], above: Path, source: Source): Finding[] {
  const unknown = issues.filter((issue) => issue.code === 'unrecognized_keys').map(placeOf);
  // That a map lacks a key is no news where the key is there, only misspelt.
  const told = issues.filter(
    (issue) => issue.code !== 'custom' || !unknown.includes(placeOf(issue)),
  );
  return told.flatMap((issue) => explain(issue, above, source));
}

function placeOf(issue: Issue): string {
  return JSON.stringify(issue.path.map(String));
}

function explain(issue: Issue, above: Path, source: Source): Finding[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === 'symbol' ? '' : part))];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(key, path, source.keys));
  }
  if (issue.code === 'invalid_key') {
    const { mend } = wanted(issue.issues[0]?.message ?? '');
    const key = String(path.at(-1) ?? '');
    return [{ path, atKey: true, message: `\`${key}\` cannot be a name here`, mend }];
  }
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((errors) => errors.length > 0 && !errors.some(isAboutTheWhole));
    if (meant !== undefined) return explainAll(meant, path, source);
  }
  return [{ path, ...wrongValue(valueAt(source.data, path), wanted(issue.message)) }];
}

/** Such an issue says that this branch of a union was not meant at all. */
function isAboutTheWhole(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code !== 'unrecognized_keys';
}

function wrongValue(value: unknown, want: Wanted): { message: string; mend: string } {
  const { mend } = want;
  if (value === undefined) return { message: 'is missing', mend };
  if (value === null) return { message: 'has no value', mend };
  if ('message' in want) return want;
  return { message: `${shown(value)} is not ${want.what}`, mend };
}

function wanted(message: string): Wanted {
  try {
    return JSON.parse(message) as Wanted;
  } catch {
    return { what: 'right', mend: message };
  }
}

function unknownKey(key: string, path: Path, keys: Keys): Finding {
  const known = knownAt(keys, path);
  const meant = nearest(key, known);
  const elsewhere = shallowest(placesOf(key, keys)).map((place) => `\`${pathText(place)}\``);
  const mend =
    meant !== null
      ? `did you mean \`${meant}\`?`
      : elsewhere.length > 0
        ? `did you mean ${elsewhere.slice(0, 3).join(' or ')}?`
        : `known here: ${known.join(', ')}`;
  return { path: [...path, key], atKey: true, message: 'is not a known key', mend };
}

function knownAt(keys: Keys, path: Path): string[] {
  const [part, ...rest] = path;
  const branches = keys.anyOf ?? [keys];
  if (part === undefined) return branches.flatMap((branch) => Object.keys(branch.properties ?? {}));
  for (const branch of branches) {
    const next = typeof part === 'number' ? branch.items : branch.properties?.[part];
    if (next !== undefined) return knownAt(next, rest);
  }
  return [];
}

/** What is deeply hidden is seldom what was meant by a key that stands somewhere else. */
function shallowest(places: readonly Path[]): readonly Path[] {
  const depth = Math.min(...places.map((place) => place.length));
  return places.filter((place) => place.length === depth);
}

/** Where a key of this name is known, as `traffic.health`. */
function placesOf(key: string, keys: Keys, above: Path = []): Path[] {
  const branches = [keys, ...(keys.anyOf ?? [])];
  return branches.flatMap((branch) => [
    ...Object.entries(branch.properties ?? {}).flatMap(([name, inner]) => [
      ...(name === key ? [[...above, name]] : []),
      ...placesOf(key, inner, [...above, name]),
    ]),
    ...(branch.items === undefined ? [] : placesOf(key, branch.items, [...above, 0])),
  ]);
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    data,
  );
}
