// bgctl report r42: the evidence of a promotion as one page that needs no network, or as JSON.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import type { CliCommand } from '../command.ts';
import { withRecords } from '../connect.ts';
import { makePage, makeReport, pageFile } from '../evidence.ts';
import { refused } from '../exit.ts';
import { promotionNamed } from '../named.ts';
import { recorded } from '../quietly.ts';

type Options = {
  readonly release: string;
  readonly output?: string | undefined;
  readonly open: boolean;
};

export const report: CliCommand<Options> = {
  command: 'report <release>',
  describe:
    'write a promotion’s report: how it went, what was measured, decided and done, as one page',
  example: 'report r42 --open',
  options: (yargs) =>
    yargs
      .positional('release', { type: 'string', demandOption: true, describe: 'such as r42' })
      .option('output', {
        type: 'string',
        describe: 'the file to write; bgctl-report-r42.html unless named',
      })
      .option('open', { type: 'boolean', default: false, describe: 'show it in the browser' }),
  run: (options) =>
    withRecords(options, async (records) => {
      const { settings, policy, output } = records;
      const { entries } = await recorded(records);
      const promotion = promotionNamed(options.release, { app: settings.app, policy, entries });
      const made = await makeReport(records, promotion, entries);
      if (options.json && options.output === undefined) {
        output.result(made, '');
        return null;
      }
      const file = options.output ?? pageFile(options.release);
      await write(file, options.json ? `${JSON.stringify(made)}\n` : await makePage(made));
      for (const one of made.missing) output.note(`note: ${one}`);
      output.result({ report: file }, file);
      if (options.open) open(file);
      return null;
    }),
};

async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error: Error) => {
    throw refused(`${file} cannot be written: ${error.message}`);
  });
}

const openers: Readonly<Record<string, readonly string[]>> = {
  darwin: ['open'],
  win32: ['explorer'],
};

/** A courtesy: where there is no browser, the file is there all the same. */
function open(file: string): void {
  const [command = '', ...words] = openers[platform()] ?? ['xdg-open'];
  const child = spawn(command, [...words, file], { detached: true, stdio: 'ignore' });
  child.on('error', () => undefined);
  child.unref();
}
