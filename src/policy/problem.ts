// What is wrong in a file that an operator wrote: where, what, and what would be right.
import { withoutSecrets } from './secret.ts';

export type Problem = {
  /** As the caller named the file. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** As an operator would say it: `gate.gates[0].judge`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  /** What to do about it. */
  readonly mend: string;
};

export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export type Path = readonly (string | number)[];

/** A problem before it has a place: rules and schemas know paths, only the file knows lines. */
export type Finding = {
  readonly path: Path;
  /** The key itself is wrong, not its value: the place is the key's. */
  readonly atKey?: boolean;
  readonly message: string;
  readonly mend: string;
};

/** Plain text, two lines a problem, in the order of the file. */
export function formatProblems(problems: readonly Problem[]): string {
  return [...problems].sort(byPlace).map(format).join('\n');
}

export function pathText(path: Path): string {
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`));
  // A pasted text as a key would flood the screen.
  return parts
    .map((part) => part.slice(0, 60))
    .join('')
    .replace(/^\./, '');
}

/** The one way to make a problem, so that no secret gets into one. */
export function problem(
  file: string,
  { line, column, path, message, mend }: Omit<Problem, 'file'>,
): Problem {
  const [cleanPath, cleanMessage, cleanMend] = [path, message, mend].map(presentable);
  return {
    file,
    line,
    column,
    path: cleanPath ?? '',
    message: cleanMessage ?? '',
    mend: cleanMend ?? '',
  };
}

/** Keys and values may hold what a terminal would obey. */
function presentable(text: string): string {
  return withoutSecrets(text).replace(/\p{Cc}/gu, '·');
}

function byPlace(one: Problem, other: Problem): number {
  const byFile = one.file < other.file ? -1 : Number(one.file > other.file);
  return byFile || one.line - other.line || one.column - other.column;
}

function format({ file, line, column, path, message, mend }: Problem): string {
  const subject = path === '' ? '' : `${path}: `;
  return `${file}:${line}:${column}  ${subject}${message}\n    ${mend}`;
}
