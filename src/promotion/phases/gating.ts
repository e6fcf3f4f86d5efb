// Gating: green is probed and judged before it sees traffic. What cannot be measured is never a pass.
import { judgeAll } from '../../gates/judge.ts';
import { fail, sickness, unseen } from '../judgement.ts';
import { early } from '../membership.ts';
import type { Rules } from '../rules.ts';
import { expired, gatesUntil, goOnApproved, waitGating } from './approval.ts';
import { narrowed } from './starting.ts';

export const gating: Rules<'gating'> = {
  enter(from, entry) {
    if (from.phase !== 'starting') return null;
    return { blue: from.blue, green: narrowed(from.green, entry.without ?? []) };
  },
  abort: () => 'aborting',
  next(app, seen) {
    const { minMs, gates } = app.policy.gate;
    const until = gatesUntil(app);
    const intruded = early(app, seen, app.green);
    if (intruded !== null) return fail(intruded);
    const sick = sickness(app, seen, app.green);
    if (sick !== null) return fail(`green lost its health: ${sick}`);
    const verdict = judgeAll(gates, seen.samples, {
      at: seen.at,
      since: app.since,
      droplets: app.green.droplets,
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
      return fail(`green was not proven: ${because}`, { evidence });
    return waitGating(app, because, until);
  },
};
