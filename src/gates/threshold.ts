// A quantity over the window against a limit: the number of bad answers, or the mean duration of good ones.
import type { Judge } from '../policy/policy.ts';
import type { Window } from './sample.ts';
import type { Verdict } from './verdict.ts';
import { statsOf } from './window.ts';

type Threshold = Extract<Judge, { kind: 'threshold' }>;

/** `window` is already cut to `judge.windowMs`. */
export function judgeThreshold(judge: Threshold, window: Window): Verdict {
  return judge.quantity === 'errors' ? errors(judge, window) : meanDuration(judge, window);
}

/** Too many are too many, however few answers there are. */
function errors(judge: Threshold, window: Window): Verdict {
  const { known, errors } = statsOf(window);
  const least = Math.max(1, judge.samplesMin);
  const evidence = { samples: known, errors, max: judge.max };
  const counted = `${errors} of ${known} answers failed`;
  if (errors > judge.max)
    return { is: 'fail', because: `${counted}, more than ${judge.max}`, evidence };
  if (known < least)
    return {
      is: 'wait',
      because: `${known} of ${least} answers so far, ${errors} failed`,
      evidence,
    };
  return { is: 'pass', because: `${counted}, at most ${judge.max}`, evidence };
}

/** Only good answers have a duration worth a mean: a quick refusal would otherwise make a sick app look fast. */
function meanDuration(judge: Threshold, window: Window): Verdict {
  const good = window.samples.filter((sample) => sample.outcome === 'ok');
  const least = Math.max(1, judge.samplesMin);
  const evidence = { samples: good.length, max: judge.max };
  if (good.length < least)
    return { is: 'wait', because: `${good.length} of ${least} good answers so far`, evidence };
  const mean = good.reduce((sum, sample) => sum + sample.durationMs, 0) / good.length;
  const of = `the mean of ${good.length} good answers is ${Math.round(mean)} ms`;
  const numbers = { ...evidence, meanMs: Math.round(mean) };
  return mean > judge.max
    ? { is: 'fail', because: `${of}, more than ${judge.max} ms`, evidence: numbers }
    : { is: 'pass', because: `${of}, at most ${judge.max} ms`, evidence: numbers };
}
