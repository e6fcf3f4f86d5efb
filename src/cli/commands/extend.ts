// bgctl extend 30m: the old environment is not retired before so long from now.
import { durationMs } from '../../policy/duration.ts';
import type { CliCommand } from '../command.ts';
import { connected } from '../connect.ts';
import { refused } from '../exit.ts';
import { sayOfWarmth } from '../warmth.ts';

type Options = { readonly duration: string };

export const extend: CliCommand<Options> = {
  command: 'extend <duration>',
  describe: 'keep the old environment warm for 90s, 30m, 2h … from now',
  example: 'extend 30m',
  options: (yargs) =>
    yargs.positional('duration', {
      type: 'string',
      demandOption: true,
      describe: 'from now; 0s takes back what was said',
    }),
  run: ({ duration, ...options }) => {
    const byMs = durationMs(duration);
    if (byMs === null) throw refused(`${duration} is not a duration: write 90s, 30m or 2h`);
    return connected(options, (connection) =>
      sayOfWarmth(connection, (now) => ({ kind: 'extend', byMs, until: now + byMs })),
    );
  },
};
