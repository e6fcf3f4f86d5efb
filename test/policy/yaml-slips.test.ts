// Slips of the pen that are no YAML, in an operator's words.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
import { expect, test } from 'vitest';
import { parseSettings } from '../../src/policy/parse.ts';
import { bgctlYml, complaints, where } from './texts.ts';

test.each([
  [
    'cloud: { token: ${X} }',
    '1:18  a reference to a variable cannot stand bare inside { } or [ ]',
    'put it in quotes',
  ],
  ['a: 1\n\tb: 2', '2:1  a tab indents this line', 'indent with spaces'],
  ['a:1\nb: 2', '1:1  a colon is missing, or has no space after it', 'write `key: value`'],
  [
    'a: b: c',
    '1:4  a second key begins in the value of another',
    'put a value with a colon in quotes; give the keys of one map the same indentation',
  ],
  [
    'a: {b: c}}',
    '1:10  something here is too many',
    'remove the quote, bracket or word too many, or put the whole value in quotes',
  ],
  [
    'a: "b',
    '1:6  a character is missing: a quote, a bracket, a comma or a colon',
    'close what this line opens; put a space after a colon',
  ],
  ['a: @b', '1:4  a value cannot begin so', 'put the value in quotes'],
  ['a: *b', '1:4  an alias has no anchor', 'write the value itself, or quote the `*`'],
])('the slip %j is named', (text, message, mend) => {
  expect(complaints(parseSettings(text, 'b.yml', where)).slice(0, 2)).toEqual([
    `b.yml:${message}`,
    `    ${mend}`,
  ]);
});

test('one slip is one problem, however many errors it gives; and at most a screenful is told', () => {
  const places = (text: string) =>
    complaints(parseSettings(text, 'b.yml', where)).filter((line) => !line.startsWith(' '));
  expect(places('a: {b: "c\n').map((line) => line.split('  ')[0])).toEqual(['b.yml:2:1']);
  const many = Array.from({ length: 30 }, (_, n) => `a${n}: @`).join('\n');
  expect(places(many)).toHaveLength(20);
});

test('a second document is refused, not ignored', () => {
  expect(complaints(parseSettings(`${bgctlYml}---\napp: other\n`, 'b.yml', where))).toEqual([
    'b.yml:20:1  a second document begins here',
    '    remove the `---`',
  ]);
});
