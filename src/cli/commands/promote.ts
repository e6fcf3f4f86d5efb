// bgctl promote: starts the new release on the free pool, proves it, moves traffic, verifies, retires the old one.

import type { Wait } from '../../controller/loop.ts';
import type { OnBusy } from '../../controller/make-way.ts';
import type { Blueprint } from '../../controller/prepare.ts';
import {
  clashes,
  freePool,
  number,
  type Prepared,
  prepare,
  unmatched,
} from '../../controller/prepare.ts';
import type { Refusal } from '../../promotion/admit.ts';
import { type App, environmentsOf } from '../../promotion/app.ts';
import { readBlueprint } from '../blueprint.ts';
import { balancerNotes } from '../checks/balancer.ts';
import type { CliCommand } from '../command.ts';
import { type Connection, connected, type Opened } from '../connect.ts';
import { drive } from '../drive.ts';
import { type Conclusion, exit, refused } from '../exit.ts';
import { lineUp, turnedAway } from '../line-up.ts';
import { Deadline, onBusyOption, timeoutOption, waitOption } from '../options.ts';
import { quietly } from '../quietly.ts';
import { needSshFiles } from '../ssh-files.ts';
import { versionsOf } from '../versions.ts';

type Options = {
  readonly versions: readonly string[];
  readonly wait: Wait;
  readonly 'on-busy': OnBusy;
  readonly timeout?: number | undefined;
};

export const promote: CliCommand<Options> = {
  command: 'promote [versions..]',
  describe: 'move the app to a new release; returns when it is verified',
  example: 'promote web=v2 --wait switched',
  options: (yargs) =>
    yargs
      .positional('versions', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'SERVICE=TAG, SERVICE=sha256:…, or one TAG for all services',
      })
      .option('wait', waitOption)
      .option('on-busy', onBusyOption)
      .option('timeout', timeoutOption),
  run: (options) => {
    const versions = versionsOf(options.versions);
    const first = async (opened: Opened) => {
      const blueprint = await readBlueprint(opened);
      const problems = unmatched(blueprint.images, versions);
      if (problems.length > 0) throw refused(untouched(problems));
      await needSshFiles(opened);
      return blueprint;
    };
    const work = async (connection: Connection, blueprint: Blueprint) => {
      const deadline = new Deadline(connection.wired.world.clock, options.timeout);
      for (;;) {
        const attempted = await attempt(connection, blueprint, versions, {
          ...options,
          deadline,
        });
        if (!('refused' in attempted)) return attempted;
        const busy = options['on-busy'];
        if (busy === 'refuse' || attempted.why !== 'busy') return turnedAway(connection, attempted);
        const kept = await lineUp(connection, busy, deadline, attempted);
        if (kept !== null) return kept;
      }
    };
    return connected(options, work, first);
  },
};

type Attempt = Omit<Options, 'timeout'> & { readonly deadline: Deadline };

async function attempt(
  connection: Connection,
  blueprint: Blueprint,
  versions: ReturnType<typeof versionsOf>,
  options: Attempt,
): Promise<Conclusion | Refusal> {
  const { app } = await quietly(connection).read();
  const inspection = await connection.wired.inspect();
  if (inspection.refusals.length > 0) throw refused(untouched(inspection.refusals));
  for (const warning of [...inspection.warnings, ...balancerNotes(connection, inspection)])
    connection.output.note(`note: ${warning}`);
  const pool = freePool(app);
  const droplets = inspection.pools[pool].found.map((droplet) => droplet.id);
  const prepared = await prepare(connection.wired.survey, {
    blueprint,
    wanted: { versions, requestedBy: connection.who },
    pool,
    droplets,
  });
  return proceed(connection, blueprint, prepared, app, options);
}

async function proceed(
  connection: Connection,
  blueprint: Blueprint,
  prepared: Prepared,
  app: App,
  options: Attempt,
): Promise<Conclusion | Refusal> {
  const same = sameRelease(app, prepared.key);
  if (same?.is === 'live')
    return {
      code: exit.done,
      outcome: 'already-live',
      message: `${same.release} is live already with the same images, compose file and env files: nothing to do.`,
    };
  if (same?.is === 'under-way')
    connection.output.note(`${same.release} is the same release and under way: attaching to it.`);
  const release = same?.release ?? (await begin(connection, blueprint, prepared, app));
  if (typeof release !== 'string') return release;
  const { entries } = await quietly(connection).read();
  const flags = { wait: options.wait, timeout: options.deadline.leftMs() };
  return drive(connection, { kind: 'promote', release }, flags, entries);
}

/** Asks for the promotion; the release's number. */
async function begin(
  connection: Connection,
  blueprint: Blueprint,
  prepared: Prepared,
  app: App,
): Promise<string | Refusal> {
  if (app.phase === 'idle') {
    const { survey, world } = connection.wired;
    const { droplets } = prepared;
    const { projects } = world.hosts;
    const taken = await clashes(survey, app, { blueprint, droplets, projects });
    if (taken.length > 0) throw refused(untouched(taken));
  }
  const { release, compose } = number(prepared, app, blueprint);
  await connection.wired.world.journal.store(release.composeHash, compose);
  const { policy, settings } = connection;
  const { pool, droplets } = prepared;
  const drains = settings.traffic.drain !== null;
  const asked = await quietly(connection).ask((now) => {
    if (now.released !== app.released)
      return { refused: 'another release was asked for at the same time', why: 'busy' };
    return { kind: 'promote', release, pool, droplets, policy, drains };
  });
  return 'refused' in asked ? asked : release.id;
}

function sameRelease(
  app: App,
  key: string,
): { readonly is: 'live' | 'under-way'; readonly release: string } | null {
  const { live, other } = environmentsOf(app);
  if (app.phase === 'idle' && app.asked === null)
    return live?.release.key === key ? { is: 'live', release: live.release.id } : null;
  if (app.phase === 'idle')
    return app.asked?.kind === 'promote' && app.asked.release.key === key
      ? { is: 'under-way', release: app.asked.release.id }
      : null;
  if (app.phase === 'held' || app.phase === 'aborting') return null;
  const coming = [other, live].find((one) => one?.release.key === key && one.state !== 'draining');
  if (coming === undefined || coming === null) return null;
  return { is: 'under-way', release: coming.release.id };
}

function untouched(problems: readonly string[]): string {
  return `${problems.join('\n')}\nNothing was touched.`;
}
