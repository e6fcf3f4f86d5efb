// bgctl hold: the old environment stays warm until it is let go; `held` is something else, and waits for a choice.
import type { CliCommand } from '../command.ts';
import { connected } from '../connect.ts';
import { sayOfWarmth } from '../warmth.ts';

type Options = { readonly reason: string; readonly off: boolean };

export const hold: CliCommand<Options> = {
  command: 'hold',
  describe: 'keep the old environment warm: it is not retired until `bgctl hold --off`',
  example: "hold --reason 'until the sale is over'",
  options: (yargs) =>
    yargs
      .option('reason', { type: 'string', default: 'held by hand', describe: 'for the journal' })
      .option('off', {
        type: 'boolean',
        default: false,
        describe: 'let it go: it is retired once the new one is verified',
      }),
  run: ({ reason, off, ...options }) =>
    connected(options, (connection) =>
      sayOfWarmth(connection, () => (off ? { kind: 'let-go' } : { kind: 'hold', because: reason })),
    ),
};
