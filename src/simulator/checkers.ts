// What must hold at every instant of every story, by the invariants' numbers (design, section 11).
import { legal } from '../promotion/admit.ts';
import { type App, awaited, environmentsOf } from '../promotion/app.ts';
import {
  type Effect,
  isBalancerEffect,
  isHookEffect,
  isHostEffect,
  keyOf,
} from '../promotion/effect.ts';
import { at, projectsOf } from '../promotion/environment.ts';
import { floorOf } from '../promotion/judgement.ts';
import type { Observation } from '../promotion/observation.ts';
import type { Step } from '../promotion/rules.ts';
import { keepable, keptBecause } from '../promotion/warmth.ts';
import { foreignDroplet, type Write } from './cloud.ts';
import { hooksAreKept } from './hooks.ts';
import { personsAreHeard } from './persons.ts';
import { pools } from './scene.ts';
import { stepsAreTaken } from './steps.ts';
import type { Checker, Scene, Turn } from './watch.ts';

const ours = [...pools.a, ...pools.b];
/** A droplet that answered so recently counts for I1: nobody can know sooner that it stopped. */
const memoryMs = 8_000;
/** How long a dead controller's call to the cloud may still land, as the journal's fold has it. */
const afterlifeMs = 20_000;

/** I1, at every instant: people are answered, unless the world itself took that away. */
function peopleAreAnswered(): Checker {
  let proven = false;
  return {
    name: 'I1 people are answered',
    moved({ app, hurt, world }) {
      const nobody = world.people.served().length === 0;
      if (!nobody && !proven) proven = environmentsOf(app).live?.state === 'blue';
      if (!proven || hurt || !nobody) return null;
      return 'nobody answers people';
    },
  };
}

/** I1, at every change of ours that takes a target away: the policy's floor is left. */
function enoughAreLeft(): Checker {
  /** A change is judged by what was known when it was begun: it may be under way for long. */
  const begunAt = new Map<string, number>();
  const judge = (scene: Scene, effect: Effect): string | null => {
    const { app, world } = scene;
    const { live } = environmentsOf(app);
    if (isHookEffect(effect) || live === null) return null;
    if (effect.kind !== 'detach-droplets' && effect.kind !== 'fail-health') return null;
    const taken = isBalancerEffect(effect) ? effect.droplets : [effect.droplet];
    const now = world.clock.now();
    const from = Math.min(now, begunAt.get(keyOf(effect)) ?? now) - memoryMs;
    const serving = ours.filter((droplet) => world.people.lastServed(droplet) >= from);
    const left = serving.filter((d) => !taken.includes(d) && !isSilenced(scene, d));
    // Answers that name no droplet prove an environment, not each of its targets.
    const floor = scene.script.identifies === 'droplet' ? floorOf(app, live) : 1;
    if (left.length >= floor || !serving.some((d) => taken.includes(d))) return null;
    return `${keyOf(effect)} leaves ${left.length} that serve`;
  };
  return {
    name: 'I1 enough are left',
    wrote({ world }, entry) {
      if (entry.type === 'acted') begunAt.set(keyOf(entry.effect), world.clock.now());
      return null;
    },
    lands: (scene, effect, late) => (late ? null : judge(scene, effect)),
  };
}

function isSilenced({ world }: Scene, droplet: number): boolean {
  return [...world.droplet(droplet).projects.values()].some((one) => one.silencedAt !== null);
}

/** I1: the commit point is earned: people were answered from every droplet of green just before. */
const commitIsEarned: Checker = {
  name: 'I1 the commit point is earned',
  wrote({ app, world, script }, entry) {
    // Answers that name no droplet prove an environment, not each of its targets.
    if (entry.type !== 'committed' || script.identifies !== 'droplet') return null;
    const from = world.clock.now() - memoryMs;
    const silent = projectsOf(environmentsOf(app).live).filter(
      ({ droplet, project }) => world.people.lastServed(droplet, project) < from,
    );
    return silent.length === 0 ? null : `nobody was answered by ${silent.map(at).join(', ')}`;
  },
};

/** I2: nothing is removed while the balancer may send people there, or while they are connected, up to the limit. */
const nothingInUseIsRemoved: Checker = {
  name: 'I2 nothing in use is removed',
  lands(scene, effect) {
    if (effect.kind !== 'remove-project') return null;
    const { world, app, script } = scene;
    const droplet = world.droplet(effect.droplet);
    if (!droplet.projects.has(effect.project)) return null;
    const { live } = environmentsOf(app);
    const ofLive = live?.project !== effect.project && live?.droplets.includes(effect.droplet);
    // Nothing can be done about a hand that is quicker than a removal.
    if (script.happens.some(({ what }) => what === 'somebody-attaches')) return null;
    const referred = world.cloud.record.has(effect.droplet) && ofLive !== true;
    if (referred || world.people.on(effect.droplet) === effect.project)
      return `${keyOf(effect)} while it is in the load balancer`;
    const drainedMs = world.clock.now() - Math.max(app.since, app.wroteAt);
    const limitMs = app.policy.drain.limitMs - Math.abs(script.skewMs);
    const limitPassed = app.phase === 'idle' || drainedMs >= limitMs;
    if (!limitPassed && world.people.connections(effect).open > 0)
      return `${keyOf(effect)} with connections`;
    return null;
  },
};

/** What hinders bgctl from hearing, or being heard by, the droplets. */
const harmless = /^(abort|promote-|resume-|kill|freeze|foreigner|cloud-)/;

/** I2: where the app can be told to fail its health check, nobody is sent to a target any more when it is detached. */
const drainedFirst: Checker = {
  name: 'I2 drained before it leaves',
  begins(scene, effect) {
    const { world, script } = scene;
    // As it was decided upon: beginning it is an entry of its own.
    const app = scene.stateAt(scene.app.seq - 1) ?? scene.app;
    if (effect.kind !== 'detach-droplets' || !app.drains || script.manner !== 'good') return null;
    const { droplets } = effect;
    const hindered = script.flaky + script.blind + script.late + script.lies > 0;
    if (hindered || script.happens.some(({ what }) => !harmless.test(what))) return null;
    const patience = app.policy.drain.limitMs - Math.abs(script.skewMs);
    if (world.clock.now() - Math.max(app.since, app.redirectedAt) >= patience) return null;
    const served = droplets.filter((d) => world.people.on(d) !== null);
    return served.length === 0 ? null : `people are sent to ${served.join(', ')}`;
  },
};

/** I3: a green that is dead, hung or lost delays going back no longer than the limits allow. */
function goingBackHasAnEnd(): Checker {
  let since: number | null = null;
  return {
    name: 'I3 going back has an end',
    turned({ world }, { app, step }) {
      if (app.phase !== 'aborting') since = null;
      else since ??= world.clock.now();
      if (since === null || step.is !== 'wait') return null;
      const { switch: switching, drain, unreachableMs } = app.policy;
      // Coming back, leaving, emptying; each once more for whoever takes over.
      const mostMs = 3 * (switching.limitMs + 2 * drain.limitMs + 2 * unreachableMs) + 700_000;
      return world.clock.now() - since > mostMs ? `aborting for ${mostMs} ms` : null;
    },
  };
}

/** I4: one change of the balancer at a time, by the holder of the lease, on what the journal expects. */
function oneWriter(): Checker {
  let leasedAt = 0;
  let epoch = 0;
  return {
    name: 'I4 one writer',
    wrote(scene, entry) {
      if (entry.type === 'leased') {
        if (entry.epoch <= epoch) return `epoch ${entry.epoch} after ${epoch}`;
        epoch = entry.epoch;
        leasedAt = scene.world.clock.now();
      }
      return null;
    },
    applies(scene, write, late) {
      const { world } = scene;
      if (late) return null;
      if (write.epoch >= epoch) return overriding(scene, write);
      const afterMs = world.clock.now() - leasedAt;
      return afterMs > afterlifeMs
        ? `${write.verb} ${write.droplets} by epoch ${write.epoch}, ${afterMs} ms after ${epoch} began`
        : null;
    },
    turned(_, { app, step }) {
      const begun = step.is === 'act' ? step.effects : [];
      const writes = [...begun, ...app.unsettled.map((one) => one.effect)].filter(isBalancerEffect);
      return writes.length > 1 ? writes.map(keyOf).join(' beside ') : null;
    },
  };
}

/** What somebody else did to the balancer a while ago, and this write goes on top of. */
function overriding({ app, world, script }: Scene, write: Write): string | null {
  const { record, editedAt } = world.cloud;
  // In the blink of an eye between the last look and the write nobody can know.
  const knowable = world.clock.now() - editedAt > 1_200 + script.recordLagMs;
  if (!knowable || editedAt < app.since) return null;
  const expected = [...app.attached];
  const excused = [...app.unsure, ...write.droplets];
  const strange = ours.filter(
    (d) =>
      record.has(d) !== expected.includes(d) &&
      !excused.includes(d) &&
      !world.cloud.destroyed.has(d) &&
      app.phase !== 'aborting',
  );
  return strange.length === 0
    ? null
    : `${write.verb} ${write.droplets} on top of a foreign edit of ${strange}`;
}

/** I6: what is begun was recorded before, and no phase is left while something is under way. */
const recordedFirst: Checker = {
  name: 'I6 recorded first, begun second',
  begins({ app, world }, effect, epoch) {
    if (epoch < world.journal.epoch) return null;
    const known = app.unsettled.some(
      (one) =>
        one.effect.kind === effect.kind &&
        (isHostEffect(effect) ? keyOf(one.effect) === keyOf(effect) : true),
    );
    return known ? null : `${keyOf(effect)} is begun and the journal does not know`;
  },
  turned(_, { app, step }) {
    const leaves = step.is === 'enter' || step.is === 'commit';
    return leaves && app.unsettled.length > 0
      ? `${app.phase} is left while ${app.unsettled.map((one) => keyOf(one.effect))} has not ended`
      : null;
  },
};

/** I10: held is for what a person must decide: nobody but bgctl touched the balancer, so there is no drift. */
const heldWithReason: Checker = {
  name: 'I10 held with reason',
  wrote({ world, script }, entry) {
    if (entry.type !== 'entered' || entry.held !== 'drift') return null;
    const touched = script.happens.some(({ what }) =>
      ['somebody-attaches', 'somebody-detaches', 'droplet-destroyed'].includes(what),
    );
    return touched || script.late > 0 || world.cloud.editedAt > 0
      ? null
      : `held for drift that nobody made: ${entry.because}`;
  },
};

/** I5: no step forward on an unknown. */
const nothingUnknownPasses: Checker = {
  name: 'I5 nothing unknown passes',
  turned(_, turn) {
    const unknowns = unknownsThatMatter(turn.app, turn.observation, turn.step);
    return unknowns.length === 0 ? null : `${turn.step.is} on unknown ${unknowns.join(', ')}`;
  },
};

function unknownsThatMatter(app: App, seen: Observation, next: Step): readonly string[] {
  if (next.is === 'wait' || next.is === 'yield') return [];
  const { live, other } = environmentsOf(app);
  const goes = next.is === 'enter' ? next.phase : next.is;
  const without = next.is === 'enter' ? (next.without ?? []) : [];
  const balancer = seen.attached.known ? [] : ['balancer'];
  const traffic = seen.serving.known ? [] : ['traffic'];
  const candidate = ['verifying', 'retiring'].includes(app.phase) ? live : other;
  const hosts = (candidate?.droplets ?? [])
    .filter((droplet) => !without.includes(droplet))
    .map((droplet) => at({ project: candidate?.project ?? '', droplet }))
    .filter((place) => seen.projects[place]?.known !== true);
  if (goes === 'gating' || goes === 'switching' || goes === 'retiring') return hosts;
  if (goes === 'starting' || goes === 'verifying') return balancer;
  if (goes === 'commit' || goes === 'advance') return [...balancer, ...traffic, ...hosts];
  const detaches = next.is === 'act' && next.effects.some((one) => one.kind === 'detach-droplets');
  if (detaches && app.phase === 'switching') return [...balancer, ...traffic];
  const removes = next.is === 'act' && next.effects.some((one) => one.kind === 'remove-project');
  return detaches || removes ? balancer : [];
}

/** I6: what a controller holds in memory is what the journal tells. */
const memoryIsTheJournal: Checker = {
  name: 'I6 memory is the journal',
  turned(scene, { app, step }) {
    if (step.is !== 'enter' && step.is !== 'commit') return null;
    const told = scene.stateAt(app.seq);
    if (told === undefined) return `a controller has entry ${app.seq}, which nobody wrote`;
    return JSON.stringify(app) === JSON.stringify(told) ? null : 'memory and journal differ';
  },
};

/** I7: what is not ours is left alone. */
const foreignersAreLeftAlone: Checker = {
  name: 'I7 foreign droplets are left alone',
  applies: (_, write) =>
    write.droplets.length > 0 && write.droplets.every((droplet) => ours.includes(droplet))
      ? null
      : `${write.verb} ${write.droplets.join(', ')}`,
  rests({ world, script }) {
    const left = script.happens.some(({ what }) => what === 'foreigner-leaves');
    return left || world.cloud.record.has(foreignDroplet) ? null : 'the foreign droplet has gone';
  },
};

/** I9: whatever is waited for ends; attempts never exceed the policy's. */
function everythingHasALimit(): Checker {
  let attempts = new Map<string, number>();
  let chapter = '';
  return {
    name: 'I9 everything has a limit',
    wrote({ app }, entry) {
      const now = `${app.phase} ${app.since}`;
      if (now !== chapter || entry.type === 'leased') attempts = new Map();
      chapter = now;
      if (entry.type !== 'acted') return null;
      const key = keyOf(entry.effect);
      const times = (attempts.get(key) ?? 0) + 1;
      attempts.set(key, times);
      // One more than may fail: an effect that was done may be wanted again.
      return times > app.policy.attemptsMax + 1 ? `${times} attempts at ${key}` : null;
    },
    turned: (_, turn) =>
      turn.step.is === 'wait' && !turn.machine.wasFrozen ? endless(turn, turn.step) : null,
  };
}

function endless({ app, observation }: Turn, step: Extract<Step, { is: 'wait' }>): string | null {
  const rests = app.phase === 'idle' || app.phase === 'held';
  const kept = keepable(app) !== null && keptBecause(app) !== null;
  const byAPerson = awaited(app)?.until === null || kept;
  if (step.until === null) return rests || byAPerson ? null : `waits for ever: ${step.because}`;
  if (app.unsettled.length > 0 || step.until > observation.at) return null;
  return `the limit has passed and it still waits: ${step.because}`;
}

/** I10: every ending is one of three. */
const endings: Checker = {
  name: 'I10 how it ends',
  rests({ app }) {
    if (app.phase === 'held')
      return app.reason !== '' && legal(app).length > 0 ? null : 'held without a way out';
    if (app.phase !== 'idle') return `it rests in ${app.phase}`;
    if (app.asked !== null) return 'a command was never answered';
    return app.blue === null || app.blue.state === 'blue' ? null : `${app.blue.state} at rest`;
  },
};

/** The end: what the journal says is what there is, and nothing else of ours is left. */
const nothingHalfDone: Checker = {
  name: 'nothing half-done is left',
  rests({ app, world, script }) {
    if (app.phase !== 'idle') return null;
    const alive = (d: number) => !world.cloud.destroyed.has(d);
    const wanted = (app.blue?.droplets ?? []).filter(alive);
    const found = ours.filter((d) => world.cloud.record.has(d));
    const foreign = script.happens.some(({ what }) => what.startsWith('somebody'));
    if (found.join() !== wanted.join() && !foreign)
      return `in the load balancer are ${found}, blue is on ${wanted}`;
    const strays = ours
      .filter(alive)
      .flatMap((d) =>
        [...world.droplet(d).projects.keys()]
          .filter((project) => project !== app.blue?.project)
          .map((project) => at({ project, droplet: d })),
      );
    if (strays.length > 0) return `left on the droplets: ${strays.join(', ')}`;
    const hushed = wanted.filter((d) => isSilenced({ world } as Scene, d));
    return hushed.length > 0 ? `blue still fails its health check on ${hushed}` : null;
  },
};

export function allCheckers(): readonly Checker[] {
  return [
    peopleAreAnswered(),
    enoughAreLeft(),
    commitIsEarned,
    nothingInUseIsRemoved,
    drainedFirst,
    goingBackHasAnEnd(),
    oneWriter(),
    nothingUnknownPasses,
    memoryIsTheJournal,
    recordedFirst,
    heldWithReason,
    foreignersAreLeftAlone,
    everythingHasALimit(),
    endings,
    nothingHalfDone,
    ...personsAreHeard(),
    ...stepsAreTaken(),
    ...hooksAreKept(),
  ];
}
