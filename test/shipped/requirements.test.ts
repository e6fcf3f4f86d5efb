// The table of deployment requirements in ARCHITECTURE.md names files and tests that are there, and says where none is.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../sources.ts';
import { read } from './files.ts';

const [, section = ''] = read('ARCHITECTURE.md').split('## Deployment requirements');
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| **') && !line.startsWith('| The '))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test.each(rows)('%s', (...cells) => {
  expect(cells).toHaveLength(3);
  const [, answer = '', tests = ''] = cells;
  expect(answer).not.toBe('');
  const named = tests.match(/`test\/[^`]+`/g) ?? [];
  expect(named.length > 0 || tests === 'not yet', 'a test, or "not yet"').toBe(true);
  const paths = [...`${answer} ${tests}`.matchAll(/`((?:compose|examples|test)\/[^`]+)`/g)];
  expect(
    paths.map(([, path = '']) => path).filter((path) => !existsSync(join(root, path))),
  ).toEqual([]);
});

test('every test of what is shipped stands in it', () => {
  const files = readdirSync(join(root, 'test/shipped')).filter((name) => name.endsWith('.test.ts'));
  const own = 'requirements.test.ts';
  expect(files.filter((name) => name !== own && !section.includes(`test/shipped/${name}`))).toEqual(
    [],
  );
});
