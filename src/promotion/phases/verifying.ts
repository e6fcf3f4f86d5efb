// Verifying: green is blue now; the old one stays warm while the new one is judged under people's requests.
import { judgeAll } from '../../gates/phase.ts';
import type { Evidence, Verdict } from '../../gates/verdict.ts';
import type { In } from '../app.ts';
import { enter, fail, sickness, unseen, wait } from '../judgement.ts';
import type { Observation } from '../observation.ts';
import type { EnterStep, Rules, Step } from '../rules.ts';
import { asPeopleSaid, verifiedUntil } from '../warmth.ts';

export const verifying: Rules<'verifying'> = {
  enter(from) {
    if (from.phase !== 'switching' || !from.committed) return null;
    return { blue: from.blue, draining: from.draining };
  },
  abort(app, seen) {
    if (app.draining === null) return 'held';
    return sickness(app, seen, app.draining) === null ? 'aborting' : 'held';
  },
  next(app, seen) {
    const { minMs, gates } = app.policy.verify;
    const until = verifiedUntil(app);
    const sick = sickness(app, seen, app.blue);
    if (sick !== null) return goBack(app, seen, `the new environment lost its health: ${sick}`);
    const verdict = judgeAll(gates, seen.samples, {
      at: seen.at,
      since: app.since,
      droplets: app.blue.droplets,
      blue: app.draining?.droplets ?? [],
      minMs,
      limitMs: until - app.since,
    });
    const blind = unseen(seen, app.blue);
    switch (verdict.is) {
      case 'fail':
        return goBack(app, seen, verdict.because, verdict.evidence);
      case 'inconclusive':
        return unproven(app, seen, verdict);
      case 'unknown':
        return app.policy.verify.unknown === 'wait'
          ? wait(verdict.because, finite(until))
          : unmeasured(app, seen, verdict);
      case 'pass':
        if (blind === null) return goOn(app, seen, verdict);
        return seen.at >= until
          ? unproven(app, seen, { ...verdict, because: blind.because })
          : wait(blind.because, finite(until));
      case 'wait':
        return wait(verdict.because, finite(until));
    }
  },
};

/** Nothing was shown within the limit: the policy says whether that goes back or asks a person. */
function unproven(app: In<'verifying'>, seen: Observation, verdict: Verdict): Step {
  const because = `verification came to no result: ${verdict.because}`;
  return app.policy.verify.inconclusive === 'abort'
    ? goBack(app, seen, because, verdict.evidence)
    : hold(because, verdict.evidence);
}

function unmeasured(app: In<'verifying'>, seen: Observation, verdict: Verdict): Step {
  const because = `the new environment cannot be measured: ${verdict.because}`;
  return app.policy.verify.unknown === 'abort'
    ? goBack(app, seen, because, verdict.evidence)
    : hold(because, verdict.evidence);
}

/** Proven: the old environment is retired, unless people keep it. Meanwhile the gates go on, and an abort goes back to it. */
function goOn(app: In<'verifying'>, seen: Observation, { because, evidence }: Verdict): Step {
  const kept = app.draining === null ? null : asPeopleSaid(app, app.draining, seen.at);
  return kept ?? enter('retiring', because, { evidence });
}

/** Null: as long as people keep the old environment. */
function finite(until: number): number | null {
  return Number.isFinite(until) ? until : null;
}

/** To the old environment, if it is one to go back to; a sick or missing one is no safe side. */
export function goBack(
  app: In<'verifying'>,
  seen: Observation,
  because: string,
  evidence: Evidence = {},
): EnterStep {
  if (app.draining === null)
    return hold(`${because}; this is the first release: there is nothing to go back to`, evidence);
  const sick = sickness(app, seen, app.draining);
  return sick === null
    ? fail(because, { evidence })
    : hold(`${because}; and the old environment is no safe side: ${sick}`, evidence);
}

function hold(because: string, evidence: Evidence): EnterStep {
  return enter('held', because, { held: 'choice', evidence });
}
