// The emulator as a process of its own: options as JSON in, one JSON line with the addresses out.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { startEmulator } from './emulator.ts';
import { parseOptions } from './options.ts';

const { values: flags } = parseArgs({
  options: {
    /** A file with the options; without it they are the first line of standard input. */
    options: { type: 'string' },
    /** own or haproxy, whatever the options say. */
    plane: { type: 'string' },
    /** End when standard input closes, as it does when the parent process is gone. */
    'with-parent': { type: 'boolean', default: false },
  },
});

try {
  const text =
    flags.options === undefined ? await firstLine() : await readFile(flags.options, 'utf8');
  const plane = flags.plane === undefined ? {} : { plane: flags.plane };
  const emulator = await startEmulator(parseOptions({ ...JSON.parse(text), ...plane }));
  let ending = false;
  const end = () => {
    if (!ending) void emulator.close().then(() => process.exit(0));
    ending = true;
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  if (flags['with-parent']) process.stdin.resume().once('end', end).once('close', end);
  else process.stdin.destroy();
  // Last: whoever reads the line may send a signal at once.
  const { endpoint, balancers } = emulator;
  process.stdout.write(`${JSON.stringify({ endpoint, balancers })}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'the emulator cannot start'}\n`);
  process.exit(2);
}

async function firstLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('close', () => reject(new Error('no options came on standard input')));
  });
}
