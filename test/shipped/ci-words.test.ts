// Every `bgctl …` of the CI examples is one that bgctl has today, options included: its own commands read them.
import { describe, expect, test } from 'vitest';
import { yaml } from './files.ts';
import { callsIn, refusal } from './words.ts';

const github = ['deploy', 'rollback', 'approve'].map(
  (name) => `examples/github-actions/${name}.yml`,
);
const files = [...github, 'examples/gitlab/.gitlab-ci.yml'];
const calls = files.flatMap((file) =>
  scriptsOf(yaml<unknown>(file)).flatMap((script) =>
    callsIn(script).map(({ words }) => ({ file, text: words.join(' '), words })),
  ),
);

/** Texts under `run`, `script` and their like, wherever they stand. */
function scriptsOf(tree: unknown): readonly string[] {
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.entries(tree).flatMap(([key, value]) =>
    /^(run|(before_|after_)?script)$/.test(key) ? [value].flat().map(String) : scriptsOf(value),
  );
}

describe('bgctl takes', () => {
  test('the words of every CI file', () => {
    for (const file of files)
      expect(calls.filter((one) => one.file === file).length).toBeGreaterThan(1);
  });

  test.each(calls)('`$text` of $file', async ({ words }) => {
    expect(await refusal(words)).toBeNull();
  });
});

describe('bgctl refuses', () => {
  test.each([
    'undo --to r41',
    'promote v1 --on-bussy replace',
    'promote v1 --on-busy later',
    'resume --timeout soon',
    'show',
  ])('`%s`, as this test must see', async (text) => {
    expect(await refusal(text.split(' '))).not.toBeNull();
  });
});
