// Words reach a real shell and come out of it unchanged, whatever is in them.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commandLine } from '../../src/hosts/quote.ts';

function throughShell(words: readonly string[]): readonly string[] {
  const line = commandLine(['printf', '%s\\0', ...words]);
  const printed = execFileSync('sh', ['-c', line], { encoding: 'utf8' });
  return printed.split('\0').slice(0, -1);
}

const nasty = fc.constantFrom(
  "'",
  '"',
  '\\',
  '$(reboot)',
  '`id`',
  '$HOME',
  '; exit 1',
  '&& true',
  '| cat',
  '> /dev/null',
  '\n',
  '\t',
  '*',
  '~',
  '#',
  '!!',
  '-n',
  '--',
  '=',
  'é',
  '🟦🟩',
  '\u0001',
  "'\\''",
  '',
);
const anything = fc.string({ unit: 'binary' }).filter((word) => !word.includes('\0'));
const hostile = fc.oneof(
  anything,
  fc.array(nasty).map((parts) => parts.join('')),
);

describe('words for a shell', () => {
  test('come out of a real shell unchanged', () => {
    const words = fc.array(hostile, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(words, (given) => {
        expect(throughShell(given)).toEqual(given);
      }),
      { numRuns: 150 },
    );
  });

  test('are never taken for a keyword, an alias or an assignment', () => {
    expect(commandLine(['if', 'A=1', 'ls'])).toBe("'if' 'A=1' 'ls'");
  });

  test('with a NUL are a bug, because no word can hold one', () => {
    expect(() => commandLine(['echo', 'a\0b'])).toThrow('NUL');
  });
});
