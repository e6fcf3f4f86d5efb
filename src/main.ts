#!/usr/bin/env node
// The binary: argv in, exit code out.
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { tooOld } from './lib/node-version.ts';

// A reader that went away (`| head`), or a full disk behind `>`, must not end a promotion in the middle. The latter is
// said: whoever reads that file later must not take what stands in it for all.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE')
    process.stderr.write(`stdout cannot be written to: ${error.message}\n`);
});
process.stderr.on('error', () => {});

const words = process.argv.slice(2);
const { version, engines } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string; engines: { node: string } };
const old = tooOld(engines.node, process.version);

// Asked a hundred times a day by scripts: answered before anything else is loaded.
if (words.length === 1 && words[0] === '--version') {
  process.stdout.write(`${version}\n`);
} else if (old !== null) {
  process.stderr.write(`${old}\n`);
  process.exitCode = 2;
} else {
  // A CI runner's or a droplet's memory is small, and so is what lives here at any time: V8's room for new objects
  // grows to 64 MB by itself, and stays at 2 MB with this.
  setFlagsFromString('--semi-space-growth-factor=1');
  // A third off the start from the second time on. In the user's own folder: what lies in a /tmp that everybody may
  // write to is not run with a cloud's token at hand.
  enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bgctl'));
  const { cli } = await import('./cli/cli.ts');
  process.exitCode = await cli(words, version);
}
