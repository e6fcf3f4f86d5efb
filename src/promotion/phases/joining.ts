// How green joins the balancer: a few droplets first where the policy says so, judged beside blue, then the rest.
import { judgeAll } from '../../gates/phase.ts';
import type { Verdict } from '../../gates/verdict.ts';
import type { Instant } from '../../lib/clock.ts';
import type { In, Joining } from '../app.ts';
import { type DropletId, dropletsOf, type Environment } from '../environment.ts';
import { list, wait } from '../judgement.ts';
import type { Observation } from '../observation.ts';
import type { Step } from '../rules.ts';

export type Uncommitted = Extract<In<'switching'>, { committed: false }>;

/** Where it begins. As many as there are, or more, are no first step. */
export function begins(first: number | undefined, green: Environment): Joining {
  const part = first !== undefined && first < green.droplets.length ? 'first' : 'all';
  return { part, judgedSince: null, at: 0 };
}

/** Droplets of green that belong in the balancer by now. */
export function partOf({ joining, green, policy }: Uncommitted): readonly DropletId[] {
  return joining.part === 'all' ? green.droplets : green.droplets.slice(0, policy.switch.first);
}

/** Green as it is judged: what came first, also when the rest has joined. */
export function judgedPart({ green, policy }: Uncommitted): Environment {
  return { ...green, droplets: green.droplets.slice(0, policy.switch.first) };
}

/** Since when the samples count: whoever takes over has none of those before. */
export function judgedSince({ joining, since }: Uncommitted): Instant {
  return Math.max(since, joining.judgedSince ?? 0);
}

/** Until when the part that joins may take. */
export function partUntil({ joining, since, policy }: Uncommitted): Instant {
  return Math.max(since, joining.at) + policy.switch.limitMs;
}

/** What the gates say of it; null where nothing is judged, or not yet. */
export function verdictOf(app: Uncommitted, seen: Observation): Verdict | null {
  const { gates = [], minMs = 0, limitMs } = app.policy.switch;
  if (app.joining.judgedSince === null) return null;
  const since = judgedSince(app);
  if (gates.length > 0) {
    const { droplets } = judgedPart(app);
    const blue = dropletsOf(app.blue);
    return judgeAll(gates, seen.samples, { at: seen.at, since, droplets, blue, minMs, limitMs });
  }
  const serves = serving(judgedPart(app).droplets);
  return seen.at - since >= minMs
    ? { is: 'pass', because: serves, evidence: {} }
    : { is: 'wait', because: `${serves}; no gate judges them`, evidence: {} };
}

/** Everything that belongs in the balancer was seen to serve: what is next before the commit point; null: nothing. */
export function advance(app: Uncommitted, verdict: Verdict | null): Step | null {
  const { gates = [], minMs = 0 } = app.policy.switch;
  const { joining } = app;
  if (hasPassed(app)) return null;
  const serves = serving(partOf(app));
  if (verdict === null) {
    if (gates.length > 0 || minMs > 0) return { is: 'advance', to: 'judging', because: serves };
    return joining.part === 'first' ? { is: 'advance', to: 'rest', because: serves } : null;
  }
  const { is, because, evidence } = verdict;
  if (is !== 'pass') return wait(because, partUntil(app));
  return joining.part === 'first' ? { is: 'advance', to: 'rest', because, evidence } : null;
}

/** What came first was judged, and the rest joins: from there only a failing gate counts. */
export function hasPassed(app: Uncommitted): boolean {
  return app.joining.part === 'all' && partOf(app).length > judgedPart(app).droplets.length;
}

function serving(droplets: readonly DropletId[]): string {
  return `${list(droplets)} of green ${droplets.length === 1 ? 'serves' : 'serve'}`;
}
