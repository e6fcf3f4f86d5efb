// What people say of the old environment, and what they are told of it. Nobody has to wait for it: it asks for no step.
import type { App } from '../promotion/app.ts';
import type { Command } from '../promotion/command.ts';
import { keepable, keptBecause } from '../promotion/warmth.ts';
import { dayAndTime } from './clock.ts';
import type { Connection } from './connect.ts';
import { type Conclusion, exit, refusal } from './exit.ts';
import { quietly } from './quietly.ts';

/** Journals the command and tells what holds now. `make` is given the time. */
export async function sayOfWarmth(
  connection: Connection,
  make: (now: number) => Command,
): Promise<Conclusion> {
  const { clock, journal } = connection.wired.world;
  const asked = await quietly(connection).ask(() => make(clock.now()));
  if ('refused' in asked) return refusal(asked);
  const { app } = await quietly(connection).read();
  const holder = await journal.holder();
  const driven = holder !== null && holder.until > clock.now();
  const note = driven ? '' : ' Nobody drives it now: `bgctl resume` goes on.';
  return { code: exit.done, outcome: asked.asked.kind, message: `${warmthText(app)}.${note}` };
}

/** `shop-r41 is kept warm by anna (…)`. */
export function warmthText(app: App): string {
  const old = keepable(app)?.project ?? 'the old environment';
  const because = keptBecause(app);
  if (because !== null) return `${old} is ${because}; \`bgctl hold --off\` lets it go`;
  const { until } = app.warm;
  return until === null
    ? `${old} is retired once the new one is verified and its warm time is over`
    : `${old} is not retired before ${dayAndTime(until)} UTC, nor before the new one is verified`;
}
