// bgctl approve: the human gate: a release that passed its gates may be switched to.
import type { Wait } from '../../controller/loop.ts';
import { assert } from '../../lib/assert.ts';
import { underWay } from '../../promotion/app.ts';
import type { CliCommand } from '../command.ts';
import { connected } from '../connect.ts';
import { drive } from '../drive.ts';
import { refusal } from '../exit.ts';
import { timeoutOption, waitOption } from '../options.ts';
import { quietly } from '../quietly.ts';

type Options = {
  readonly release?: string | undefined;
  readonly wait: Wait;
  readonly timeout?: number | undefined;
};

export const approve: CliCommand<Options> = {
  command: 'approve [release]',
  describe:
    'let a release that passed its gates be switched to, where the policy asks for a person',
  example: 'approve r42',
  options: (yargs) =>
    yargs
      .positional('release', { type: 'string', describe: 'such as r42; the one that waits' })
      .option('wait', waitOption)
      .option('timeout', timeoutOption),
  run: (options) =>
    connected(options, async (connection) => {
      const { entries } = await quietly(connection).read();
      const { clock } = connection.wired.world;
      const asked = await quietly(connection).ask((app) => ({
        kind: 'approve',
        release: options.release ?? underWay(app) ?? app.name,
        at: clock.now(),
      }));
      if ('refused' in asked) return refusal(asked);
      const { asked: approval } = asked;
      assert(approval.kind === 'approve', 'an approval was asked for');
      // As that release's promotion: where somebody else aborts it, this command did not succeed.
      const wanted = { kind: 'promote', release: approval.release } as const;
      return drive(connection, wanted, options, entries);
    }),
};
