// YAML files as a bad day leaves them, and what must be true of anything that is said of one.
import fc from 'fast-check';
import { formatProblems, type Parsed } from '../../src/policy/problem.ts';
import { damagedText } from './damage.ts';

/** Made at random, as a token is; in any place of a file it may be repeated to nobody. */
export const secret = `dop_v1_${'4e8b1c'.repeat(10)}abcd`;

/** In the place of a value, or of a line. */
const hostile: readonly string[] = [
  '~',
  'null',
  'yes',
  '-1',
  '0',
  '.nan',
  '.inf',
  '1e999',
  '0x10',
  '0o17',
  '999999999999999999999999',
  '5m',
  '-5m',
  '100%',
  '1e3%',
  '""',
  '" "',
  "'''",
  '"\\0"',
  '"\\ud800"',
  '"\\u202e"',
  '[]',
  '{}',
  '[[[[[[[[[[]]]]]]]]]]',
  '{ a: { b: { c: { d: 1 } } } }',
  '&x [*x]',
  '&x { y: *x }',
  '*nowhere',
  '&x',
  '<<: *x',
  '<<: [*x, *x]',
  '!!binary aGk=',
  '!!js/function "x"',
  '!!set { a, b }',
  '!<tag:x> y',
  '|\n  text',
  '>-\n  text',
  '? [a, b]\n: c',
  '--- x',
  '...',
  '%YAML 9.9',
  '# only a comment',
  '\t',
  '__proto__: { a: 1 }',
  'constructor: x',
  'toString: x',
  '2026-01-01',
  '../../../etc/passwd',
  'file:///etc/passwd',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
  '${X:-${Y:-${Z}}}',
  '${',
  '$$$',
  secret,
  `"${secret}"`,
  `https://anna:${secret}@example.com/`,
  'x'.repeat(20_000),
  `[${'a, '.repeat(3_000)}a]`,
  '['.repeat(2_000),
  'k: '.repeat(200),
];

type Change = (text: string) => string;

const share = fc.nat(1_000_000).map((part) => part / 1_000_001);
const word = fc.constantFrom(...hostile);

/** A value after its key, or an item of a list, becomes something hostile. */
const replaceValue = fc.tuple(share, word).map(([part, fresh]): Change => {
  return (text) => {
    const spots = [...text.matchAll(/(?<=[:-] )[^\s{[#|>][^\n]*?(?=[,}\]\n])/g)];
    const spot = spots[Math.floor(part * spots.length)];
    if (spot === undefined) return fresh;
    return text.slice(0, spot.index) + fresh + text.slice(spot.index + spot[0].length);
  };
});

const insertLine = fc.tuple(share, word, fc.nat(8)).map(([part, fresh, indent]): Change => {
  return (text) => {
    const lines = text.split('\n');
    lines.splice(Math.floor(part * lines.length), 0, ' '.repeat(indent) + fresh);
    return lines.join('\n');
  };
});

/** A key written by another name: near to right, or of something that every object has. */
const renameKey = fc
  .tuple(share, fc.constantFrom('__proto__', 'constructor', 'x', '"a b"', '<<', '? k', '1'))
  .map(([part, name]): Change => {
    return (text) => {
      const keys = [...text.matchAll(/[\w.-]+(?=:\s)/g)];
      const key = keys[Math.floor(part * keys.length)];
      if (key === undefined) return text;
      return text.slice(0, key.index) + name + text.slice(key.index + key[0].length);
    };
  });

const whole = fc.constantFrom<Change>(
  (text) => `\ufeff${text}`,
  (text) => text.replaceAll('\n', '\r\n'),
  (text) => text.replaceAll('\n', '\r'),
  (text) => text.replaceAll('  ', '\t'),
  (text) => `${text}\u0000`,
  (text) => text.replaceAll('e', 'e\u0000'),
  (text) => text + text,
  (text) => `${text}\n---\n${text}`,
  (text) => `- ${text.replaceAll('\n', '\n  ')}`,
  (text) => text.replaceAll('\n', ' '),
  (text) => `${text}\n# ${'x'.repeat(300_000)}`,
  (text) => `base: &base\n  ${text.replaceAll('\n', '\n  ')}\n<<: *base\n`,
);

const change = fc.oneof(
  { weight: 4, arbitrary: replaceValue },
  { weight: 2, arbitrary: insertLine },
  { weight: 2, arbitrary: renameKey },
  { weight: 1, arbitrary: whole },
);

/** The text with bytes damaged, or with one to three changes that somebody could have typed, or meant badly. */
export function brokenYaml(text: string): fc.Arbitrary<string> {
  const changed = fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce((now, one) => one(now), text));
  return fc.oneof({ weight: 1, arbitrary: damagedText(text) }, { weight: 2, arbitrary: changed });
}

/** Far more than any file should take, and yet no hang: other tests share the machine. */
const slowMs = 5_000;

/** What `read` makes of the text; throws where it throws or takes too long. */
export function within<T>(text: string, read: (text: string) => T): T {
  const began = performance.now();
  const result = read(text);
  const tookMs = performance.now() - began;
  if (tookMs > slowMs) throw new Error(`it took ${Math.round(tookMs)} ms`);
  return result;
}

/** Every problem has a place that is in the file, says something, and says what would be right. */
export function insistWellSaid(parsed: Parsed<unknown>, text: string): void {
  const problems = parsed.ok ? parsed.warnings : parsed.problems;
  if (!parsed.ok && problems.length === 0) throw new Error('refused without a problem');
  const lines = text.split(/\n/).length;
  for (const { file, line, column, path, message, mend } of problems) {
    const placed = Number.isInteger(line) && line >= 1 && line <= lines;
    if (!placed || !Number.isInteger(column) || column < 1)
      throw new Error(`"${message}" has no place in the file: ${line}:${column} of ${lines}`);
    if (file === '' || typeof path !== 'string') throw new Error(`"${message}" names no file`);
    if (message === '' || mend === '') throw new Error('a problem says nothing');
    if (/\p{Cc}/u.test(path + message + mend))
      throw new Error(`a problem has control characters: ${JSON.stringify(path + message + mend)}`);
    if (message.length + mend.length > 1_000) throw new Error('a problem floods the screen');
  }
  if (problems.length > 0 && formatProblems(problems).split('\n').length !== problems.length * 2)
    throw new Error('a problem is not two lines');
}
