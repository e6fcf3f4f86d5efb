// What the keys of a judge demand of one another, of its probe and of the phase's limit.
import { durationText } from './duration.ts';
import type { Finding, Path } from './problem.ts';
import { eachGate, type Rule } from './rule.ts';
import type { WrittenGate, WrittenPolicy } from './schema.ts';
import { numberOf } from './written-gate.ts';
import { httpOf } from './written-probe.ts';

type Judge = WrittenGate['judge'];
type Shares = NonNullable<Judge['errorRate']>;
type Threshold = NonNullable<Judge['threshold']>;

export const judgeRules: readonly Rule[] = [
  streaksFitTheLimit,
  tripwiresCanTrip,
  sharesLeaveRoom,
  confidenceIsWithinReason,
  decisionsFitTheLimit,
  samplesCanBeReached,
  quantilesHaveSamples,
  durationsCanBeExceeded,
  thresholdsSuitTheirQuantity,
  thresholdsHaveALimit,
];

export const judgeWarnings: readonly Rule[] = [oneBadAnswerIsEnough];

function streaksFitTheLimit(policy: Partial<WrittenPolicy>): Finding[] {
  return eachGate(policy, ({ every, judge: { consecutive, outOf } }, at, { limit }) => {
    const [key, count] =
      consecutive === undefined ? ['outOf', outOf?.of ?? 0] : ['consecutive', consecutive.passes];
    if (count * every < limit) return [];
    const inARow = key === 'outOf' ? '' : ' in a row';
    const message = `${count}${inARow}, one every ${durationText(every)}, need ${durationText(count * every)}: longer than the limit of ${durationText(limit)}`;
    const mend = 'write fewer, ask more often, or write a longer limit';
    return [{ path: [...at, 'judge', key, key === 'outOf' ? 'of' : 'passes'], message, mend }];
  });
}

function tripwiresCanTrip(policy: Partial<WrittenPolicy>): Finding[] {
  return eachGate(policy, ({ judge: { outOf } }, at) => {
    if (outOf === undefined || outOf.failures <= outOf.of) return [];
    const message = `${outOf.failures} of ${outOf.of} can never fail`;
    const mend = `write at most ${outOf.of}`;
    return [{ path: [...at, 'judge', 'outOf', 'failures'], message, mend }];
  });
}

function sharesLeaveRoom(policy: Partial<WrittenPolicy>): Finding[] {
  return eachShares(policy, ({ acceptable, unacceptable }, at) => {
    if (acceptable === 0) {
      const message = '0% is more than can be shown: one failed answer of millions would decide';
      const mend = 'write what you would put up with, such as 0.1%, or use outOf or consecutive';
      return [{ path: [...at, 'acceptable'], message, mend }];
    }
    if (unacceptable === 1) {
      const message = '100% would let a release pass after one good answer';
      return [{ path: [...at, 'unacceptable'], message, mend: 'write less, such as 50%' }];
    }
    if (acceptable < unacceptable) return [];
    const message = `${percent(unacceptable)} is not more than the acceptable ${percent(acceptable)}`;
    const mend = `write more than ${percent(acceptable)}: what lies between the two takes the longest to tell`;
    return [{ path: [...at, 'unacceptable'], message, mend }];
  });
}

function confidenceIsWithinReason(policy: Partial<WrittenPolicy>): Finding[] {
  return eachShares(policy, ({ confidence }, at) => {
    if (confidence >= 0.8 && confidence <= 0.9999) return [];
    const message = `${percent(confidence)} is not a confidence from 80% to 99.99%`;
    const mend = 'write 99%: one wrong verdict in a hundred releases, at most';
    return [{ path: [...at, 'confidence'], message, mend }];
  });
}

/** By Wald: how many answers it takes on average where the share is just acceptable. For one droplet, the worst case. */
function decisionsFitTheLimit(policy: Partial<WrittenPolicy>): Finding[] {
  return eachShares(policy, (shares, at, { every }, limit) => {
    const needed = expectedAnswers(shares);
    const reachable = Math.floor(limit / every);
    if (!(needed > reachable)) return [];
    const message =
      `to tell ${percent(shares.acceptable)} from ${percent(shares.unacceptable)} at ${percent(shares.confidence)} takes about ${needed} answers; ` +
      `one droplet asked every ${durationText(every)} gives ${reachable} in the limit of ${durationText(limit)}`;
    const mend = `write a limit of at least ${durationText(Math.ceil((needed * every) / 1000) * 1000)}, ask more often, or set the two further apart`;
    return [{ path: [...at, 'unacceptable'], message, mend }];
  });
}

/** Infinity, or no number, where other rules already object. */
function expectedAnswers({ acceptable, unacceptable, confidence }: Shares): number {
  const each =
    acceptable * Math.log(acceptable / unacceptable) +
    (1 - acceptable) * Math.log((1 - acceptable) / (1 - unacceptable));
  const sound = acceptable > 0 && acceptable < unacceptable && unacceptable < 1 && confidence < 1;
  return sound ? Math.ceil(-Math.log(1 - confidence) / each) : Number.NaN;
}

/** For a pool of one droplet, the worst case: a policy does not know how many there are. */
function samplesCanBeReached(policy: Partial<WrittenPolicy>): Finding[] {
  return eachThreshold(policy, ({ window, samples }, at, { every }, limit) => {
    const reachable = Math.floor(Math.min(window, limit) / every);
    if (samples <= reachable) return [];
    const span = window <= limit ? 'window' : 'limit';
    const message =
      `${samples} samples cannot be reached: one droplet asked every ${durationText(every)} ` +
      `gives ${reachable} in the ${span} of ${durationText(Math.min(window, limit))}`;
    const mend = `write at most ${reachable}, or a ${span} of at least ${durationText(samples * every)}, or ask more often`;
    return [{ path: [...at, 'samples'], message, mend }];
  });
}

/** The 99th percentile of 20 answers is only their maximum. */
function quantilesHaveSamples(policy: Partial<WrittenPolicy>): Finding[] {
  return eachThreshold(policy, ({ quantity, samples }, at) => {
    if (!/^p\d/.test(quantity)) return [];
    const needed = Math.round(100 / (100 - Number(quantity.slice(1))));
    if (samples >= needed) return [];
    const message = `${samples} samples say nothing of ${quantity}`;
    return [{ path: [...at, 'samples'], message, mend: `write at least ${needed}` }];
  });
}

/** An answer that takes longer than the timeout is a failure, not a slow answer. */
function durationsCanBeExceeded(policy: Partial<WrittenPolicy>): Finding[] {
  return eachGate(policy, ({ probe, judge: { latency, threshold } }, at) => {
    const max =
      threshold !== undefined && kindOf(threshold.quantity) === 'time' ? threshold.max : 0;
    const timed = typeof max === 'object' && 'ms' in max ? max.ms : 0;
    const [key, ms] = latency === undefined ? ['max', timed] : ['objective', latency.objective];
    const http = httpOf(probe);
    if (http === null || ms < http.timeout) return [];
    const message = `${durationText(ms)} is never exceeded: the probe gives up after ${durationText(http.timeout)}`;
    const mend = 'write less, or a longer timeout for the probe';
    const judged = latency === undefined ? 'threshold' : 'latency';
    return [{ path: [...at, 'judge', judged, key], message, mend }];
  });
}

const suits: Readonly<
  Record<
    'count' | 'share' | 'time' | 'number',
    { message: string; mend: string; is: (limit: Limit) => boolean }
  >
> = {
  count: {
    message: 'errors are counted',
    mend: 'write a whole number such as 5',
    is: (limit) => Number.isInteger(limit) && (limit as number) >= 0,
  },
  share: {
    message: 'an error rate is a share',
    mend: 'write a percentage such as 1%, or a number such as 0.01',
    is: (limit) => (typeof limit === 'number' ? limit >= 0 && limit < 1 : 'share' in limit),
  },
  time: {
    message: 'a duration is a time',
    mend: 'write a duration such as 300ms',
    is: (limit) => typeof limit === 'object' && 'ms' in limit,
  },
  number: {
    message: 'a value is a plain number, in the unit of its source',
    mend: 'write a number such as 0.8',
    is: (limit) => typeof limit === 'number',
  },
};

type Limit = NonNullable<Threshold['max']>;

function kindOf(quantity: Threshold['quantity']): keyof typeof suits {
  if (quantity === 'errors') return 'count';
  if (quantity === 'errorRate') return 'share';
  return quantity === 'value' ? 'number' : 'time';
}

function thresholdsSuitTheirQuantity(policy: Partial<WrittenPolicy>): Finding[] {
  return eachThreshold(policy, (threshold, at) => {
    const { message, mend, is } = suits[kindOf(threshold.quantity)];
    return (['max', 'min'] as const).flatMap((key) => {
      const limit = threshold[key];
      return limit === undefined || is(limit) ? [] : [{ path: [...at, key], message, mend }];
    });
  });
}

function thresholdsHaveALimit(policy: Partial<WrittenPolicy>): Finding[] {
  return eachThreshold(policy, ({ max, min }, at) => {
    if (max === undefined && min === undefined)
      return [{ path: at, message: 'has no limit', mend: 'write max, or min, or both' }];
    if (max === undefined || min === undefined || numberOf(min) <= numberOf(max)) return [];
    const message = 'is more than max, so nothing can pass';
    return [{ path: [...at, 'min'], message, mend: 'write at most what max says' }];
  });
}

function oneBadAnswerIsEnough(policy: Partial<WrittenPolicy>): Finding[] {
  return eachThreshold(policy, ({ quantity, max, samples }, at) => {
    if (quantity !== 'errorRate' || max === undefined) return [];
    const share = numberOf(max);
    if (share * samples >= 1) return [];
    const message = `one bad answer of ${samples} is already more than ${percent(share)}`;
    const enough = Math.ceil(1 / Math.max(share, 1e-6));
    const mend = `write at least ${enough} samples if a single bad answer should not fail the gate`;
    return [{ path: [...at, 'samples'], message, mend }];
  });
}

function eachShares(
  policy: Partial<WrittenPolicy>,
  rule: (shares: Shares, at: Path, gate: WrittenGate, limit: number) => Finding[],
): Finding[] {
  return eachGate(policy, (gate, at, { limit }) => {
    const { errorRate, latency } = gate.judge;
    const key = errorRate === undefined ? 'latency' : 'errorRate';
    const shares = errorRate ?? latency;
    return shares === undefined ? [] : rule(shares, [...at, 'judge', key], gate, limit);
  });
}

function eachThreshold(
  policy: Partial<WrittenPolicy>,
  rule: (threshold: Threshold, at: Path, gate: WrittenGate, limit: number) => Finding[],
): Finding[] {
  return eachGate(policy, (gate, at, { limit }) => {
    const { threshold } = gate.judge;
    return threshold === undefined
      ? []
      : rule(threshold, [...at, 'judge', 'threshold'], gate, limit);
  });
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}
