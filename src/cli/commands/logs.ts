// bgctl logs: the last lines of an environment's containers on each of its droplets.

import { because } from '../../lib/failure.ts';
import { environmentsOf } from '../../promotion/app.ts';
import { projectsOf } from '../../promotion/environment.ts';
import type { CliCommand } from '../command.ts';
import { connected } from '../connect.ts';
import { refused } from '../exit.ts';
import { quietly } from '../quietly.ts';

type Options = { readonly release?: string | undefined; readonly lines: number };

export const logs: CliCommand<Options> = {
  command: 'logs [release]',
  describe: 'print the last log lines of an environment; the live one unless a release is named',
  options: (yargs) =>
    yargs
      .positional('release', { type: 'string', describe: 'such as r42' })
      .option('lines', { type: 'number', default: 50, describe: 'of each container' }),
  run: (options) =>
    connected(options, async (connection) => {
      const { app } = await quietly(connection).read();
      const { live, other } = environmentsOf(app);
      const running = [live, other].filter((environment) => environment !== null);
      const environment = running.find(
        ({ release }) => release.id === (options.release ?? release.id),
      );
      if (environment === undefined)
        throw refused(
          `${options.release ?? 'nothing'} does not run${running.length > 0 ? `; ${running.map(({ release }) => release.id).join(' and ')} do` : ''}. What a removed release last said is in \`bgctl show\`.`,
        );
      for (const place of projectsOf(environment)) {
        const text = await connection.wired.world.hosts
          .logs(place, options.lines)
          .catch((error: unknown) => `(cannot be read: ${because(error)})`);
        connection.output.result(
          { project: place.project, droplet: place.droplet, log: text },
          `--- ${place.project} on droplet ${place.droplet}\n${text}`,
        );
      }
      return null;
    }),
};
