// Hooks: what is told, or run, when a phase is entered; which of them are left to run, and which have failed for good.
import type { Instant } from '../lib/clock.ts';
import type { HookPhase, HookSpec } from '../policy/policy.ts';
import { type App, environmentsOf, type Phase, underWay } from './app.ts';
import type { HookEffect } from './effect.ts';

const words: Readonly<Partial<Record<Phase, HookPhase>>> = {
  starting: 'start',
  gating: 'gate',
  switching: 'switch',
  verifying: 'verify',
  retiring: 'drain',
  aborting: 'abort',
};

function phaseOf(app: App): HookPhase | null {
  // Past the commit point it is no longer the entry of the phase.
  if (app.phase === 'switching' && app.committed) return null;
  return words[app.phase] ?? null;
}

function hooksOf(app: App): readonly HookSpec[] {
  const phase = phaseOf(app);
  return phase === null ? [] : (app.policy.hooks?.[phase] ?? []);
}

/** Done, or failed as often as it may. */
function isOver(app: App, { name, retries }: HookSpec): boolean {
  const ran = app.hooks[name];
  return ran !== undefined && (ran.ok || ran.times > retries);
}

/** The first that is not over: they run one after the other, in the order written. */
export function nextHook(app: App): HookSpec | null {
  return hooksOf(app).find((hook) => !isOver(app, hook)) ?? null;
}

/** A sentence on a required one that failed for good, or null. Going back, and retiring, none is required. */
export function brokenHook(app: App): string | null {
  if (app.phase === 'aborting' || app.phase === 'retiring') return null;
  const hook = hooksOf(app).find(
    (one) => one.required && isOver(app, one) && app.hooks[one.name]?.ok === false,
  );
  if (hook === undefined) return null;
  const { times = 0, because = '' } = app.hooks[hook.name] ?? {};
  return `the hook ${hook.name} failed${times > 1 ? ` ${times} times` : ''}: ${because}`;
}

/** The same at every attempt, through crashes and other controllers: who is told can know a repetition. */
export function hookEffect(app: App, { name, timeoutMs }: HookSpec): HookEffect {
  const phase = phaseOf(app) ?? 'abort';
  const { live, other } = environmentsOf(app);
  const release = underWay(app) ?? (other ?? live)?.release.id ?? 'none';
  const { seq, because } = app.begun;
  const id = `${app.name}/${release}/${phase}/${name}/${seq}`;
  return { kind: 'run-hook', id, phase, name, release, reason: because, timeoutMs };
}

/** When it may be tried (again): a second after its first failure, then twice as long, up to half a minute. */
export function dueAt(app: App, { name }: HookSpec): Instant {
  const ran = app.hooks[name];
  return ran === undefined ? 0 : ran.at + Math.min(2 ** (ran.times - 1) * 1_000, 30_000);
}

/** When the last one ended; 0 where none was run. */
export function hooksEnded(app: App): Instant {
  return Math.max(0, ...Object.values(app.hooks).map(({ at }) => at));
}
