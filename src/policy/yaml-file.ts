// YAML text → plain data, and the line and column of any path in it.
import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  YAMLParseError,
} from 'yaml';
import type { Finding, Path, Problem } from './problem.ts';
import { pathText, problem } from './problem.ts';
import { syntaxProblems } from './yaml-syntax.ts';

export type YamlFile = {
  /** Null for an empty file or one that cannot be read. */
  readonly data: unknown;
  /** Syntax errors and keys written twice. */
  readonly problems: readonly Problem[];
  /** False: the data is not worth checking. */
  readonly readable: boolean;
  place(finding: Finding): Problem;
};

/** Never throws. */
export function readYaml(text: string, file: string): YamlFile {
  const yaml = openYaml(text, file, 'core');
  if ('gaveUp' in yaml) {
    return { data: null, problems: [yaml.gaveUp], readable: false, place: () => yaml.gaveUp };
  }
  const { document, lines, problems, readable } = yaml;
  const place = (finding: Finding): Problem => {
    const { path, message, mend } = finding;
    const at = position(document, lines, finding);
    return problem(file, { ...at, path: pathText(path), message, mend });
  };
  const data = readable ? plainData(document) : null;
  if (data === tooMuch) {
    return { data: null, problems: [...problems, unreadable(file)], readable: false, place };
  }
  return { data, problems, readable, place };
}

export type OpenYaml = {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  readonly problems: readonly Problem[];
  readonly readable: boolean;
};

/** Never throws; says so when the parser gave up. */
export function openYaml(
  text: string,
  file: string,
  schema: 'core' | 'failsafe',
): OpenYaml | { readonly gaveUp: Problem } {
  const lines = new LineCounter();
  const document = text.length > lengthMax ? null : parsed(text, lines, schema);
  if (document === null) return { gaveUp: unreadable(file) };
  const errors = [...document.errors, ...document.warnings];
  const problems = syntaxProblems(errors, { text, file, lines });
  const readable = document.errors.every((error) => error.code === 'DUPLICATE_KEY');
  return { document, lines, problems, readable };
}

function parsed(
  text: string,
  lines: LineCounter,
  schema: 'core' | 'failsafe',
): Document.Parsed | null {
  try {
    // prettyErrors would paste the source into the message, and with it perhaps a secret,
    // and so would the parser's own warnings, on stderr.
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'error',
      schema,
    });
    document.errors.push(...looseAliases(document));
    return document;
  } catch {
    // Deep nesting overflows the parser's stack.
    return null;
  }
}

/** The parser lets pass an alias without an anchor before it; a compose file would lose what it stands for. */
function looseAliases(document: Document.Parsed): YAMLParseError[] {
  const anchors = new Set<string>();
  const loose: YAMLParseError[] = [];
  visit(document, {
    Alias(_, { source, range }) {
      const at = range?.[0] ?? 0;
      if (!anchors.has(source)) loose.push(new YAMLParseError([at, at], 'BAD_ALIAS', 'no anchor'));
    },
    Value(_, { anchor }) {
      if (anchor !== undefined) anchors.add(anchor);
    },
  });
  return loose;
}

const tooMuch = Symbol('aliases of aliases');

function plainData(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return tooMuch;
  }
}

/** When the parser gave up. */
export function unreadable(file: string): Problem {
  const message = 'cannot be read: too long, nested too deeply, or too many aliases';
  return {
    file,
    line: 1,
    column: 1,
    path: '',
    message,
    mend: 'write it as a short, flat YAML file',
  };
}

const lengthMax = 1_000_000;

/** Of the value; of the key for a wrong key; of the nearest thing above for one that is missing. */
function position(
  document: Document.Parsed,
  lines: LineCounter,
  { path, atKey }: { path: Path; atKey?: boolean },
): { line: number; column: number } {
  let value: unknown = document.contents;
  let offset = rangeStart(value) ?? 0;
  for (const [index, part] of path.entries()) {
    const next = child(value, part, document);
    if (next === null) break;
    const wantsKey = atKey === true && index === path.length - 1;
    offset = (wantsKey ? next.key : (rangeStart(next.value) ?? next.key)) ?? offset;
    // What is missing in a map, or under a key with nothing after it, is told at the key.
    if (next.key !== null && (isMap(next.value) || isNothing(next.value))) offset = next.key;
    value = next.value;
  }
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function child(
  parent: unknown,
  part: string | number,
  document: Document.Parsed,
): { key: number | null; value: unknown } | null {
  const node = isResolvable(parent) ? parent.resolve(document) : parent;
  if (isMap(node)) {
    const pair = node.items.find(
      (item) => isScalar(item.key) && String(item.key.value) === String(part),
    );
    return isPair(pair) ? { key: rangeStart(pair.key), value: pair.value } : null;
  }
  if (!isSeq(node) || typeof part !== 'number') return null;
  const value = node.items[part];
  return value === undefined ? null : { key: rangeStart(value), value };
}

function isNothing(value: unknown): boolean {
  return isScalar(value) && value.value === null;
}

function isResolvable(
  value: unknown,
): value is { resolve(document: Document.Parsed): Node | undefined } {
  return typeof value === 'object' && value !== null && 'resolve' in value;
}

function rangeStart(value: unknown): number | null {
  const range = (value as { range?: readonly number[] | null } | null)?.range;
  return range?.[0] ?? null;
}
