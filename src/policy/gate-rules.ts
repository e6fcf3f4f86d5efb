// What the keys of a gate demand of one another, and of their phase.
import { durationText } from './duration.ts';
import { judgeRules, judgeWarnings } from './judge-rules.ts';
import type { Finding } from './problem.ts';
import { eachGate, eachPhase, type Rule } from './rule.ts';
import type { WrittenGate, WrittenPolicy } from './schema.ts';
import { httpOf, yieldsNumbers } from './written-probe.ts';

export const gateRules: readonly Rule[] = [
  someGateDecides,
  probesAnswerInTime,
  probesCanYieldWhatIsJudged,
  greenIsNotAskedThroughTheBalancer,
  blueCanBeComparedWith,
  ...judgeRules,
];

/** Allowed, but worth a word. */
export const gateWarnings: readonly Rule[] = judgeWarnings;

/** While switching no gate need judge: none there are no dry runs. */
function someGateDecides(policy: Partial<WrittenPolicy>): Finding[] {
  return eachPhase(policy, ({ gates }, at) =>
    gates.length === 0 || gates.some((gate) => !gate.dryRun)
      ? []
      : [
          {
            path: [at, 'gates'],
            message: 'every gate is a dry run, so nothing is ever proven',
            mend: 'let at least one gate decide: write dryRun: false',
          },
        ],
  );
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
    const path = [...at, 'probe'];
    const source = probe === 'container' ? probe : (Object.keys(probe)[0] ?? '');
    if (judge.threshold?.quantity === 'value' && !yieldsNumbers(probe)) {
      const message = `the ${source} probe, as it is written, measures no number to judge`;
      return [{ path, message, mend: 'judge errors, or use a probe that yields numbers' }];
    }
    if (httpOf(probe) !== null || !judgesDurations(judge)) return [];
    const message = `the ${source} probe has no durations to judge`;
    return [{ path, message, mend: 'use an http probe, or judge consecutive or errorRate' }];
  });
}

function judgesDurations({ latency, threshold }: WrittenGate['judge']): boolean {
  return latency !== undefined || /^p|^mean/.test(threshold?.quantity ?? '');
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

/** After the switch the old environment has left the balancer, and may fail its health check because we told it to. */
function blueCanBeComparedWith({ verify }: Partial<WrittenPolicy>): Finding[] {
  return (verify?.gates ?? []).flatMap(({ probe, judge }, index) => {
    if ((judge.errorRate ?? judge.latency)?.against !== 'blue') return [];
    const at = ['verify', 'gates', index, 'probe'];
    const http = httpOf(probe);
    const isHealth = http?.of === 'droplets' && (http.endpoints ?? http.path) === undefined;
    if (probe === 'container' || probe.container !== undefined || isHealth)
      return [
        {
          path: at,
          message:
            'the old environment may fail its health check on purpose by then, so it is nothing to compare with',
          mend: 'write http: with a path that people ask for, such as path: /',
        },
      ];
    if (httpOf(probe)?.of !== 'balancer') return [];
    return [
      {
        path: [...at, 'http', 'of'],
        message:
          'after the switch the balancer answers from the new environment only: there is no blue to compare with',
        mend: 'write droplets here, with a path that people ask for',
      },
    ];
  });
}
