// bgctl show r42: what a release is, and every line of the journal about its promotion.
import { describeEntry } from '../../promotion/describe.ts';
import type { Release } from '../../promotion/release.ts';
import type { CliCommand } from '../command.ts';
import { withRecords } from '../connect.ts';
import { promotionNamed } from '../named.ts';
import { recorded } from '../quietly.ts';

type Options = { readonly release: string };

export const show: CliCommand<Options> = {
  command: 'show <release>',
  describe: 'show a release: images, who asked, and what was decided about it and why',
  example: 'show r42',
  options: (yargs) =>
    yargs.positional('release', { type: 'string', demandOption: true, describe: 'such as r42' }),
  run: (options) =>
    withRecords(options, async (records) => {
      const { settings, policy, output } = records;
      const { entries } = await recorded(records);
      const promotion = promotionNamed(options.release, { app: settings.app, policy, entries });
      const { release, pool, by, outcome } = promotion;
      output.result(
        {
          release: release.id,
          pool,
          by,
          images: release.images,
          versions: release.versions ?? null,
          env: release.env,
          outcome,
        },
        [
          `${release.id} on pool ${pool}, asked by ${by}`,
          ...Object.entries(release.images).map(
            ([service, image]) => `  ${service}: ${asked(release, service)}${image}`,
          ),
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

/** `v2 = ` before what it was resolved to. */
function asked({ versions }: Release, service: string): string {
  const version = versions?.[service];
  return version === undefined ? '' : `${version} = `;
}
