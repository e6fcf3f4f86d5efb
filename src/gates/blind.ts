// Whether a gate sees enough to say anything: a droplet that cannot be measured keeps it from passing (I5).
import type { Asked } from './asked.ts';
import { askedName, type Sample, type Window } from './sample.ts';

type Blind = { times: number; last: Sample };

/** Which of those asked gave more than `unknownMax` unknown samples in a row just now; null if none. */
export function unmeasured(window: Window, asked: Asked, unknownMax: number): string | null {
  const runs = new Map<number, Blind>();
  const ended = new Set<number>();
  for (let index = window.samples.length - 1; index >= 0; index -= 1) {
    const sample = window.samples[index];
    const name = sample === undefined ? null : asked.whose(sample);
    if (sample === undefined || name === null || ended.has(name)) continue;
    if (sample.outcome !== 'unknown') ended.add(name);
    else runs.set(name, lengthened(runs.get(name), sample));
    if (ended.size === asked.names.length) break;
  }
  const reasons = asked.names.flatMap((name) => {
    const { times = 0, last } = runs.get(name) ?? {};
    if (times <= unknownMax) return [];
    const often = times === 1 ? 'the last time' : `the last ${times} times`;
    return [`${askedName(name)} could not be measured ${often} (${last?.detail})`];
  });
  return reasons.length === 0 ? null : reasons.join(', ');
}

function lengthened(run: Blind | undefined, sample: Sample): Blind {
  return run === undefined ? { times: 1, last: sample } : { ...run, times: run.times + 1 };
}

/** Which of those asked have not been heard of at all, or could not be measured just now; null if none. */
export function unheard(window: Window, asked: Asked): string | null {
  if (asked.names.length === 0) return 'there is no droplet to ask';
  const latest = new Map<number, Sample>();
  for (let index = window.samples.length - 1; index >= 0; index -= 1) {
    const sample = window.samples[index];
    const name = sample === undefined ? null : asked.whose(sample);
    if (sample === undefined || name === null || latest.has(name)) continue;
    latest.set(name, sample);
    if (latest.size === asked.names.length) break;
  }
  const silent = asked.names.filter((name) => !latest.has(name));
  if (silent.length > 0) return `no answer from ${silent.map(askedName).join(', ')} yet`;
  const [name, last] = [...latest].find(([, { outcome }]) => outcome === 'unknown') ?? [];
  return name === undefined
    ? null
    : `${askedName(name)} could not be measured the last time (${last?.detail})`;
}
