// So many good answers in a row from every droplet pass; so many bad ones in a row from any droplet fail.
import type { Judge } from '../policy/policy.ts';
import type { Asked } from './asked.ts';
import { askedName, type Window } from './sample.ts';
import type { Verdict } from './verdict.ts';

type Consecutive = Extract<Judge, { kind: 'consecutive' }>;

/** `bad` is the longest run anywhere in the window, so that the verdict does not depend on when it was asked for. */
type Run = { good: number; worse: number; bad: number };

/**
 * An unknown sample neither ends nor lengthens a run of bad answers, but it ends a run of good ones:
 * a droplet that cannot be seen now has proven nothing (I5).
 */
export function judgeConsecutive(judge: Consecutive, window: Window, asked: Asked): Verdict {
  const { runs, samples, errors } = runsIn(window, asked);
  const all = [...runs];
  const least = Math.min(judge.passes, ...all.map(([, run]) => run.good));
  const evidence = { samples, errors, passes: judge.passes, least };
  const worst = all.find(([, run]) => run.bad >= judge.failures);
  if (worst !== undefined) {
    const [droplet, { bad }] = worst;
    const because = `${askedName(droplet)} gave ${bad} bad answers in a row; ${judge.failures} are too many`;
    return { is: 'fail', because, evidence: { ...evidence, droplet, bad } };
  }
  const short = all.filter(([, run]) => run.good < judge.passes);
  if (short.length === 0) {
    const because = `every droplet gave ${judge.passes} good answers in a row`;
    return { is: 'pass', because, evidence };
  }
  const has = short.map(([droplet, run]) => `${askedName(droplet)} has ${run.good}`).join(', ');
  const because = `${judge.passes} good answers in a row are wanted from every droplet; ${has}`;
  return { is: 'wait', because, evidence };
}

function runsIn(window: Window, asked: Asked) {
  const runs = new Map<number, Run>(
    asked.names.map((name) => [name, { good: 0, worse: 0, bad: 0 }]),
  );
  let [samples, errors] = [0, 0];
  for (const sample of window.samples) {
    const run = runs.get(asked.whose(sample) ?? Number.NaN);
    if (run === undefined) continue;
    run.good = sample.outcome === 'ok' ? run.good + 1 : 0;
    if (sample.outcome === 'unknown') continue;
    run.worse = sample.outcome === 'error' ? run.worse + 1 : 0;
    run.bad = Math.max(run.bad, run.worse);
    samples += 1;
    if (sample.outcome === 'error') errors += 1;
  }
  return { runs, samples, errors };
}
