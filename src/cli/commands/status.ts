// bgctl status: where the app is, why, and the commands that are legal now; --watch follows it.

import { type Compared, compare } from '../../controller/compare.ts';
import { rests } from '../../controller/follow.ts';
import { systemClock } from '../../lib/clock.ts';
import { because } from '../../lib/failure.ts';
import { legal } from '../../promotion/admit.ts';
import { type App, environmentsOf } from '../../promotion/app.ts';
import type { Environment } from '../../promotion/environment.ts';
import { type Release, versionText } from '../../promotion/release.ts';
import { keepable, keptBecause } from '../../promotion/warmth.ts';
import type { Holder } from '../../world.ts';
import { clock, dayAndTime } from '../clock.ts';
import type { CliCommand } from '../command.ts';
import { type Connection, type Records, withRecords } from '../connect.ts';
import { recorded } from '../quietly.ts';
import { View } from '../view.ts';
import { warmthText } from '../warmth.ts';

type Options = { readonly watch: boolean };

export const status: CliCommand<Options> = {
  command: 'status',
  describe: 'show what is live, what is under way and why, and what may be done now',
  example: 'status --watch',
  options: (yargs) =>
    yargs.option('watch', {
      type: 'boolean',
      default: false,
      describe: 'follow until the app rests; changes nothing',
    }),
  run: (options) =>
    withRecords(options, async (records, reach) => {
      await print(records, reach);
      if (options.watch) await watch(records);
      return null;
    }),
};

/** What the journal says is said at once: what was seen comes after it, and may not come at all. */
async function print(records: Records, reach: () => Promise<Connection>): Promise<void> {
  const { app, torn } = await recorded(records);
  const holder = await records.journal.holder();
  const { output } = records;
  if (torn !== null)
    output.note(
      'The journal ends in a line that was never finished (a crash while writing); it counts for nothing.',
    );
  if (!output.json) output.result({}, lines(app, holder).join('\n'));
  const { compared, told } = await seen(app, reach);
  const now = `  now: ${legal(app).join(', ')}`;
  output.result({ ...data(app, holder), compared }, [...told, now].join('\n'));
}

type Seen = {
  /** Null: nobody could be asked. */
  readonly compared: readonly Compared[] | null;
  readonly told: readonly string[];
};

async function seen(app: App, reach: () => Promise<Connection>): Promise<Seen> {
  try {
    const connection = await reach();
    const [back, compared] = await Promise.all([
      rollbackTime(connection, app),
      compare(connection.wired.world, app),
    ]);
    return { compared, told: [...back, ...differences(compared), ...warning(app, compared)] };
  } catch (error) {
    const why = `  the load balancer and the droplets were not looked at: ${because(error)}`;
    return { compared: null, told: [why] };
  }
}

/** What is not as the journal expects, or could not be seen; one line where all is well. */
function differences(compared: readonly Compared[]): readonly string[] {
  const wrong = compared.filter(({ same }) => same !== true);
  if (wrong.length === 0)
    return ['  the load balancer and the droplets are as the journal expects'];
  return wrong.map(({ what, expected, seen }) => `  ${what}: expected ${expected}; seen ${seen}`);
}

/** At rest the journal alone would name `promote`: with another balancer than it knows, that ends as held. */
export function warning(app: App, compared: readonly Compared[]): readonly string[] {
  const [balancer] = compared;
  if (app.phase !== 'idle' || balancer?.same !== false) return [];
  const { live } = environmentsOf(app);
  const way = live === null ? '`bgctl resolve --adopt`' : '`bgctl resolve`';
  return [`  a promote would be held because of it; then ${way} is the way out`];
}

function data(app: App, holder: Holder | null): Readonly<Record<string, unknown>> {
  const { live, other } = environmentsOf(app);
  return {
    app: app.name,
    phase: app.phase,
    since: app.seq === 0 ? null : app.since,
    live: brief(live),
    other: brief(other),
    reason: app.phase === 'held' || app.phase === 'aborting' ? app.reason : null,
    approval: app.approval,
    warm: app.warm,
    holder: holder === null ? null : { who: holder.who, since: holder.since, gone: isGone(holder) },
    last: app.last,
    legal: legal(app),
  };
}

function brief(environment: Environment | null): Readonly<Record<string, unknown>> | null {
  if (environment === null) return null;
  const { release, pool, droplets, project, state } = environment;
  return {
    release: release.id,
    versions: release.versions ?? null,
    pool,
    droplets,
    project,
    state,
    images: release.images,
  };
}

function lines(app: App, holder: Holder | null): readonly string[] {
  const { live, other } = environmentsOf(app);
  const say = (environment: Environment) =>
    `  ${nameOf(environment.release)}  ${environment.state} on pool ${environment.pool}, ${environment.droplets.length === 1 ? 'droplet' : 'droplets'} ${environment.droplets.join(', ')} (${environment.project})`;
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
    ...(holder === null || (isGone(holder) && rests(app)) ? [] : [driverText(holder)]),
    ...(app.last === null
      ? []
      : [`  last: ${app.last.release} ${app.last.is} (${app.last.because})`]),
  ];
}

function driverText(holder: Holder): string {
  const driver = `${holder.who} since ${clock(holder.since)} UTC`;
  return isGone(holder)
    ? `  was driven by ${driver}, which is gone: \`bgctl resume\` goes on`
    : `  driven by ${driver}`;
}

function isGone({ until }: Holder): boolean {
  return until <= systemClock.now();
}

/** `r42 (v2)`: the number is bgctl's, the version the team's. */
function nameOf(release: Release): string {
  const version = versionText(release);
  return version === null ? release.id : `${release.id} (${version})`;
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
async function rollbackTime({ wired }: Connection, app: App): Promise<readonly string[]> {
  const { live, other } = environmentsOf(app);
  if (live === null || other === null) return [];
  try {
    const seconds = Math.ceil((await wired.world.traffic.warmUpMs()) / 1000);
    return [`  going back takes about ${seconds} s with this balancer's health check`];
  } catch (error) {
    return [`  how long going back takes is not known: ${because(error)}`];
  }
}

async function watch(records: Records): Promise<void> {
  const { output } = records;
  const { app, entries } = await recorded(records);
  let seq = app.seq;
  const view = new View(output, entries);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  for (;;) {
    const { app: now, entries: all } = await recorded(records);
    for (const entry of all.slice(seq)) view.wrote(entry);
    seq = now.seq;
    const at = systemClock.now();
    view.turned({ app: now, observation: null, step: null, at });
    const rests = (now.phase === 'idle' || now.phase === 'held') && now.asked === null;
    if (rests || stop.signal.aborted) break;
    await systemClock.sleep(1_000, stop.signal);
  }
  view.end(null);
}
