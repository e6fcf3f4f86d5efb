// Moments of a bgctl that is under way, read from the journal while it writes.
import type { Bgctl, Stage } from '../../compose/lab/stage.ts';
import type { Effect } from '../../src/promotion/effect.ts';
import type { Entry } from '../../src/promotion/entry.ts';
import { folded, linesOf, until } from './kit.ts';

export type Moment = {
  readonly when: string;
  readonly is: (entry: Entry) => boolean;
};

export const began =
  (kind: Effect['kind']): Moment['is'] =>
  (entry) =>
    entry.type === 'acted' && entry.effect.kind === kind;

export const settled =
  (kind: Effect['kind']): Moment['is'] =>
  (entry) =>
    entry.type === 'settled' && entry.effect.kind === kind;

export const enters =
  (phase: string): Moment['is'] =>
  (entry) =>
    entry.type === 'entered' && entry.phase === phase;

export const commits: Moment['is'] = (entry) => entry.type === 'committed';

/** Starts bgctl and waits for the moment among the lines that follow; rejects with what it said when it ends before. */
export async function startedUntil(
  stage: Stage,
  words: readonly string[],
  moment: Moment,
): Promise<Bgctl> {
  const from = (await folded(stage)).seq;
  const bgctl = stage.start(words);
  await reached(stage, bgctl, { ...moment, is: (entry) => entry.seq > from && moment.is(entry) });
  return bgctl;
}

/** Waits for the moment in the journal, for as long as `bgctl` lives. */
async function reached(stage: Stage, bgctl: Bgctl, { when, is }: Moment): Promise<void> {
  const { child } = bgctl;
  const here = () => linesOf(stage).some(is);
  const gone = () => child.exitCode !== null || child.signalCode !== null;
  await until(`the journal has this: ${when}`, here, {
    limitMs: 90_000,
    stop: () => (gone() && !here() ? `bgctl ended before:\n${bgctl.said()}` : null),
    why: () => bgctl.said(),
  });
}
