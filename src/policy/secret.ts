// Repeating what an operator wrote without ever repeating a secret (I8).

const secret =
  /[^\s"'`]*(?:do[opr]_v1_|gh[pousr]_|github_pat_|glpat-|-----BEGIN|[0-9a-f]{40}|:\/\/[^/\s"'`]*@)[^\s"'`]*/gi;

/** Every message goes through this, whatever rule it comes from. */
export function withoutSecrets(text: string): string {
  return text.replace(secret, '(hidden: it looks like a secret)');
}

/** A value as it can be repeated in a message: short and on one line. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  if (typeof value !== 'string') return String(value);
  // Hidden before it is cut, or the pattern might no longer see it.
  const line = JSON.stringify(withoutSecrets(value)).slice(1, -1);
  return `"${line.length > 60 ? `${line.slice(0, 57)}…` : line}"`;
}
