// Reads the tree's own TypeScript: files, their imports, their code without comments and strings.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

export type Source = { readonly path: string; readonly text: string };

export type Import = {
  readonly from: string;
  /** Path of the imported file, or the package's name. */
  readonly to: string;
  readonly local: boolean;
  /** `import type …`: gone at run time. */
  readonly typeOnly: boolean;
};

export function sources(folder: string): readonly Source[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(root, path), text: readFileSync(path, 'utf8') }))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
}

export function importsOf({ path, text }: Source): readonly Import[] {
  const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  const found = code.matchAll(
    /\b(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?'([^']+)'|\bimport\('([^']+)'\)/g,
  );
  return [...found].map(([statement, type, named, dynamic]) => {
    const target = named ?? dynamic ?? '';
    const local = target.startsWith('.');
    const to = local ? normalize(join(dirname(path), target)) : target;
    const names = /\{([^}]*)\}/.exec(statement)?.[1];
    const allTypes =
      names !== undefined &&
      !/^\s*(?:import|export)\s+\w/.test(statement.replace(/^(import|export)\s+\{/, '{')) &&
      names.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type '));
    return { from: path, to, local, typeOnly: type !== undefined || allTypes };
  });
}

/** Code only: no comments, no strings. What is banned in code may be named in words. */
export function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''");
}
