// A promotion that finds another one under way: told who is at what since when, and what it does about it.
import { makeWay, type OnBusy } from '../controller/make-way.ts';
import type { Refusal } from '../promotion/admit.ts';
import { clock as timeOfDay } from './clock.ts';
import type { Connection } from './connect.ts';
import { watched } from './drive.ts';
import { type Conclusion, conclude, exit, refusal } from './exit.ts';
import type { Deadline } from './options.ts';
import { quietly } from './quietly.ts';

/** Null: the app is free, and the next attempt may be made. Else what the command tells. */
export async function lineUp(
  connection: Connection,
  onBusy: Exclude<OnBusy, 'refuse'>,
  deadline: Deadline,
  { refused }: Refusal,
): Promise<Conclusion | null> {
  const { output, who: by } = connection;
  const { entries } = await quietly(connection).read();
  const doing = onBusy === 'wait' ? 'waiting for its end' : 'replacing it';
  output.note(`${refused}. ${await driver(connection)} --on-busy=${onBusy}: ${doing}.`);
  const way = await watched(connection, deadline.leftMs(), entries, (controller, options) =>
    makeWay(controller, onBusy, { ...options, until: 'verified', by }),
  );
  switch (way.is) {
    // Somebody else was quicker to go on with it: the next attempt finds whether there is still something to wait for.
    case 'replaced':
    case 'free':
      return null;
    case 'refused':
      return turnedAway(connection, way.why);
    case 'interrupted':
      return {
        code: exit.busy,
        outcome: 'busy',
        message: `Stopped waiting (${way.because}). The new release was not asked for.`,
      };
    default:
      return conclude({ kind: 'resume', aborting: true }, way);
  }
}

/** Who is busy is told as well: wait for them, ask them, or take over. */
export async function turnedAway(connection: Connection, refused: Refusal): Promise<Conclusion> {
  const conclusion = refusal(refused);
  if (refused.why !== 'busy') return conclusion;
  return { ...conclusion, message: `${conclusion.message}. ${await driver(connection)}` };
}

async function driver(connection: Connection): Promise<string> {
  const { journal, clock } = connection.wired.world;
  const holder = await journal.holder();
  return holder === null || holder.until <= clock.now()
    ? 'Nobody drives it now: `bgctl resume` goes on with it.'
    : `${holder.who} has driven it since ${timeOfDay(holder.since)} UTC.`;
}
