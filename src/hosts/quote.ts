// The only place where words become a line for a shell: sshd hands every command to one.
import { assert } from '../lib/assert.ts';

/** One line that a POSIX shell splits into exactly these words. Throws Bug on a NUL, which no word can hold. */
export function commandLine(words: readonly string[]): string {
  assert(words.length > 0, 'a command has at least one word');
  return words.map(quote).join(' ');
}

function quote(word: string): string {
  assert(!word.includes('\0'), 'a word of a command cannot hold a NUL');
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
