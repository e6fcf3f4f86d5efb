// Hooks are known by their ids, lead nowhere but back, and never stand in the way of going back.
import type { Checker } from './watch.ts';

export function hooksAreKept(): readonly Checker[] {
  return [idsAreOneThing(), requiredOnesCount(), goingBackWaitsForNone];
}

/** I6: an id is never used for two things; each run was recorded before; what was done is not done again. */
function idsAreOneThing(): Checker {
  const meant = new Map<string, string>();
  const done = new Set<string>();
  const ids = new Map<string, string>();
  return {
    name: 'I6 a hook id is one thing',
    hooked({ app, world }, { id, phase, release, reason }, name) {
      const entry = `${app.begun.seq} ${name}`;
      const first = ids.get(entry) ?? id;
      ids.set(entry, first);
      if (first !== id) return `${name} was told as ${first}, and now as ${id}`;
      const what = JSON.stringify([phase, release, name, reason]);
      const before = meant.get(id) ?? what;
      meant.set(id, what);
      if (before !== what) return `${id} was ${before} and is ${what}`;
      if (done.has(id)) return `${id} is run again although it was done`;
      const known = world.journal.entries.some(
        (entry) =>
          entry.type === 'acted' && entry.effect.kind === 'run-hook' && entry.effect.id === id,
      );
      return known ? null : `${id} is run in ${app.phase}, and the journal does not know`;
    },
    wrote(_, entry) {
      if (entry.type === 'settled' && entry.effect.kind === 'run-hook' && entry.ok)
        done.add(entry.effect.id);
      return null;
    },
  };
}

/** I5: after a required hook that failed for good, or before the phase's hooks are over, nothing goes forward. */
function requiredOnesCount(): Checker {
  let failures = new Map<string, number>();
  let done = new Set<string>();
  return {
    name: 'I5 required hooks count',
    wrote(scene, entry) {
      const { app } = scene;
      const before = scene.stateAt(entry.seq - 1) ?? app;
      const forward =
        entry.type === 'committed' ||
        (entry.type === 'entered' &&
          ['gating', 'switching', 'verifying', 'retiring'].includes(entry.phase));
      const late = before.phase === 'switching' && before.committed;
      const hooks = late ? [] : (before.policy.hooks?.[phases[before.phase] ?? 'abort'] ?? []);
      const open = hooks.filter(
        ({ name, retries, required }) =>
          !done.has(name) && (required || (failures.get(name) ?? 0) <= retries),
      );
      const [first] = open;
      if (entry.type === 'entered') {
        failures = new Map();
        done = new Set();
      }
      if (entry.type === 'settled' && entry.effect.kind === 'run-hook') {
        const { name } = entry.effect;
        if (entry.ok) done.add(name);
        else failures.set(name, (failures.get(name) ?? 0) + 1);
      }
      return forward && first !== undefined && before.phase in phases
        ? `${before.phase} is left forward, and the hook ${first.name} was not done`
        : null;
    },
  };
}

const phases = {
  starting: 'start',
  gating: 'gate',
  switching: 'switch',
  verifying: 'verify',
} as const as Readonly<Partial<Record<string, 'start' | 'gate' | 'switch' | 'verify'>>>;

/** I3: while what leaves is still in the balancer, going back waits for nobody's hook. */
const goingBackWaitsForNone: Checker = {
  name: 'I3 going back waits for no hook',
  turned({ world }, { app, step }) {
    if (app.phase !== 'aborting' || step.is !== 'wait' || app.drop === null) return null;
    const inside = app.drop.droplets.some((droplet) => world.cloud.record.has(droplet));
    return inside && /\bhook\b/.test(step.because) ? `it waits: ${step.because}` : null;
  },
};
