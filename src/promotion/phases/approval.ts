// The human gate: once green's gates passed, a person must agree before people are sent to it.
import type { Evidence } from '../../gates/verdict.ts';
import type { Instant } from '../../lib/clock.ts';
import { awaited, type In } from '../app.ts';
import { enter, fail, wait } from '../judgement.ts';
import type { Step } from '../rules.ts';

type Gating = In<'gating'>;

/** Until when the gates may take. A person takes as long as the policy says; the gates have theirs again after that. */
export function gatesUntil(app: Gating): Instant {
  const { limitMs } = app.policy.gate;
  if (awaited(app) !== null) return Number.POSITIVE_INFINITY;
  return Math.max(app.since, app.approval?.given?.at ?? 0) + limitMs;
}

/** Waits no longer than the gates, and the person, may take. */
export function waitGating(app: Gating, because: string, until: Instant): Step {
  const ends = Math.min(until, awaited(app)?.until ?? Number.POSITIVE_INFINITY);
  return wait(because, Number.isFinite(ends) ? ends : null);
}

/** What comes after the gates: the switch, or the person that the policy asks for. */
export function goOnApproved(
  app: Gating,
  at: Instant,
  passed: { because: string; evidence: Evidence },
): Step {
  const { approval } = app.policy.gate;
  const { because, evidence } = passed;
  if (approval === undefined) return enter('switching', because, { evidence });
  if (app.approval === null) {
    const until = approval.ttlMs === null ? null : at + approval.ttlMs;
    return { is: 'request', until, because, evidence };
  }
  const { given, until } = app.approval;
  if (given !== null)
    return enter('switching', `approved by ${given.by}. ${because}`, { evidence });
  const { id } = app.green.release;
  return { is: 'wait', because: `${id} waits for \`bgctl approve\``, until, awaits: 'approval' };
}

/** Where nobody agreed in time: as the policy says; the first release ever can only go, as nobody could choose another. */
export function expired(app: Gating, at: Instant): Step | null {
  const until = awaited(app)?.until ?? null;
  if (until === null || at < until) return null;
  const because = `nobody approved ${app.green.release.id} in time`;
  const holds = app.policy.gate.approval?.onExpire === 'hold' && app.blue !== null;
  return holds ? enter('held', because, { held: 'choice' }) : fail(because);
}
