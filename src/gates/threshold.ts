// One number of a fixed window against limits: bad answers, their share, a mean, a quantile, what a source measured.
import type { Judge } from '../policy/policy.ts';
import type { Sample, Window } from './sample.ts';
import { percent, type Verdict } from './verdict.ts';

type Threshold = Extract<Judge, { kind: 'threshold' }>;

type Measured = {
  /** How many samples it rests on. */
  readonly samples: number;
  readonly errors: number;
  readonly number: number;
  /** As a person says it: "p95 of 200 answers is 310 ms". */
  readonly said: string;
};

/** `window` is already cut to `judge.windowMs`. Waits for enough samples, save where no number of good ones could mend it. */
export function judgeThreshold(judge: Threshold, window: Window): Verdict {
  const { samples, errors, number, said } = measure(judge, window.samples);
  const { max, min } = judge;
  const least = Math.max(1, judge.samplesMin);
  const evidence = {
    samples,
    errors,
    ...(samples > 0 && {
      number: Number.isFinite(number) ? Number(number.toPrecision(4)) : 'none',
    }),
    ...(max !== null && { max }),
    ...(min !== null && { min }),
  };
  // Divided, not multiplied: 29 of 100 is exactly 0.29, while 0.29 × 100 is a little less than 29.
  const hopeless = max !== null && mendable(judge, errors, Math.max(samples, least)) > max;
  if (samples < least && !hopeless) {
    const because = `${samples} of ${least} samples so far, ${errors} failed`;
    return { is: 'wait', because, evidence };
  }
  const limit = (one: number) => shown(judge, one);
  if (max !== null && (hopeless || number > max)) {
    const because =
      samples < least && judge.quantity === 'error-rate'
        ? `${errors} of ${samples} answers failed: already more than ${limit(max)} of ${least}`
        : `${said}, more than ${limit(max)}`;
    return { is: 'fail', because, evidence };
  }
  if (min !== null && !(number >= min))
    return { is: 'fail', because: `${said}, less than ${limit(min)}`, evidence };
  const bounds = [
    ...(max === null ? [] : [`at most ${limit(max)}`]),
    ...(min === null ? [] : [`at least ${limit(min)}`]),
  ];
  return { is: 'pass', because: `${said}, ${bounds.join(' and ')}`, evidence };
}

/** What the number is at least, were all that is still missing of `all` good. Errors never mend. */
function mendable({ quantity }: Threshold, errors: number, all: number): number {
  if (quantity === 'errors') return errors;
  return quantity === 'error-rate' ? errors / all : Number.NEGATIVE_INFINITY;
}

function measure(judge: Threshold, all: readonly Sample[]): Measured {
  const { quantity } = judge;
  const known = all.filter((sample) => sample.outcome !== 'unknown');
  const errors = known.filter((sample) => sample.outcome === 'error').length;
  switch (quantity) {
    case 'errors':
    case 'error-rate': {
      const number = quantity === 'errors' ? errors : errors / Math.max(1, known.length);
      const share = quantity === 'errors' ? '' : ` (${percent(number)})`;
      const said = `${errors} of ${known.length} answers failed${share}`;
      return { samples: known.length, errors, number, said };
    }
    case 'mean-duration-ms': {
      // Only good answers have a duration worth a mean: a quick refusal would otherwise make a sick app look fast.
      const good = known.filter((sample) => sample.outcome === 'ok' && sample.durationMs >= 0);
      const number = mean(good.map((sample) => sample.durationMs));
      const said = `the mean of ${good.length} good answers is ${shown(judge, number)}`;
      return { samples: good.length, errors, number, said };
    }
    case 'value': {
      const values = known.flatMap(({ value }) =>
        Number.isFinite(value) ? [value as number] : [],
      );
      const number = mean(values);
      const said = `the mean of ${values.length} values is ${shown(judge, number)}`;
      return { samples: values.length, errors, number, said };
    }
    default: {
      const durations = durationsOf(known);
      const number = quantile(durations, Number(quantity.slice(1)) / 100);
      const said = `${quantity} of ${durations.length} answers is ${shown(judge, number)}`;
      return { samples: durations.length, errors, number, said };
    }
  }
}

/** Sorted; a failed answer is slower than any limit: leaving out time-outs would hide the slowest. */
function durationsOf(known: readonly Sample[]): readonly number[] {
  return known
    .map(({ outcome, durationMs }) => (outcome === 'ok' ? durationMs : Number.POSITIVE_INFINITY))
    .filter((ms) => ms >= 0)
    .sort((a, b) => a - b);
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function shown({ quantity }: Threshold, number: number): string {
  if (quantity === 'error-rate') return percent(number);
  if (quantity === 'errors' || quantity === 'value') return `${Number(number.toPrecision(4))}`;
  return Number.isFinite(number) ? `${Math.round(number)} ms` : 'an answer that failed';
}

/** Nearest rank: the smallest value that at least this share of the values does not exceed. `sorted` is not empty. */
export function quantile(sorted: readonly number[], share: number): number {
  const rank = Math.ceil(share * sorted.length - 1e-9);
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] ?? Number.POSITIVE_INFINITY;
}
