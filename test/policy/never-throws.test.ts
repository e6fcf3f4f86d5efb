// Whatever stands in a file, reading it ends in a value or in problems that have a place and a mend.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
import fc from 'fast-check';
import { test } from 'vitest';
import { stringify } from 'yaml';
import { readComposeFile } from '../../src/policy/compose-file.ts';
import { parsePolicy, parseSettings } from '../../src/policy/parse.ts';
import { formatProblems, type Parsed } from '../../src/policy/problem.ts';
import { bgctlYml, bomb, composeYml, settings, where } from './texts.ts';

const known = settings();
const readers: Record<string, (text: string) => Parsed<unknown>> = {
  'a policy': (text) => parsePolicy(text, 'f'),
  'a bgctl.yml': (text) => parseSettings(text, 'f', where),
  'a compose file': (text) => readComposeFile(text, 'f', known),
};

const words = (
  'gate gates verify limit probe http judge consecutive pools a b tag droplets cloud token services web image ports ' +
  'volumes depends_on environment build <<: &x *x {} [] - : | > " \' # --- ! 5m 1% 0 -1 ~ ${X} ${ \t \n  '
).split(' ');
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(fc.constantFrom(...words, ' ', '\n', '\n  '), { maxLength: 60 })
    .map((some) => some.join('')),
  fc.anything({ maxDepth: 4, withNullPrototype: false }).map(safeYaml),
  damaged(bgctlYml),
  damaged(composeYml),
);

test.each(Object.entries(readers))('reading %s never throws', (_, read) => {
  fc.assert(
    fc.property(anyText, (text) => isWellSaid(read(text))),
    { numRuns: 600 },
  );
});

test.each(Object.entries(readers))('%s full of nesting, aliases or bytes is refused', (_, read) => {
  for (const text of [
    '['.repeat(100_000),
    bomb,
    `a: ${'x'.repeat(1_000_001)}`,
    'services: &a { web: *a }',
    'a: &a [*a]',
  ]) {
    const parsed = read(text);
    if (parsed.ok || !isWellSaid(parsed)) throw new Error(`accepted ${text.slice(0, 40)}`);
  }
});

/** One passage removed, doubled or replaced. */
function damaged(text: string): fc.Arbitrary<string> {
  const at = fc.nat(text.length);
  return fc
    .tuple(at, fc.nat(30), fc.constantFrom('', ...words))
    .map(([from, length, word]) => text.slice(0, from) + word + text.slice(from + length));
}

function safeYaml(value: unknown): string {
  try {
    return stringify(value) ?? 'null';
  } catch {
    return String(typeof value);
  }
}

function isWellSaid(parsed: Parsed<unknown>): boolean {
  const problems = parsed.ok ? parsed.warnings : parsed.problems;
  if (!parsed.ok && problems.length === 0) return false;
  formatProblems(problems);
  return problems.every(
    ({ line, column, message, mend }) =>
      Number.isInteger(line) &&
      line > 0 &&
      Number.isInteger(column) &&
      column > 0 &&
      message !== '' &&
      mend !== '' &&
      !/\n/.test(message),
  );
}
