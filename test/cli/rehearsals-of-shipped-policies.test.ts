// The tables in the heads of the shipped policies are what `bgctl rehearse` says today; `npm run rehearsals` writes them anew.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { rehearseAll } from '../../src/cli/rehearsal.ts';
import { parsePolicy } from '../../src/policy/parse.ts';
import { tableOf } from '../../src/report/rehearsal-table.ts';
import { parsedValue } from '../policy/texts.ts';

/** Half of the command's own: three policies take half a minute of processor time. */
const runs = 10;
const words = { against: 10, runs, seed: 1 } as const;

describe('what the head of a shipped policy says', () => {
  test.each(['swift', 'standard', 'cautious'])(
    '%s: is what its rehearsal came to',
    { timeout: 300_000 },
    async (name) => {
      const file = fileURLToPath(new URL(`../../policies/${name}.yml`, import.meta.url));
      const text = readFileSync(file, 'utf8');
      const policy = parsedValue(parsePolicy(text, file));
      const app = { drains: true, identifies: 'droplet' } as const;
      const rehearsal = await rehearseAll({ ...app, ...words, policy });
      await expect(withHead(text, name, tableOf(rehearsal))).toMatchFileSnapshot(file);
    },
  );
});

/** The policy's text, with the table in place of the one that stands between its first comment and its first key. */
function withHead(text: string, name: string, table: readonly string[]): string {
  const { against, seed } = words;
  const command = `bgctl rehearse --policy ${name} --against ${against} --runs ${runs} --seed ${seed}`;
  const lines = ['', `What \`${command}\` says of it:`, ...table].map((line) =>
    line === '' ? '#' : `# ${line}`,
  );
  const [head = '', ...rest] = text.split(/^(?=attempts:)/m);
  const [own = ''] = head.split(/^#\n# What `bgctl rehearse/m);
  return `${own}${lines.join('\n')}\n${rest.join('')}`;
}
