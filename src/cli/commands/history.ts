// bgctl history: every promotion in the journal, and how it ended.

import { promotionsOf } from '../../promotion/history.ts';
import { type Release, versionText } from '../../promotion/release.ts';
import type { CliCommand } from '../command.ts';
import { withRecords } from '../connect.ts';
import { countOption } from '../options.ts';
import { recorded } from '../quietly.ts';

type Options = { readonly most: number };

export const history: CliCommand<Options> = {
  command: 'history',
  describe: 'list the promotions in the journal, the newest last',
  example: 'history --most 5',
  options: (yargs) => yargs.option('most', countOption('most', 20, 'how many, at most')),
  run: (options) =>
    withRecords(options, async (records) => {
      const { settings, policy, output } = records;
      const { entries } = await recorded(records);
      const promotions = promotionsOf(settings.app, policy, entries).slice(-options.most);
      if (promotions.length === 0) output.note('No release was promoted yet.');
      for (const { release, pool, by, askedAt, approved, outcome } of promotions) {
        const ended = outcome === null ? 'under way' : `${outcome.is}: ${outcome.because}`;
        const at = new Date(askedAt).toISOString();
        output.result(
          {
            release: release.id,
            versions: release.versions ?? null,
            pool,
            by,
            at,
            approved,
            outcome: outcome?.is ?? null,
            because: outcome?.because ?? null,
          },
          `${release.id.padEnd(5)} ${at.slice(0, 16).replace('T', ' ')}  ${versioned(release)}pool ${pool}  ${ended}  (${by}${approved === null ? '' : `; approved by ${approved.by}`})`,
        );
      }
      return null;
    }),
};

function versioned(release: Release): string {
  const version = versionText(release);
  return version === null ? '' : `${version}  `;
}
