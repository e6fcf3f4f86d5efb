// bgctl logs: the last lines of an environment's containers on each of its droplets.

import { because } from '../../lib/failure.ts';
import { environmentsOf } from '../../promotion/app.ts';
import { type Environment, projectsOf } from '../../promotion/environment.ts';
import type { CliCommand } from '../command.ts';
import { type Records, withRecords } from '../connect.ts';
import { type Exit, refused } from '../exit.ts';
import { nothingPromoted, promotionNamed } from '../named.ts';
import { countOption } from '../options.ts';
import { recorded } from '../quietly.ts';

type Options = { readonly release?: string | undefined; readonly lines: number };

export const logs: CliCommand<Options> = {
  command: 'logs [release]',
  describe: 'print the last log lines of an environment; the live one unless a release is named',
  example: 'logs r42 --lines 100',
  options: (yargs) =>
    yargs
      .positional('release', { type: 'string', describe: 'such as r42' })
      .option('lines', countOption('lines', 50, 'of each container')),
  run: (options) =>
    withRecords(options, async (records, reach) => {
      const environment = await named(records, options.release);
      const { wired, output } = await reach();
      for (const place of projectsOf(environment)) {
        const text = await wired.world.hosts
          .logs(place, options.lines)
          .catch((error: unknown) => `(cannot be read: ${because(error)})`);
        output.result(
          { project: place.project, droplet: place.droplet, log: text },
          `--- ${place.project} on droplet ${place.droplet}\n${text}`,
        );
      }
      return null;
    }),
};

/** What runs is known from the journal: nobody is asked for what never was. */
async function named(records: Records, release: string | undefined): Promise<Environment> {
  const { app, entries } = await recorded(records);
  const { live, other } = environmentsOf(app);
  const running = [live, other].filter((environment) => environment !== null);
  const found = running.find((one) => one.release.id === (release ?? one.release.id));
  if (found !== undefined) return found;
  if (release === undefined) throw refused(app.released === 0 ? nothingPromoted : nothingRuns);
  promotionNamed(release, { app: app.name, policy: records.policy, entries });
  throw notRunning(
    release,
    running.map((one) => one.release.id),
  );
}

const nothingRuns =
  'Nothing runs now. What a removed release last said is in `bgctl show`; `bgctl history` lists them.';

function notRunning(release: string, running: readonly string[]): Exit {
  const others =
    running.length === 0
      ? 'nothing does'
      : `${running.join(' and ')} ${running.length === 1 ? 'does' : 'do'}`;
  return refused(
    `${release} does not run; ${others}. What it last said is in \`bgctl show ${release}\`.`,
  );
}
