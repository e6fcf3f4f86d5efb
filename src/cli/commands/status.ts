// bgctl status: where the app is, why, and the commands that are legal now; --watch follows it.

import { type Compared, compare } from '../../controller/compare.ts';
import { because } from '../../lib/failure.ts';
import { legal } from '../../promotion/admit.ts';
import { type App, environmentsOf } from '../../promotion/app.ts';
import type { Environment } from '../../promotion/environment.ts';
import { keepable, keptBecause } from '../../promotion/warmth.ts';
import type { Holder } from '../../world.ts';
import { clock, dayAndTime } from '../clock.ts';
import type { CliCommand } from '../command.ts';
import { type Connection, connected } from '../connect.ts';
import { quietly } from '../quietly.ts';
import { View } from '../view.ts';
import { warmthText } from '../warmth.ts';

type Options = { readonly watch: boolean };

export const status: CliCommand<Options> = {
  command: 'status',
  describe: 'show what is live, what is under way and why, and what may be done now',
  options: (yargs) =>
    yargs.option('watch', {
      type: 'boolean',
      default: false,
      describe: 'follow until the app rests; changes nothing',
    }),
  run: (options) =>
    connected(options, async (connection) => {
      await print(connection);
      if (options.watch) await watch(connection);
      return null;
    }),
};

async function print(connection: Connection): Promise<void> {
  const { app, torn } = await quietly(connection).read();
  const holder = await connection.wired.world.journal.holder();
  const { output } = connection;
  if (torn !== null)
    output.note(
      'The journal ends in a line that was never finished (a crash while writing); it counts for nothing.',
    );
  const [back, compared] = await Promise.all([
    rollbackTime(connection),
    compare(connection.wired.world, app),
  ]);
  output.result(
    { ...data(app, holder), compared },
    [...lines(app, holder, back), ...differences(compared), `  now: ${legal(app).join(', ')}`].join(
      '\n',
    ),
  );
}

/** What is not as the journal expects, or could not be seen; one line where all is well. */
function differences(compared: readonly Compared[]): readonly string[] {
  const wrong = compared.filter(({ same }) => same !== true);
  if (wrong.length === 0)
    return ['  the load balancer and the droplets are as the journal expects'];
  return wrong.map(({ what, expected, seen }) => `  ${what}: expected ${expected}; seen ${seen}`);
}

function data(app: App, holder: Holder | null): Readonly<Record<string, unknown>> {
  const { live, other } = environmentsOf(app);
  return {
    app: app.name,
    phase: app.phase,
    since: app.since,
    live: brief(live),
    other: brief(other),
    reason: app.phase === 'held' || app.phase === 'aborting' ? app.reason : null,
    approval: app.approval,
    warm: app.warm,
    holder: holder === null ? null : { who: holder.who, since: holder.since },
    last: app.last,
    legal: legal(app),
  };
}

function brief(environment: Environment | null): Readonly<Record<string, unknown>> | null {
  if (environment === null) return null;
  const { release, pool, droplets, project, state } = environment;
  return { release: release.id, pool, droplets, project, state, images: release.images };
}

function lines(app: App, holder: Holder | null, back: string): readonly string[] {
  const { live, other } = environmentsOf(app);
  const say = (environment: Environment) =>
    `  ${environment.release.id}  ${environment.state} on pool ${environment.pool}, ${environment.droplets.length === 1 ? 'droplet' : 'droplets'} ${environment.droplets.join(', ')} (${environment.project})`;
  const leftovers = app.present.filter(
    (place) => place.project !== live?.project && place.project !== other?.project,
  );
  return [
    `${app.name} is ${app.phase}${'reason' in app ? `: ${app.reason}` : ''}`,
    ...(live === null && other === null ? ['  nothing runs'] : []),
    ...[live, other].filter((environment) => environment !== null).map(say),
    ...leftovers.map(
      (place) => `  left over, to be removed: ${place.project} on droplet ${place.droplet}`,
    ),
    ...approvalLines(app),
    ...(isSaid(app) ? [`  ${warmthText(app)}`] : []),
    ...(holder === null ? [] : [`  driven by ${holder.who} since ${clock(holder.since)} UTC`]),
    ...(app.last === null
      ? []
      : [`  last: ${app.last.release} ${app.last.is} (${app.last.because})`]),
    `  ${back}`,
  ];
}

/** Whether somebody, or the policy, said more of the old environment than how long it stays warm. */
function isSaid(app: App): boolean {
  return keepable(app) !== null && (keptBecause(app) !== null || app.warm.until !== null);
}

function approvalLines({ approval }: App): readonly string[] {
  if (approval === null) return [];
  const { given, until } = approval;
  if (given !== null) return [`  approved by ${given.by} at ${dayAndTime(given.at)} UTC`];
  return [`  approval awaited${until === null ? '' : ` until ${dayAndTime(until)} UTC`}`];
}

/** Rollback has a price, said beforehand: a droplet that left the balancer must earn its health again. */
async function rollbackTime({ wired }: Connection): Promise<string> {
  try {
    const seconds = Math.ceil((await wired.world.traffic.warmUpMs()) / 1000);
    return `going back takes about ${seconds} s with this balancer's health check`;
  } catch (error) {
    return `how long going back takes is not known: ${because(error)}`;
  }
}

async function watch(connection: Connection): Promise<void> {
  const { output, wired } = connection;
  const { app, entries } = await quietly(connection).read();
  let seq = app.seq;
  const view = new View(output, entries);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  for (;;) {
    const { app: now, entries: all } = await quietly(connection).read();
    for (const entry of all.slice(seq)) view.wrote(entry);
    seq = now.seq;
    const at = wired.world.clock.now();
    view.turned({ app: now, observation: null, step: null, at });
    const rests = (now.phase === 'idle' || now.phase === 'held') && now.asked === null;
    if (rests || stop.signal.aborted) break;
    await wired.world.clock.sleep(1_000, stop.signal);
  }
  view.end(null);
}
