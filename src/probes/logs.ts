// Lines of the containers' logs that match, a minute; each line is counted once, and none is ever repeated (I8).

import { bounded } from '../lib/bounded.ts';
import type { Clock, Instant } from '../lib/clock.ts';
import { because } from '../lib/failure.ts';
import type { LogsProbe } from '../policy/probe-spec.ts';
import type { ProjectAt } from '../promotion/environment.ts';
import type { During, Insides } from '../world.ts';
import { digits, measured, type Seen, unknown } from './seen.ts';

export type ReadLogs = Insides['lines'];

const limitMs = 30_000;
/** What is being written just now is counted next time: it may not be there yet. */
const settleMs = 1_000;
/** Less time than this says nothing of a minute. */
const leastMs = 1_000;
/** Where nothing says when the phase began. */
const firstMs = 60_000;
/** Of a line that is longer the rest is not matched: a pattern must not run away on it. */
const lineMax = 4_000;

/** Up to when lines were counted. */
export class Counted {
  until: Instant | null = null;
  underWay = false;
}

type Given = {
  readonly place: ProjectAt;
  readonly readLogs: ReadLogs;
  readonly counted: Counted;
  readonly during: During;
  readonly clock: Clock;
};

/** Null where an earlier count is still under way, or too little time has passed since. */
export async function askLogs(spec: LogsProbe, given: Given): Promise<Seen | null> {
  const { counted, during, clock } = given;
  const to = clock.now() - settleMs;
  const from = counted.until ?? Math.max(during.since, to - firstMs);
  if (counted.underWay || to - from < leastMs) return null;
  counted.underWay = true;
  try {
    return await count(spec, given, from, to);
  } catch (error) {
    return unknown(because(error));
  } finally {
    counted.underWay = false;
  }
}

async function count(
  spec: LogsProbe,
  { place, readLogs, counted, clock }: Given,
  from: Instant,
  to: Instant,
): Promise<Seen> {
  const service = spec.service ?? null;
  const read = await bounded(limitMs, clock, readLogs(place, { service, from, to }));
  if (read === null) return unknown(`Docker did not give its logs within ${limitMs / 1000} s`);
  counted.until = to;
  const matches = matcher(spec.match);
  const found = read.lines.filter((line) => matches(line.slice(0, lineMax))).length;
  const perMinute = (found * 60_000) / (to - from);
  const told = `${found} of ${read.lines.length} lines in ${digits((to - from) / 1000)} s match`;
  const seen = measured(perMinute, spec, told);
  // What was not read can only make it more.
  if (read.whole || seen.outcome === 'error') return seen;
  return unknown(`${told}, of a log that is too long to be read whole`);
}

function matcher(match: LogsProbe['match']): (line: string) => boolean {
  if ('text' in match) return (line) => line.includes(match.text);
  const pattern = new RegExp(match.pattern, 'u');
  return (line) => pattern.test(line);
}
