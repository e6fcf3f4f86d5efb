// Repeating what an operator wrote without ever repeating a secret (I8).

/** What stands without a space or a quote in between. */
const word = /[^\s"'`]+/g;
const secret =
  /do[opr]_v1_|gh[pousr]_|github_pat_|glpat-|-----BEGIN|[0-9a-f]{40}|:\/\/[^/\s"'`]*@/i;

/** Every message goes through this, whatever rule it comes from. Word by word: one pattern for all of it took seconds for a long one. */
export function withoutSecrets(text: string): string {
  return text.replace(word, (one) => (secret.test(one) ? '(hidden: it looks like a secret)' : one));
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
