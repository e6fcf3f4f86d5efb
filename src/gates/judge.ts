// One gate's verdict: picks the judge that the policy names, and lets nothing pass that was not seen.
import type { GateSpec } from '../policy/policy.ts';
import { type Asked, askedOf } from './asked.ts';
import { unheard, unmeasured } from './blind.ts';
import { judgeConsecutive } from './consecutive.ts';
import { judgeOutOf } from './out-of.ts';
import { askedName, emptyWindow, type Sample, type Window } from './sample.ts';
import { judgeShare } from './share.ts';
import { judgeThreshold } from './threshold.ts';
import { type Given, type Question, told } from './told.ts';
import type { Verdict } from './verdict.ts';
import { lastError, only } from './window.ts';

export type { Given } from './told.ts';

/** Only samples since `given.since` count, and of them only the gate's droplets'. `baseline`: blue's, where it is asked apart. */
export function judgeGate(
  spec: GateSpec,
  window: Window,
  given: Given,
  baseline: Window = emptyWindow,
): Verdict {
  const { judge } = spec;
  const from =
    judge.kind === 'threshold' ? Math.max(given.since, given.at - judge.windowMs) : given.since;
  const question = { window, baseline, given, from };
  return told(spec, question, () => judgeAnew(spec, question));
}

function judgeAnew(spec: GateSpec, { window, baseline, given, from }: Question): Verdict {
  const asked = askedOf(spec, given.droplets);
  const counted = only(window, (sample) => sample.at >= from && asked.whose(sample) !== null);
  const verdict = judgeBy(spec, counted, {
    asked,
    blue: blueSamples(spec, window, given, baseline),
  });
  const judged = verdict.is === 'fail' ? verdict : notBlindly(spec, verdict, counted, asked);
  return {
    ...judged,
    because: `${spec.name} ${verbs[judged.is]}: ${judged.because}${lastBad(judged, counted)}`,
  };
}

const verbs: Readonly<Record<Verdict['is'], string>> = {
  pass: 'passes',
  fail: 'fails',
  wait: 'waits',
  unknown: 'cannot measure',
  inconclusive: 'came to no result',
};

type Sides = { readonly asked: Asked; readonly blue: Window | null };

function judgeBy({ judge }: GateSpec, window: Window, { asked, blue }: Sides): Verdict {
  switch (judge.kind) {
    case 'consecutive':
      return judgeConsecutive(judge, window, asked);
    case 'out-of':
      return judgeOutOf(judge, window, asked);
    case 'error-rate':
    case 'latency':
      return judgeShare(judge, window, blue);
    case 'threshold':
      return judgeThreshold(judge, window);
  }
}

/** Blue's own samples, or those of its droplets among the answers at the balancer's address; null: there is no blue, or nothing to compare. */
function blueSamples(spec: GateSpec, window: Window, given: Given, baseline: Window) {
  const compares = 'against' in spec.judge && spec.judge.against === 'blue';
  if (!compares || given.blue.length === 0) return null;
  const isSince = (sample: Sample) => sample.at >= given.since;
  if (spec.probe.kind === 'http' && spec.probe.of === 'balancer')
    return only(window, (sample) => isSince(sample) && given.blue.includes(sample.droplet));
  const { whose } = askedOf(spec, given.blue);
  return only(baseline, (sample) => isSince(sample) && whose(sample) !== null);
}

/** The verdict, or what keeps it from being one that rests on every droplet (I5). */
function notBlindly(spec: GateSpec, verdict: Verdict, window: Window, asked: Asked): Verdict {
  const blind = unmeasured(window, asked, spec.unknownMax);
  if (blind !== null) return { ...verdict, is: 'unknown', because: `${verdict.because}; ${blind}` };
  const silent = verdict.is === 'pass' ? unheard(window, asked) : null;
  return silent === null
    ? verdict
    : { ...verdict, is: 'wait', because: `${verdict.because}; ${silent}` };
}

/** What a person wants to see beside a verdict that is not a pass: the last bad answer. */
function lastBad(verdict: Verdict, window: Window): string {
  const bad = verdict.is === 'pass' ? null : lastError(window);
  return bad === null ? '' : `; last bad answer, from ${askedName(bad.droplet)}: ${bad.detail}`;
}
