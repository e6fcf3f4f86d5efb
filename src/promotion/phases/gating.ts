// Gating: green is probed and judged before it sees traffic. What cannot be measured is never a pass.
import { judgeAll } from '../../gates/phase.ts';
import type { Verdict } from '../../gates/verdict.ts';
import { enter, fail, sickness, unseen } from '../judgement.ts';
import { early } from '../membership.ts';
import type { Rules, Step } from '../rules.ts';
import { expired, gatesUntil, goOnApproved, waitGating } from './approval.ts';
import { narrowed } from './starting.ts';

export const gating: Rules<'gating'> = {
  enter(from, entry) {
    if (from.phase !== 'starting') return null;
    return { blue: from.blue, green: narrowed(from.green, entry.without ?? []) };
  },
  abort: () => 'aborting',
  next(app, seen) {
    const { minMs, gates, unknown } = app.policy.gate;
    const until = gatesUntil(app);
    const intruded = early(app, seen, app.green);
    if (intruded !== null) return fail(intruded);
    const sick = sickness(app, seen, app.green);
    if (sick !== null) return fail(`green lost its health: ${sick}`);
    const verdict = judgeAll(gates, seen.samples, {
      at: seen.at,
      since: app.since,
      droplets: app.green.droplets,
      blue: app.blue?.droplets ?? [],
      minMs,
      limitMs: until - app.since,
    });
    const { because, evidence } = verdict;
    if (verdict.is === 'fail') return fail(because, { evidence });
    const late = expired(app, seen.at);
    if (late !== null) return late;
    const blind = unseen(seen, app.green);
    if (blind !== null) {
      const limit = Math.min(until, Math.max(blind.since, app.since) + app.policy.unreachableMs);
      return seen.at >= limit ? fail(blind.because) : waitGating(app, blind.because, limit);
    }
    if (verdict.is === 'pass') return goOnApproved(app, seen.at, verdict);
    if (verdict.is === 'inconclusive')
      return unproven(app.policy.gate.inconclusive, `green was not proven: ${because}`, verdict);
    if (verdict.is === 'unknown' && unknown !== 'wait')
      return unproven(unknown, `green cannot be measured: ${because}`, verdict);
    return waitGating(app, because, until);
  },
};

/** What the policy says of a green that is neither good nor bad: it is removed, or a person is asked. */
function unproven(to: 'abort' | 'hold', because: string, { evidence }: Verdict): Step {
  return to === 'hold'
    ? enter('held', because, { held: 'choice', evidence })
    : fail(because, { evidence });
}
