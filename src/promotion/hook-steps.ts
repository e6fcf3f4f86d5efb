// Where hooks stand among a phase's steps: before its own work, but never in the way of going back (I3).

import type { HookSpec } from '../policy/policy.ts';
import type { App, In } from './app.ts';
import { isHookEffect } from './effect.ts';
import { brokenHook, dueAt, hookEffect, nextHook } from './hook.ts';
import { fail, sickness, wait } from './judgement.ts';
import { early } from './membership.ts';
import type { Observation } from './observation.ts';
import type { Uncommitted } from './phases/joining.ts';
import { giveUp } from './phases/switching.ts';
import { goBack } from './phases/verifying.ts';
import type { Step } from './rules.ts';

/** The phase's step, with its hooks. `next` gives what the phase itself would do. */
export function withHooks(app: App, seen: Observation, next: () => Step): Step {
  const broken = brokenHook(app);
  if (broken !== null) return app.phase === 'verifying' ? goBack(app, seen, broken) : fail(broken);
  const hook = nextHook(app);
  if (hook === null) return next();
  if (app.phase === 'aborting') return alongside(app, seen, hook, next());
  if (app.phase !== 'verifying') return goneWrong(app, seen) ?? run(app, seen, hook);
  // People are on the new environment: what leads back from it does not wait for a hook.
  const wanted = next();
  return leadsBack(wanted) ? wanted : run(app, seen, hook);
}

/** Green that went wrong before anybody was sent to it is not kept for the sake of a hook: nobody wants its result. */
function goneWrong(app: App, seen: Observation): Step | null {
  switch (app.phase) {
    case 'starting':
      return intruded(app, seen);
    case 'gating': {
      const sick = sicknessOf(app, seen);
      return intruded(app, seen) ?? (sick === null ? null : fail(sick));
    }
    case 'switching': {
      const sick = app.committed ? null : sicknessOf(app, seen);
      return app.committed || sick === null ? null : giveUp(app, seen, sick);
    }
    default:
      return null;
  }
}

function intruded(app: In<'starting' | 'gating'>, seen: Observation): Step | null {
  const because = early(app, seen, app.green);
  return because === null ? null : fail(because);
}

function sicknessOf(app: In<'gating'> | Uncommitted, seen: Observation): string | null {
  const sick = sickness(app, seen, app.green);
  return sick === null ? null : `green lost its health: ${sick}`;
}

function leadsBack(step: Step): boolean {
  return step.is === 'enter' && (step.phase === 'aborting' || step.phase === 'held');
}

function run(app: App, seen: Observation, hook: HookSpec): Step {
  const due = dueAt(app, hook);
  if (seen.at < due) return wait(`the hook ${hook.name} is tried again`, due);
  return { is: 'act', effects: [hookEffect(app, hook)], because: `the hook ${hook.name}` };
}

/** Going back, a hook runs beside what is done; only rest waits for it. */
function alongside(app: App, seen: Observation, hook: HookSpec, wanted: Step): Step {
  const rests = wanted.is === 'enter' && wanted.phase === 'idle';
  const isRunning = app.unsettled.some(({ effect }) => isHookEffect(effect));
  if (wanted.is === 'yield' || (wanted.is === 'enter' && !rests)) return wanted;
  if (!rests && (isRunning || seen.at < dueAt(app, hook))) return wanted;
  const told = run(app, seen, hook);
  if (wanted.is !== 'act' || told.is !== 'act') return told;
  return { ...wanted, effects: [...told.effects, ...wanted.effects] };
}
