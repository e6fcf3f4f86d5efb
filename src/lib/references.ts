// `${NAME}` in a text, filled in from variables at the last moment, so that only the reference is ever kept.

const reference = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

export function referencesIn(text: string): readonly string[] {
  return [...text.matchAll(reference)].map(([, name = '']) => name);
}

export type Filled =
  | { readonly ok: true; readonly text: string; readonly values: readonly string[] }
  | { readonly ok: false; readonly missing: string };

/** `values`: what was filled in, so that it can be masked wherever it comes back. */
export function filled(text: string, variable: (name: string) => string | undefined): Filled {
  const names = referencesIn(text);
  const values = names.map(variable);
  const missing = names.find((_, index) => !values[index]);
  if (missing !== undefined) return { ok: false, missing };
  const full = text.replace(reference, (_, name: string) => variable(name) ?? '');
  return { ok: true, text: full, values: values.filter((value) => value !== undefined) };
}

/** Without the values, as they are and as JSON writes them. */
export function masked(text: string, values: readonly string[]): string {
  const known = values
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])
    .filter((value) => value.length >= 3)
    .sort((one, other) => other.length - one.length);
  return known.reduce((now, value) => now.replaceAll(value, '***'), text);
}
