// Tells a story with the production code; the only chance in it is the seed's.
import type { Script } from '../../src/simulator/faults.ts';
import { Random } from '../../src/simulator/random.ts';
import { type Options, Story, type Told } from '../../src/simulator/simulate.ts';
import { transcript } from '../../src/simulator/transcript.ts';
import { production } from './production.ts';

/** The cloud's client spreads its retries by the machine's own chance: here that is the seed's too. */
export async function tell(script: Script, options: Options = {}): Promise<Told> {
  const random = new Random(script.seed);
  const { random: chance } = Math;
  const { stackTraceLimit } = Error;
  Math.random = () => random.next();
  // Stacks of errors that are part of the story are read by nobody.
  Error.stackTraceLimit = 0;
  try {
    return await new Story(script, production, options).tell();
  } finally {
    Math.random = chance;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** What a person needs to see of a story that went wrong. */
export function retold(script: Script, { breaches, entries }: Told): string {
  const wrong = breaches.map(
    ({ atMs, checker, what }) => `${(atMs / 1000).toFixed(1).padStart(8)} s  ${checker}: ${what}`,
  );
  return [JSON.stringify(script), transcript(entries), 'Broken:', ...wrong].join('\n');
}
