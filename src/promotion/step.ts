// step(): wait, act, enter, commit or yield; with the guards that hold in every phase.
import { type App, environmentsOf } from './app.ts';
import { describeEffect } from './describe.ts';
import { type Effect, type EffectKey, isBalancerEffect, isHookEffect, keyOf } from './effect.ts';
import { withHooks } from './hook-steps.ts';
import { enter, list, outOfSight, wait } from './judgement.ts';
import { attachedNow, drift, missing } from './membership.ts';
import type { Observation } from './observation.ts';
import { rulesOf } from './phases/table.ts';
import type { Step } from './rules.ts';

/** What to do now. Pure: the same app and observation give the same step. */
export function step(app: App, seen: Observation): Step {
  const wanted =
    foreign(app, seen) ??
    answer(app, seen) ??
    withHooks(app, seen, () => rulesOf(app.phase).next(app as never, seen));
  return settleFirst(app, wanted, seen);
}

/** An abort that was asked and has somewhere to lead to. */
function answer(app: App, seen: Observation): Step | null {
  if (app.asked?.kind !== 'abort') return null;
  const to = rulesOf(app.phase).abort(app as never, seen);
  if (typeof to !== 'string') return to;
  return to === 'held'
    ? enter('held', `${app.asked.reason}, but there is no safe side to go back to`, {
        held: 'choice',
      })
    : enter('aborting', app.asked.reason, { cause: 'asked' });
}

/** A foreign edit of the balancer stops everything: nothing is done on top of what somebody else decided. */
function foreign(app: App, seen: Observation): Step | null {
  if (app.phase === 'held' || app.unsettled.some((one) => isBalancerEffect(one.effect)))
    return null;
  // With an empty journal there is nothing to compare with: idle has its own, milder rule.
  const { live, other } = environmentsOf(app);
  if (live === null && other === null) return null;
  const attached = attachedNow(app, seen);
  if (!attached.known) return null;
  // A destroyed droplet leaves the balancer by itself: that is a loss, not an edit.
  const gone = missing(app, attached.value);
  if (gone.length > 0 && !seen.lost.known)
    return outOfSight(
      app,
      {
        because: `${list(gone)} left the load balancer; whether they still exist is not known: ${seen.lost.because}`,
        since: seen.lost.since,
      },
      seen.at,
    );
  const difference = drift(app, seen, attached.value);
  return difference === null ? null : enter('held', difference, { held: 'drift' });
}

/**
 * An effect begun and not settled belongs to the recorded state: nothing else is begun and no phase is
 * left until it settles or its limit passes. In-flight work is not a fact about the world (design, 3.2).
 */
function settleFirst(app: App, wanted: Step, seen: Observation): Step {
  if (app.unsettled.length === 0) return wanted;
  const keys = wanted.is === 'act' ? wanted.effects.map(keyOf) : [];
  // Going back waits for no hook; rest does.
  const goesOn = app.phase === 'aborting' && wanted.is !== 'enter';
  const loose = app.unsettled.filter(
    ({ effect }) => !keys.includes(keyOf(effect)) && !(goesOn && isHookEffect(effect)),
  );
  const first = loose[0];
  if (first !== undefined)
    return wait(
      underWay(loose),
      wanted.is === 'wait' ? Math.min(first.until, wanted.until ?? first.until) : first.until,
      unwanted(
        wanted,
        loose.map((l) => l.effect),
      ),
    );
  if (wanted.is !== 'act') return wanted;
  const begun = app.unsettled.map((one) => keyOf(one.effect));
  const fresh = wanted.effects.filter((effect) => !begun.includes(keyOf(effect)));
  if (fresh.length > 0) return { ...wanted, effects: fresh };
  const until = Math.max(seen.at, ...app.unsettled.map((one) => one.until));
  return wait(underWay(app.unsettled.filter(({ effect }) => keys.includes(keyOf(effect)))), until);
}

/** What is only being started, or told, is no longer wanted once we go back. */
function unwanted(wanted: Step, effects: readonly Effect[]): readonly EffectKey[] | undefined {
  if (wanted.is !== 'enter' || !['aborting', 'held'].includes(wanted.phase)) return undefined;
  const keys = effects
    .filter((effect) => effect.kind === 'start-project' || isHookEffect(effect))
    .map(keyOf);
  return keys.length > 0 ? keys : undefined;
}

function underWay(unsettled: App['unsettled']): string {
  const effects = unsettled.map(({ effect }) => describeEffect(effect));
  return `${effects.join(', ')}: under way`;
}
