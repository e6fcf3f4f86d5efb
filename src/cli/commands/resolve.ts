// bgctl resolve: a person's choice out of held.

import type { App } from '../../promotion/app.ts';
import type { Command } from '../../promotion/command.ts';
import { choices } from '../../promotion/phases/held.ts';
import { endOfHold } from '../../promotion/warmth.ts';
import { adoption } from '../adoption.ts';
import type { CliCommand } from '../command.ts';
import { connected } from '../connect.ts';
import { drive } from '../drive.ts';
import { refusal, refused } from '../exit.ts';
import { quietly } from '../quietly.ts';

type Options = {
  readonly keep?: string | undefined;
  readonly adopt: boolean;
  readonly restore: boolean;
};

export const resolve: CliCommand<Options> = {
  command: 'resolve',
  describe: 'choose, where the app is held: --keep a release, --adopt what is there, or --restore',
  example: 'resolve --keep r42',
  options: (yargs) =>
    yargs
      .option('keep', {
        type: 'string',
        describe: 'the release that stays, such as r42; the other goes',
      })
      .option('adopt', {
        type: 'boolean',
        default: false,
        describe: 'what serves now is taken as blue; the balancer stays as it is',
      })
      .option('restore', {
        type: 'boolean',
        default: false,
        describe: 'the balancer is put back as the journal has it',
      }),
  run: (options) => {
    const chosen = [options.keep !== undefined, options.adopt, options.restore].filter(Boolean);
    if (chosen.length !== 1)
      throw refused(
        'choose one of --keep RELEASE, --adopt and --restore; `bgctl status` says which are legal',
      );
    return connected(options, async (connection) => {
      const { app, entries } = await quietly(connection).read();
      const command = options.adopt ? await adoption(connection, app) : commandOf(options, app);
      const asked = await quietly(connection).ask(() => command);
      if ('refused' in asked) return refusal(asked);
      const ends = endOfHold(app, command);
      if (ends !== null) connection.output.note(`note: ${ends}.`);
      return drive(connection, { kind: 'resolve' }, {}, entries);
    });
  },
};

function commandOf(options: Options, app: App): Command {
  if (options.restore) return { kind: 'restore' };
  const named = options.keep ?? '';
  const environment =
    app.phase === 'held'
      ? choices(app).find((one) => one.release.id === named || one.project === named)
      : undefined;
  return { kind: 'keep', project: environment?.project ?? named };
}
