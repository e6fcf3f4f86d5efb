// Whether bgctl has the words that a CI file runs: read by the commands' own options, nothing is carried out.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import yargs from 'yargs';
import type { CliCommand } from '../../src/cli/command.ts';
import { root } from '../sources.ts';

const folder = join(root, 'src/cli/commands');

async function commands(): Promise<readonly CliCommand<object>[]> {
  const files = readdirSync(folder);
  const modules = await Promise.all(
    files.map((file) => import(join(folder, file)) as Promise<Record<string, CliCommand<object>>>),
  );
  return modules.flatMap((module) => Object.values(module)).filter((one) => 'command' in one);
}

/** Null where bgctl takes these words, else what it says against them. */
export async function refusal(words: readonly string[]): Promise<string | null> {
  let why: string | null = null;
  const parser = yargs([...words])
    .options({ config: { type: 'string' }, json: { type: 'boolean' }, log: { type: 'string' } })
    .strict()
    .demandCommand(1)
    .exitProcess(false)
    .fail((message, error) => {
      why = message ?? error.message;
    });
  for (const { command, options } of await commands())
    parser.command(
      command,
      '',
      (one) => options(one as never),
      () => {},
    );
  await parser.parseAsync();
  return why;
}

type Call = { readonly line: string; readonly words: readonly string[] };

/** `bgctl …` in a shell's line: up to what ends the command. Quoted words stay one; what the shell fills in stays as it is. */
export function callsIn(script: string): readonly Call[] {
  return script.split('\n').flatMap((line) =>
    [...line.matchAll(/\bbgctl ([^|;>)]+?)(?= *(?:[|;>)]|$))/g)].map(([, text = '']) => ({
      line: line.trim(),
      words: (text.match(/(?:"[^"]*"|\$\([^)]*\)|[^\s"])+/g) ?? []).map((word) =>
        word.replaceAll('"', ''),
      ),
    })),
  );
}

/** Those that drive a promotion: their process must get the job's signals. */
export const driving = ['promote', 'resume', 'abort', 'approve', 'resolve'];
