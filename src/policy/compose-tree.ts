// A compose file as a tree that keeps every scalar exactly as written, with its place; aliases and merges resolved.

import type { LineCounter, Node } from 'yaml';
import { Document, isAlias, isMap, isScalar, isSeq, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { Problem } from './problem.ts';
import { type OpenYaml, openYaml, unreadable } from './yaml-file.ts';

export type Place = { readonly line: number; readonly column: number };
export type MapTree = Place & {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
};
export type ListTree = Place & { readonly kind: 'list'; readonly items: readonly Tree[] };
export type TextTree = Place & {
  readonly kind: 'text';
  readonly value: string;
  /** Written without quotes: whether `8000` is a number is for Compose to say. */
  readonly plain: boolean;
};
export type Tree = MapTree | ListTree | TextTree;
/** The place is the key's. */
export type Entry = Place & { readonly plain: boolean; readonly value: Tree };

/**
 * Never throws. A tree is given although keys are written twice, so that all problems can be told at once.
 * No scalar is interpreted: `0440`, `3.10` and `"yes"` come out as they went in.
 */
export function readTree(
  text: string,
  file: string,
): { tree: Tree | null; problems: readonly Problem[] } {
  const yaml = openYaml(text, file, 'failsafe');
  if ('gaveUp' in yaml) return { tree: null, problems: [yaml.gaveUp] };
  if (!yaml.readable) return { tree: null, problems: yaml.problems };
  const tree = grown(yaml);
  return tree === null
    ? { tree, problems: [...yaml.problems, unreadable(file)] }
    : { tree, problems: yaml.problems };
}

export function printTree(tree: Tree): string {
  const document = new Document(null, { schema: 'failsafe' });
  document.contents = toNode(tree) as typeof document.contents;
  return document.toString({ lineWidth: 0 });
}

const nowhere: Place = { line: 1, column: 1 };

export function textTree(value: string): TextTree {
  return { ...nowhere, kind: 'text', value, plain: false };
}

export function listTree(items: readonly Tree[]): ListTree {
  return { ...nowhere, kind: 'list', items };
}

export function mapTree(entries: Readonly<Record<string, Tree>>): MapTree {
  const pairs = Object.entries(entries).map(
    ([key, value]) => [key, { ...nowhere, plain: true, value }] as const,
  );
  return { ...nowhere, kind: 'map', entries: new Map(pairs) };
}

/** With these keys set, or removed where the value is null; keys that stay keep their order. */
export function withKeys(map: MapTree, changes: Readonly<Record<string, Tree | null>>): MapTree {
  const entries = new Map(map.entries);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) entries.delete(key);
    else entries.set(key, { ...(entries.get(key) ?? { ...nowhere, plain: true }), value });
  }
  return { ...map, entries };
}

class TooMuch extends Error {}

function grown(yaml: OpenYaml): Tree | null {
  try {
    return new Grower(yaml).grow(yaml.document.contents, 0);
  } catch (error) {
    if (error instanceof TooMuch) return null;
    throw error;
  }
}

class Grower {
  readonly #document: OpenYaml['document'];
  readonly #lines: LineCounter;
  #grown = 0;

  constructor({ document, lines }: OpenYaml) {
    this.#document = document;
    this.#lines = lines;
  }

  grow(source: unknown, depth: number): Tree {
    this.#grown += 1;
    // Aliases of aliases grow without end, and an alias may stand inside its own anchor.
    if (depth > 64 || this.#grown > 50_000) throw new TooMuch();
    if (isAlias(source)) return this.grow(source.resolve(this.#document), depth + 1);
    const place = this.#place(source);
    if (isMap(source)) return { ...place, kind: 'map', entries: this.#entries(source, depth) };
    if (isSeq(source)) {
      return {
        ...place,
        kind: 'list',
        items: source.items.map((item) => this.grow(item, depth + 1)),
      };
    }
    return { ...place, kind: 'text', ...scalar(source) };
  }

  #entries(map: YAMLMap, depth: number): ReadonlyMap<string, Entry> {
    const own = new Map<string, Entry>();
    const merged: MapTree[] = [];
    for (const { key, value } of map.items) {
      const { value: name, plain } = scalar(key);
      const grown = this.grow(value, depth + 1);
      if (name === '<<' && plain) merged.push(...maps(grown));
      else own.set(name, { ...this.#place(key), plain, value: grown });
    }
    // The map's own keys win, then the first map merged.
    for (const [key, entry] of merged.flatMap((tree) => [...tree.entries])) {
      if (!own.has(key)) own.set(key, entry);
    }
    return own;
  }

  #place(source: unknown): Place {
    const offset = (source as { range?: readonly number[] | null } | null)?.range?.[0] ?? 0;
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

function maps(tree: Tree): MapTree[] {
  if (tree.kind === 'list') return tree.items.flatMap(maps);
  return tree.kind === 'map' ? [tree] : [];
}

function scalar(source: unknown): { value: string; plain: boolean } {
  if (!isScalar(source)) return { value: '', plain: true };
  return {
    value: String(source.value ?? ''),
    plain: source.type === 'PLAIN' || source.type === undefined,
  };
}

function toNode(tree: Tree): Node {
  if (tree.kind === 'text') return toScalar(tree);
  if (tree.kind === 'list') {
    const list = new YAMLSeq();
    list.items = tree.items.map(toNode);
    return list;
  }
  const map = new YAMLMap();
  map.items = [...tree.entries].map(
    ([value, { plain, value: inner }]) => new Pair(toScalar({ value, plain }), toNode(inner)),
  );
  return map;
}

function toScalar({ value, plain }: { value: string; plain: boolean }): Scalar {
  // Nothing written means null to Compose, but would be printed as an empty text.
  const node = new Scalar(plain && value === '' ? 'null' : value);
  node.type = plain ? 'PLAIN' : 'QUOTE_DOUBLE';
  return node;
}
