// apply(): folds the lines of the journal into an app; an illegal line stops the process.
import { assert } from '../lib/assert.ts';
import type { Policy } from '../policy/policy.ts';
import {
  type App,
  asThePolicySays,
  awaited,
  type Common,
  genesis,
  type Outcome,
  type Phase,
  type Warm,
} from './app.ts';
import type { Command } from './command.ts';
import {
  afterlifeMs,
  type BalancerEffect,
  type Effect,
  isBalancerEffect,
  isHookEffect,
  isHostEffect,
  keyOf,
} from './effect.ts';
import type { Entry, Fact } from './entry.ts';
import { at, type DropletId, move, type ProjectAt, projectsOf } from './environment.ts';
import { nextHook } from './hook.ts';
import { without } from './judgement.ts';
import { departing } from './membership.ts';
import { rulesOf } from './phases/table.ts';
import { releaseNumber } from './release.ts';

type Of<T extends Fact['type']> = Extract<Entry, { type: T }>;

export function fold(name: string, policy: Policy, entries: readonly Entry[]): App {
  return entries.reduce(apply, genesis(name, policy));
}

export function apply(app: App, entry: Entry): App {
  assert(entry.seq === app.seq + 1, `the journal goes from entry ${app.seq} to ${entry.seq}`);
  const next = { ...app, seq: entry.seq };
  switch (entry.type) {
    case 'asked':
      return asked(next, entry);
    case 'entered':
      return entered(next, entry);
    case 'requested':
      return requested(next, entry);
    case 'advanced':
      return advanced(next, entry);
    case 'committed':
      return committed(next, entry);
    case 'acted':
      return acted(next, entry);
    case 'settled':
      return settled(next, entry);
    case 'leased':
      return leased(next, entry);
  }
}

function asked(app: App, { command, by, at: now }: Of<'asked'>): App {
  // Answered at once: it says something of what is under way, and asks for no step of its own.
  if (command.kind === 'approve') return approved(app, { by, at: now });
  const warm = keptWarm(app.warm, command, { by, at: now });
  if (warm !== null) return { ...app, warm };
  // An adopted release counts too: its number, and so its project's name, must not be given again.
  const named =
    command.kind === 'promote'
      ? command.release
      : command.kind === 'adopt'
        ? command.blue?.release
        : undefined;
  const released = named === undefined ? 0 : releaseNumber(named.id);
  const next = { ...app, asked: command, released: Math.max(app.released, released) };
  if (command.kind !== 'abort' || app.phase !== 'idle' || app.asked?.kind !== 'promote')
    return next;
  // Not begun yet: the two answer each other.
  const { id: release, key } = app.asked.release;
  const last: Outcome = { release, key, is: 'aborted', because: command.reason, at: now };
  return { ...next, asked: null, last };
}

function approved(app: App, given: { by: string; at: number }): App {
  const approval = awaited(app);
  assert(approval !== null, `${app.phase} waits for no approval`);
  return { ...app, approval: { ...approval, given } };
}

/** What the command says of the old environment, or null: it speaks of something else. */
function keptWarm(
  warm: Warm,
  command: Command,
  { by, at: now }: { by: string; at: number },
): Warm | null {
  switch (command.kind) {
    case 'hold':
      return { ...warm, kept: { by, because: command.because } };
    case 'let-go':
      // Never in the past: what waits for it, open connections too, has its time from now on.
      if (warm.kept === null && warm.until !== null) return warm;
      return { kept: null, until: Math.max(warm.until ?? 0, now) };
    case 'extend':
      return { ...warm, until: command.until };
    default:
      return null;
  }
}

function requested(app: App, { until }: Of<'requested'>): App {
  assert(app.phase === 'gating' && app.approval === null, `${app.phase} asks nobody`);
  return { ...app, approval: { until, given: null } };
}

function entered(app: App, entry: Of<'entered'>): App {
  const cast = rulesOf(entry.phase).enter(app, entry);
  assert(cast !== null, `${app.phase} cannot lead to ${entry.phase}`);
  const common: Common = {
    name: app.name,
    policy: app.policy,
    drains: app.drains,
    since: entry.at,
    approval: entry.phase === 'idle' ? null : app.approval,
    begun: { seq: entry.seq, because: entry.because },
    hooks: {},
    warm: entry.phase === 'idle' ? asThePolicySays : app.warm,
    committedAt: entry.phase === 'idle' ? null : app.committedAt,
    seq: app.seq,
    asked: null,
    unsettled: app.unsettled,
    failures: entry.phase === 'idle' ? removals(app.failures) : {},
    // Whoever took the other side out, us or somebody else: gone back, it is not expected there any more.
    attached: entry.phase === 'idle' ? without(app.attached, departing(app)) : app.attached,
    unsure: union(app.unsure, entry.unsure ?? []),
    wroteAt: app.wroteAt,
    redirectedAt: app.redirectedAt,
    present: app.present,
    silenced: app.silenced,
    released: app.released,
    last: entry.phase === 'idle' ? (outcome(app, entry) ?? app.last) : app.last,
  };
  return { ...common, ...begun(app, entry.phase), phase: entry.phase, ...cast } as App;
}

/** What could not be removed is not tried again at once: an app comes to rest; who drives it next tries again. */
function removals(failures: App['failures']): App['failures'] {
  const kept = Object.entries(failures).filter(([key]) => key.startsWith('remove-project '));
  return Object.fromEntries(kept);
}

/** What a command brings with it: a policy, and on adoption what is taken as true. */
function begun(app: App, phase: Phase): Partial<Common> {
  if (phase === 'starting' && app.asked?.kind === 'promote')
    return { policy: app.asked.policy, drains: app.asked.drains };
  if (app.phase === 'held' && app.asked?.kind === 'adopt') {
    const { blue, attached, policy, drains } = app.asked;
    const present = projectsOf(blue).reduce(add, app.present);
    return { policy, drains, attached, unsure: [], present };
  }
  return {};
}

function advanced(app: App, { to, at: now }: Of<'advanced'>): App {
  assert(app.phase === 'switching' && !app.committed, `${app.phase} takes no steps`);
  const { joining } = app;
  return to === 'rest'
    ? { ...app, joining: { ...joining, part: 'all', at: now } }
    : { ...app, joining: { ...joining, judgedSince: now, at: now } };
}

function committed(app: App, entry: Of<'committed'>): App {
  assert(app.phase === 'switching' && !app.committed, `${app.phase} has no commit point`);
  const { green, blue, joining: _, ...rest } = app;
  return {
    ...rest,
    committed: true,
    committedAt: entry.at,
    blue: move(green, 'blue'),
    draining: blue === null ? null : move(blue, 'draining'),
  } as App;
}

function acted(app: App, { effect, until, at: now }: Of<'acted'>): App {
  const unsettled = [...app.unsettled, { effect, until }];
  if (isHookEffect(effect)) return { ...app, unsettled };
  if (isBalancerEffect(effect)) return { ...app, unsettled, wroteAt: now, redirectedAt: now };
  const place = placeOf(effect);
  if (effect.kind === 'start-project')
    return { ...app, unsettled, present: add(app.present, place) };
  // From here it may have failed its health check, whether or not the order's answer arrives.
  if (effect.kind === 'fail-health')
    return { ...app, unsettled, silenced: add(app.silenced, place), redirectedAt: now };
  if (effect.kind === 'restore-health') return { ...app, unsettled, redirectedAt: now };
  return { ...app, unsettled };
}

function settled(app: App, entry: Of<'settled'>): App {
  const { effect, ok } = entry;
  const key = keyOf(effect);
  const unsettled = app.unsettled.filter((one) => keyOf(one.effect) !== key);
  if (isHookEffect(effect)) return hookSettled({ ...app, unsettled }, effect.name, entry);
  const { [key]: failure, ...others } = app.failures;
  const failures = ok
    ? others
    : { ...others, [key]: { times: (failure?.times ?? 0) + 1, because: entry.because ?? '' } };
  const next = { ...app, unsettled, failures };
  return isHostEffect(effect)
    ? settledOnHost(next, effect, entry)
    : settledOnBalancer(next, effect, entry);
}

/** Before people are sent anywhere the phase's own work, and so its time, begins when its hooks are over. */
function hookSettled(app: App, name: string, entry: Of<'settled'>): App {
  const { ok, because = '', at: now } = entry;
  // Never begun: no attempt.
  if (!ok && entry.untouched === true) return app;
  const times = (app.hooks[name]?.times ?? 0) + 1;
  const next = { ...app, hooks: { ...app.hooks, [name]: { times, ok, because, at: now } } };
  const forward = ['starting', 'gating', 'switching'].includes(app.phase);
  return forward && nextHook(next) === null ? { ...next, since: now } : next;
}

function settledOnHost(app: App, effect: Effect, entry: Of<'settled'>): App {
  const place = placeOf(effect);
  switch (effect.kind) {
    case 'remove-project':
      return entry.ok
        ? { ...app, present: drop(app.present, place), silenced: drop(app.silenced, place) }
        : app;
    case 'restore-health':
      return {
        ...app,
        redirectedAt: entry.at,
        silenced: entry.ok ? drop(app.silenced, place) : app.silenced,
      };
    case 'fail-health':
      return { ...app, redirectedAt: entry.at };
    default:
      return app;
  }
}

function settledOnBalancer(app: App, effect: BalancerEffect, entry: Of<'settled'>): App {
  const next = { ...app, wroteAt: entry.at, redirectedAt: entry.at };
  // Refused before it was sent: nothing is surer than before, nor less sure.
  if (!entry.ok && entry.untouched === true) return next;
  if (!entry.ok) return { ...next, unsure: union(app.unsure, effect.droplets) };
  const unsure = without(app.unsure, effect.droplets);
  const attached =
    effect.kind === 'attach-droplets'
      ? union(app.attached, effect.droplets)
      : without(app.attached, effect.droplets);
  return { ...next, unsure, attached };
}

/**
 * A new holder of the lease. On the droplets a lock and the epoch guard against a late command of its
 * predecessor, so those effects may be repeated at once; a call to the cloud may still land for a while.
 * The phase's limits begin anew: they bound how long bgctl tries, and nobody tried while it was away.
 */
function leased(app: App, entry: Of<'leased'>): App {
  const unsettled = app.unsettled
    .filter((one) => isBalancerEffect(one.effect))
    .map((one) => ({ ...one, until: Math.min(one.until, entry.at + afterlifeMs) }));
  return { ...app, since: entry.at, unsettled, failures: unheard(app) };
}

/**
 * Orders of the predecessor that may never have arrived: not failed yet, but to be given again. Of a removal it must
 * be known that it was begun: what may be half gone can be kept by nobody.
 */
function unheard(app: App): App['failures'] {
  const because = 'its controller ended before it answered';
  const begun = app.unsettled.map(({ effect }) => keyOf(effect));
  // Those that an earlier controller did not get through, too: the next one must not take them for given, nor for undone.
  const orders = [...Object.keys(app.failures), ...begun].filter((key) =>
    /^(fail-health|remove-project) /.test(key),
  );
  return Object.fromEntries(orders.map((key) => [key, { times: 0, because }]));
}

function outcome(from: App, entry: Of<'entered'>): Outcome | null {
  if (from.phase === 'retiring') {
    if (from.draining !== null) move(from.draining, 'retired');
    const { id, key } = from.blue.release;
    return { release: id, key, is: 'promoted', because: entry.because, at: entry.at };
  }
  if (from.phase !== 'aborting' || from.drop === null) return null;
  move(from.drop, 'retired');
  const { keep, drop } = from;
  // Of two that a person chose between, the newer one stayed.
  const promoted =
    keep !== null && releaseNumber(keep.release.id) > releaseNumber(drop.release.id) ? keep : null;
  const { id, key } = (promoted ?? drop).release;
  if (promoted !== null)
    return { release: id, key, is: 'promoted', because: from.reason, at: entry.at };
  const failed = from.committed ? 'rolled-back' : 'failed';
  const is = from.cause === 'asked' ? 'aborted' : failed;
  return { release: id, key, is, because: from.reason, at: entry.at };
}

function placeOf(effect: Effect): ProjectAt {
  assert(isHostEffect(effect), `${effect.kind} has no place`);
  return { project: effect.project, droplet: effect.droplet };
}

function has(places: readonly ProjectAt[], place: ProjectAt): boolean {
  return places.some((one) => at(one) === at(place));
}

function add(places: readonly ProjectAt[], place: ProjectAt): readonly ProjectAt[] {
  return has(places, place) ? places : [...places, place];
}

function drop(places: readonly ProjectAt[], place: ProjectAt): readonly ProjectAt[] {
  return places.filter((one) => at(one) !== at(place));
}

function union(some: readonly DropletId[], others: readonly DropletId[]): readonly DropletId[] {
  return [...new Set([...some, ...others])].sort((one, two) => one - two);
}
