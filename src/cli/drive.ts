// Drives the app until it rests, watched by a person, a pipe or a machine; signals and --timeout included.
import type { Controller, DriveOptions } from '../controller/controller.ts';
import type { Wait } from '../controller/loop.ts';
import type { Status } from '../controller/status.ts';
import { Failure } from '../lib/failure.ts';
import type { Entry } from '../promotion/entry.ts';
import { releaseId } from '../promotion/release.ts';
import { clock } from './clock.ts';
import type { Connection } from './connect.ts';
import { evidenceFor, patienceMs } from './evidence.ts';
import { type Conclusion, conclude, type Wanted } from './exit.ts';
import { View } from './view.ts';
import { actionsOf } from './workflow.ts';

export type DriveFlags = {
  readonly wait?: Wait | undefined;
  readonly timeout?: number | undefined;
};

export async function drive(
  connection: Connection,
  wanted: Wanted,
  flags: DriveFlags,
  before: readonly Entry[],
): Promise<Conclusion> {
  const ending = await watched(connection, flags.timeout, before, (controller, options) =>
    controller.drive({ ...options, until: flags.wait ?? 'verified' }),
  );
  const told = { ...conclude(wanted, ending), data: connection.wired.counters() };
  const { released } = ending.app;
  if (released === 0 || wanted.kind === 'resolve') return told;
  const release = wanted.kind === 'promote' ? wanted.release : releaseId(released);
  // A report of what is not over shows a part of it.
  const hint = ending.is === 'rest' ? { hint: `bgctl report ${release} shows all of it.` } : {};
  if (actionsOf(process.env) === null) return { ...told, ...hint };
  const limitMs = ending.is === 'interrupted' ? patienceMs.interrupted : patienceMs.ended;
  const evidence = await evidenceFor(connection, release, '.', limitMs);
  return evidence === null ? { ...told, ...hint } : { ...told, ...hint, evidence };
}

/** Lets somebody watch what a controller does; signals and the time limit end it. */
export async function watched<T>(
  connection: Connection,
  timeoutMs: number | undefined,
  before: readonly Entry[],
  work: (controller: Controller, options: Omit<DriveOptions, 'until'>) => Promise<T>,
): Promise<T> {
  const { output } = connection;
  const view = new View(output, before);
  let last: Status | null = null;
  let begun = false;
  const controller = connection.controller({
    wrote: (entry) => {
      begun = true;
      view.wrote(entry);
    },
    turned: (status) => {
      last = status;
      view.turned(status);
    },
  });
  const stop = stopSignal(timeoutMs);
  try {
    return await work(controller, {
      stop: stop.signal,
      onHeldBy: (holder) =>
        output.note(
          `${holder.who} has driven ${connection.settings.app} since ${clock(holder.since)} UTC; following.`,
        ),
    });
  } catch (error) {
    throw begun ? midway(error) : error;
  } finally {
    view.end(last);
    stop.end();
  }
}

/** What is refused before anything is touched (a damaged journal) is no refusal once something was: exit 2 would be a lie. */
export function midway(error: unknown): unknown {
  if (!(error instanceof Failure) || !error.precondition) return error;
  const text = error.message.replace('Nothing was changed; ', 'Nothing more was begun; ');
  return new Failure(error.from, text, { retry: 'soon' });
}

/** SIGINT, SIGTERM or the end of --timeout: begin nothing, flush, say how to go on. */
function stopSignal(timeoutMs: number | undefined): { signal: AbortSignal; end(): void } {
  const stop = new AbortController();
  const onSignal = (name: NodeJS.Signals) => stop.abort(new Error(name));
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const timer = timeoutMs === undefined ? null : AbortSignal.timeout(timeoutMs);
  // The timer's own reason is nothing to tell a person.
  const onTimeout = () => stop.abort(new Error('the time of --timeout is over'));
  timer?.addEventListener('abort', onTimeout, { once: true });
  return {
    signal: stop.signal,
    end() {
      timer?.removeEventListener('abort', onTimeout);
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
