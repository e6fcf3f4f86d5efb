// What the keys of a gate demand of one another, and of their phase.
import { durationText } from './duration.ts';
import type { Finding } from './problem.ts';
import { eachGate, type Rule } from './rule.ts';
import type { WrittenGate, WrittenPolicy } from './schema.ts';
import { httpOf } from './written-probe.ts';

type Windowed = { readonly window: number; readonly samples: number };

export const gateRules: readonly Rule[] = [
  samplesCanBeReached,
  streaksFitTheLimit,
  probesAnswerInTime,
  probesCanYieldWhatIsJudged,
  greenIsNotAskedThroughTheBalancer,
  quantilesHaveSamples,
  latencyLimitsCanBeExceeded,
  thresholdsSuitTheirQuantity,
];

/** Allowed, but worth a word. */
export const gateWarnings: readonly Rule[] = [oneBadAnswerIsEnough];

/** For a pool of one droplet, the worst case: a policy does not know how many there are. */
function samplesCanBeReached(policy: Partial<WrittenPolicy>): Finding[] {
  return eachGate(policy, ({ every, judge }, at, { limit }) => {
    const [key, judged] = windowed(judge);
    if (judged === null) return [];
    const reachable = Math.floor(Math.min(judged.window, limit) / every);
    if (judged.samples <= reachable) return [];
    const span = judged.window <= limit ? 'window' : 'limit';
    const message =
      `${judged.samples} samples cannot be reached: one droplet asked every ${durationText(every)} ` +
      `gives ${reachable} in the ${span} of ${durationText(Math.min(judged.window, limit))}`;
    const mend = `write at most ${reachable}, or a ${span} of at least ${durationText(judged.samples * every)}, or ask more often`;
    return [{ path: [...at, 'judge', key, 'samples'], message, mend }];
  });
}

function streaksFitTheLimit(policy: Partial<WrittenPolicy>): Finding[] {
  return eachGate(policy, ({ every, judge: { consecutive } }, at, { limit }) => {
    if (consecutive === undefined || consecutive.passes * every < limit) return [];
    const needed = durationText(consecutive.passes * every);
    const message = `${consecutive.passes} in a row, one every ${durationText(every)}, need ${needed}: longer than the limit of ${durationText(limit)}`;
    return [
      {
        path: [...at, 'judge', 'consecutive', 'passes'],
        message,
        mend: 'write fewer, ask more often, or write a longer limit',
      },
    ];
  });
}

function probesAnswerInTime(policy: Partial<WrittenPolicy>): Finding[] {
  return eachGate(policy, ({ probe }, at, { limit }) => {
    const http = httpOf(probe);
    if (http === null || http.timeout < limit) return [];
    const message = `${durationText(http.timeout)} is not shorter than the limit of ${durationText(limit)}`;
    return [
      {
        path: [...at, 'probe', 'http', 'timeout'],
        message,
        mend: 'write a shorter timeout, such as 2s',
      },
    ];
  });
}

function probesCanYieldWhatIsJudged(policy: Partial<WrittenPolicy>): Finding[] {
  return eachGate(policy, ({ probe, judge }, at) => {
    const durations = judge.latency !== undefined || judge.threshold?.quantity === 'meanDuration';
    if (httpOf(probe) !== null || !durations) return [];
    const source = probe === 'container' ? probe : Object.keys(probe)[0];
    return [
      {
        path: [...at, 'probe'],
        message: `the ${source} probe has no durations to judge`,
        mend: 'use an http probe, or judge consecutive or errorRate',
      },
    ];
  });
}

function greenIsNotAskedThroughTheBalancer({ gate }: Partial<WrittenPolicy>): Finding[] {
  if (gate === undefined) return [];
  return gate.gates.flatMap(({ probe }, index) =>
    httpOf(probe)?.of !== 'balancer'
      ? []
      : [
          {
            path: ['gate', 'gates', index, 'probe', 'http', 'of'],
            message: 'before the switch the balancer answers from blue, not from green',
            mend: 'write droplets here, or move this gate to verify',
          },
        ],
  );
}

/** The 99th percentile of 20 answers is only their maximum. */
function quantilesHaveSamples(policy: Partial<WrittenPolicy>): Finding[] {
  return eachGate(policy, ({ judge: { latency } }, at) => {
    if (latency === undefined) return [];
    const { quantile, samples } = latency;
    if (quantile <= 0 || quantile >= 1) {
      const message = `${percent(quantile)} is not a quantile`;
      return [
        {
          path: [...at, 'judge', 'latency', 'quantile'],
          message,
          mend: 'write one between 0 and 1, such as 0.95',
        },
      ];
    }
    // Rounded first: 1 / (1 - 0.99) is a hair above 100.
    const needed = Math.ceil(Number((1 / (1 - quantile)).toFixed(6)));
    if (samples >= needed) return [];
    const message = `${samples} samples say nothing of the ${quantile} quantile`;
    return [
      { path: [...at, 'judge', 'latency', 'samples'], message, mend: `write at least ${needed}` },
    ];
  });
}

/** An answer that takes longer than the timeout is a failure, not a slow answer. */
function latencyLimitsCanBeExceeded(policy: Partial<WrittenPolicy>): Finding[] {
  return eachGate(policy, ({ probe, judge: { latency } }, at) => {
    const http = httpOf(probe);
    if (http === null || latency === undefined || latency.max < http.timeout) return [];
    const message = `${durationText(latency.max)} is never exceeded: the probe gives up after ${durationText(http.timeout)}`;
    return [
      {
        path: [...at, 'judge', 'latency', 'max'],
        message,
        mend: 'write less, or a longer timeout for the probe',
      },
    ];
  });
}

function thresholdsSuitTheirQuantity(policy: Partial<WrittenPolicy>): Finding[] {
  return eachGate(policy, (gate, at) => {
    const threshold = gate.judge.threshold;
    if (threshold === undefined) return [];
    const isDuration = typeof threshold.max === 'object';
    if (isDuration === (threshold.quantity === 'meanDuration')) return [];
    const path = [...at, 'judge', 'threshold', 'max'];
    return isDuration
      ? [{ path, message: 'errors are counted, not timed', mend: 'write a whole number such as 5' }]
      : [{ path, message: 'a mean duration is a time', mend: 'write a duration such as 300ms' }];
  });
}

function oneBadAnswerIsEnough(policy: Partial<WrittenPolicy>): Finding[] {
  return eachGate(policy, ({ judge: { errorRate } }, at) => {
    if (errorRate === undefined || errorRate.max * errorRate.samples >= 1) return [];
    const message = `one bad answer of ${errorRate.samples} is already more than ${percent(errorRate.max)}`;
    const enough = Math.ceil(1 / Math.max(errorRate.max, 1e-6));
    const mend = `write at least ${enough} samples if a single bad answer should not fail the gate`;
    return [{ path: [...at, 'judge', 'errorRate', 'samples'], message, mend }];
  });
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}

function windowed(judge: WrittenGate['judge']): [string, Windowed | null] {
  if (judge.errorRate !== undefined) return ['errorRate', judge.errorRate];
  if (judge.latency !== undefined) return ['latency', judge.latency];
  return ['threshold', judge.threshold ?? null];
}
