#!/usr/bin/env node
// The binary: argv in, exit code out.
import { readFileSync } from 'node:fs';

const words = process.argv.slice(2);
const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string };

// Asked a hundred times a day by scripts: answered before anything else is loaded.
if (words.length === 1 && words[0] === '--version') {
  process.stdout.write(`${version}\n`);
} else {
  const { cli } = await import('./cli/cli.ts');
  process.exitCode = await cli(words, version);
}
