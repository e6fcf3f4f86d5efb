// So many good answers in a row from every droplet pass; so many bad ones in a row from any droplet fail.
import type { Judge } from '../policy/policy.ts';
import { askedName, type Sample, type Window } from './sample.ts';
import type { Verdict } from './verdict.ts';
import { ofDroplets, runAtEnd, statsOf } from './window.ts';

type Consecutive = Extract<Judge, { kind: 'consecutive' }>;

/**
 * An unknown sample neither ends nor lengthens a run of bad answers, but it ends a run of good ones:
 * a droplet that cannot be seen now has proven nothing (I5).
 */
export function judgeConsecutive(
  judge: Consecutive,
  window: Window,
  droplets: readonly number[],
): Verdict {
  const runs = droplets.map((droplet) => runsOf(window, droplet));
  const worst = runs.find((run) => run.bad >= judge.failures);
  const least = Math.min(judge.passes, ...runs.map((run) => run.good));
  const evidence = { samples: statsOf(window).known, passes: judge.passes, least };
  if (worst !== undefined) {
    const because = `${askedName(worst.droplet)} gave ${worst.bad} bad answers in a row; ${judge.failures} are too many`;
    return {
      is: 'fail',
      because,
      evidence: { ...evidence, droplet: worst.droplet, bad: worst.bad },
    };
  }
  const short = runs.filter((run) => run.good < judge.passes);
  if (short.length === 0) {
    const because = `every droplet gave ${judge.passes} good answers in a row`;
    return { is: 'pass', because, evidence };
  }
  const has = short.map((run) => `${askedName(run.droplet)} has ${run.good}`).join(', ');
  const because = `${judge.passes} good answers in a row are wanted from every droplet; ${has}`;
  return { is: 'wait', because, evidence };
}

function runsOf(window: Window, droplet: number) {
  const { samples } = ofDroplets(window, [droplet]);
  return { droplet, good: runAtEnd(samples, 'ok'), bad: longestRunOfErrors(samples) };
}

/** The longest anywhere in the window, so that the verdict does not depend on when it was asked for. */
function longestRunOfErrors(samples: readonly Sample[]): number {
  let run = 0;
  let longest = 0;
  for (const { outcome } of samples) {
    if (outcome === 'ok') run = 0;
    if (outcome === 'error') run += 1;
    longest = Math.max(longest, run);
  }
  return longest;
}
