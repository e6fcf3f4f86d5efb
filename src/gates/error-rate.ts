// The share of failed answers over the window against a limit.
import type { Judge } from '../policy/policy.ts';
import type { Window } from './sample.ts';
import type { Verdict } from './verdict.ts';
import { statsOf } from './window.ts';

type ErrorRate = Extract<Judge, { kind: 'error-rate' }>;

/** `window` is already cut to `judge.windowMs`. Fails early where even `samplesMin` answers could not mend the rate. */
export function judgeErrorRate(judge: ErrorRate, window: Window): Verdict {
  const { known, errors } = statsOf(window);
  const least = Math.max(1, judge.samplesMin);
  // Divided, not multiplied: 29 of 100 is exactly 0.29, while 0.29 × 100 is a little less than 29.
  const rate = errors / Math.max(known, least);
  const evidence = {
    samples: known,
    errors,
    rate: known === 0 ? 0 : errors / known,
    max: judge.max,
  };
  const counted = `${errors} of ${known} answers failed`;
  if (rate > judge.max) {
    const because =
      known >= least
        ? `${counted} (${percent(rate)}), more than ${percent(judge.max)}`
        : `${counted}: already more than ${percent(judge.max)} of ${least}`;
    return { is: 'fail', because, evidence };
  }
  if (known < least)
    return {
      is: 'wait',
      because: `${known} of ${least} answers so far, ${errors} failed`,
      evidence,
    };
  const because = `${counted} (${percent(rate)}), at most ${percent(judge.max)}`;
  return { is: 'pass', because, evidence };
}

/** `2.5 %` of 0.025. */
function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
