// Gating: green is probed and judged before it sees traffic. What cannot be measured is never a pass.
import { judgeAll } from '../../gates/judge.ts';
import { enter, fail, sickness, unseen, wait } from '../judgement.ts';
import { early } from '../membership.ts';
import type { Rules } from '../rules.ts';
import { narrowed } from './starting.ts';

export const gating: Rules<'gating'> = {
  enter(from, entry) {
    if (from.phase !== 'starting') return null;
    return { blue: from.blue, green: narrowed(from.green, entry.without ?? []) };
  },
  abort: () => 'aborting',
  next(app, seen) {
    const { minMs, limitMs, gates } = app.policy.gate;
    const until = app.since + limitMs;
    const intruded = early(app, seen, app.green);
    if (intruded !== null) return fail(intruded);
    const sick = sickness(app, seen, app.green);
    if (sick !== null) return fail(`green lost its health: ${sick}`);
    const verdict = judgeAll(gates, seen.samples, {
      at: seen.at,
      since: app.since,
      droplets: app.green.droplets,
      minMs,
      limitMs,
    });
    const { because, evidence } = verdict;
    if (verdict.is === 'fail') return fail(because, { evidence });
    const blind = unseen(seen, app.green);
    if (blind !== null) {
      const limit = Math.min(until, Math.max(blind.since, app.since) + app.policy.unreachableMs);
      return seen.at >= limit ? fail(blind.because) : wait(blind.because, limit);
    }
    if (verdict.is === 'pass') return enter('switching', because, { evidence });
    if (verdict.is === 'inconclusive')
      return fail(`green was not proven: ${because}`, { evidence });
    return wait(because, until);
  },
};
