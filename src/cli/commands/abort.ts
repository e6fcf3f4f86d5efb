// bgctl abort: goes back to the environment that served before, whatever state green is in.
import type { CliCommand } from '../command.ts';
import { connected } from '../connect.ts';
import { drive } from '../drive.ts';
import { refusal } from '../exit.ts';
import { timeoutOption } from '../options.ts';
import { quietly } from '../quietly.ts';

type Options = { readonly reason: string; readonly timeout?: number | undefined };

export const abort: CliCommand<Options> = {
  command: 'abort',
  describe:
    'go back: traffic returns to the environment that served before, the new one is removed',
  example: "abort --reason 'checkout is slow'",
  options: (yargs) =>
    yargs
      .option('reason', { type: 'string', default: 'aborted by hand', describe: 'for the journal' })
      .option('timeout', timeoutOption),
  run: (options) =>
    connected(options, async (connection) => {
      const { entries } = await quietly(connection).read();
      const { reason } = options;
      const asked = await quietly(connection).ask(() => ({ kind: 'abort', reason }));
      if ('refused' in asked) return refusal(asked);
      return drive(connection, { kind: 'abort' }, { timeout: options.timeout }, entries);
    }),
};
