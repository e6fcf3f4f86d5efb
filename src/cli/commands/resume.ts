// bgctl resume: goes on with what a lost controller began, from the journal alone.
import type { Wait } from '../../controller/loop.ts';
import type { CliCommand } from '../command.ts';
import { connected } from '../connect.ts';
import { drive } from '../drive.ts';
import { exit } from '../exit.ts';
import { timeoutOption, waitOption } from '../options.ts';
import { quietly } from '../quietly.ts';

type Options = { readonly wait: Wait; readonly timeout?: number | undefined };

export const resume: CliCommand<Options> = {
  command: 'resume',
  describe: 'go on with a promotion or an abort that was left, or follow the one under way',
  example: 'resume --timeout 10m',
  options: (yargs) => yargs.option('wait', waitOption).option('timeout', timeoutOption),
  run: (options) =>
    connected(options, async (connection) => {
      const { app, entries, torn } = await quietly(connection).read();
      if (torn !== null)
        connection.output.note(
          'The journal ends in a line that was never finished; it is cut off.',
        );
      const leftovers = app.present.some(
        (place) => app.phase === 'idle' && place.project !== app.blue?.project,
      );
      if (app.phase === 'idle' && app.asked === null && app.unsettled.length === 0 && !leftovers)
        return {
          code: exit.done,
          outcome: 'nothing-to-do',
          message: `Nothing is under way in ${app.name}.`,
        };
      const aborting = app.phase === 'aborting' || app.asked?.kind === 'abort';
      return drive(connection, { kind: 'resume', aborting }, options, entries);
    }),
};
