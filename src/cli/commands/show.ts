// bgctl show r42: what a release is, and every line of the journal about its promotion.
import { describeEntry } from '../../promotion/describe.ts';
import { promotionsOf } from '../../promotion/history.ts';
import type { CliCommand } from '../command.ts';
import { connected } from '../connect.ts';
import { refused } from '../exit.ts';
import { quietly } from '../quietly.ts';

type Options = { readonly release: string };

export const show: CliCommand<Options> = {
  command: 'show <release>',
  describe: 'show a release: images, who asked, and what was decided about it and why',
  options: (yargs) =>
    yargs.positional('release', { type: 'string', demandOption: true, describe: 'such as r42' }),
  run: (options) =>
    connected(options, async (connection) => {
      const { settings, policy, output } = connection;
      const { entries } = await quietly(connection).read();
      const promotions = promotionsOf(settings.app, policy, entries);
      const promotion = promotions.find(({ release }) => release.id === options.release);
      if (promotion === undefined) {
        const known = promotions.map(({ release }) => release.id).slice(-5);
        throw refused(
          `${options.release} is not in the journal; ${known.length === 0 ? 'it is empty' : `the last are ${known.join(', ')}`}`,
        );
      }
      const { release, pool, by, outcome } = promotion;
      output.result(
        { release: release.id, pool, by, images: release.images, env: release.env, outcome },
        [
          `${release.id} on pool ${pool}, asked by ${by}`,
          ...Object.entries(release.images).map(([service, image]) => `  ${service}: ${image}`),
          ...Object.entries(release.env).map(
            ([path, hash]) => `  ${path}: sha256 ${hash.slice(0, 12)}`,
          ),
        ].join('\n'),
      );
      for (const entry of promotion.entries) {
        const text = describeEntry(entry);
        const at = new Date(entry.at).toISOString();
        output.result(
          { seq: entry.seq, at, type: entry.type, text },
          `${at.slice(11, 19)} ${text}`,
        );
        if (entry.type === 'entered' && entry.evidence !== undefined)
          for (const [name, value] of Object.entries(entry.evidence))
            output.note(`           ${name}: ${value}`);
      }
      return null;
    }),
};
