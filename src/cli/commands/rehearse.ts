// bgctl rehearse: what a policy makes of good and bad releases, before it meets one.
import type { CliCommand } from '../command.ts';
import { refused } from '../exit.ts';
import type { RehearseOptions } from '../rehearsal.ts';

const runsMax = 10_000;
const againstMax = 100_000;

export const rehearse: CliCommand<RehearseOptions> = {
  command: 'rehearse',
  describe: 'try the policy in a simulation, against releases that are good, broken, slow or crash',
  example: 'rehearse --policy ./policy.yml --against 3 --html rehearsal.html',
  options: (yargs) =>
    yargs
      .option('policy', {
        type: 'string',
        describe:
          'a policy file, or standard, cautious or swift; without it, the one that bgctl.yml names',
      })
      .option('against', {
        type: 'number',
        default: 10,
        describe: 'how many requests a second people send',
      })
      .option('runs', {
        type: 'number',
        default: 20,
        describe: 'how often each kind of release is promoted',
      })
      .option('seed', { type: 'number', default: 1, describe: 'the same seed, the same chances' })
      .option('html', { type: 'string', describe: 'also write a page with a chart to this file' }),
  run: async (options) => {
    checked(options);
    // The simulator is loaded where it is used: every other command starts without it.
    const { rehearsed } = await import('../rehearsal.ts');
    return rehearsed(options);
  },
};

function checked({ against, runs, seed }: RehearseOptions): void {
  if (!Number.isInteger(runs) || runs < 1 || runs > runsMax)
    throw refused(`--runs must be a whole number from 1 to ${runsMax}`);
  if (!(against > 0 && against <= againstMax))
    throw refused(
      `--against must be a number of requests a second, more than 0 and at most ${againstMax}`,
    );
  if (!Number.isInteger(seed) || seed < 0 || seed > 2 ** 32 - 1)
    throw refused('--seed must be a whole number from 0 to 4294967295');
}
