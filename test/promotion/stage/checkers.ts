// What must hold at every instant of every play, by the invariants' numbers (design, section 11).

import { legal } from '../../../src/promotion/admit.ts';
import { environmentsOf } from '../../../src/promotion/app.ts';
import { type Effect, keyOf } from '../../../src/promotion/effect.ts';
import { at } from '../../../src/promotion/environment.ts';
import { floorOf } from '../../../src/promotion/judgement.ts';
import type { Observation } from '../../../src/promotion/observation.ts';
import type { Step } from '../../../src/promotion/rules.ts';
import type { Checker, Play } from './play.ts';
import { foreignDroplet } from './world.ts';

/** A droplet that answered so recently counts for I1: nobody can know sooner that it stopped. */
const memoryMs = 8_000;

/** I1: by our hand the balancer never has fewer targets that serve than the floor. */
function someoneServes(): Checker {
  const servedAt = new Map<number, number>();
  return {
    turned(play) {
      for (const droplet of play.world.serving()) servedAt.set(droplet, play.world.now);
      return null;
    },
    lands(play, effect) {
      const takesAway = effect.kind === 'detach-droplets' || effect.kind === 'fail-health';
      const { live } = environmentsOf(play.app);
      if (!takesAway || live === null) return null;
      const taken = dropletsIn(effect);
      const serving = [...servedAt.keys()].filter(
        (d) => (servedAt.get(d) ?? Number.NEGATIVE_INFINITY) >= play.world.now - memoryMs,
      );
      const left = serving.filter((d) => !taken.includes(d) && !isSilenced(play, d));
      const floor = floorOf(play.app, live);
      if (left.length >= floor || !serving.some((d) => taken.includes(d))) return null;
      return `I1: ${keyOf(effect)} leaves ${left.length} that serve`;
    },
  };
}

function isSilenced(play: Play, droplet: number): boolean {
  return play.world.on(droplet).some((one) => one.silencedAt !== null);
}

/** I2: nothing is removed while the balancer refers to it, or people are connected to it within the limit. */
const nothingInUseIsRemoved: Checker = {
  turned(play, seen, next) {
    const removed = next.is === 'act' ? next.effects.filter(isRemoval) : [];
    const sinceMs = play.world.now - Math.max(play.app.since, play.app.wroteAt);
    for (const effect of removed) {
      if (isReferredTo(play, effect)) return `I2: ${keyOf(effect)} while it is in the balancer`;
      if (play.app.phase === 'idle' || sinceMs >= play.app.policy.drain.limitMs) continue;
      if (play.world.connections(effect).open > 0) return `I2: ${keyOf(effect)} with connections`;
      if (!seen.attached.known) return `I5: ${keyOf(effect)} with an unknown balancer`;
    }
    return null;
  },
};

function isRemoval(effect: Effect): effect is Extract<Effect, { kind: 'remove-project' }> {
  return effect.kind === 'remove-project';
}

/** The balancer means a droplet; two projects on one droplet cannot both publish its port. */
function isReferredTo(
  play: Play,
  { project, droplet }: { project: string; droplet: number },
): boolean {
  const { live } = environmentsOf(play.app);
  const meansLive = live?.project !== project && live?.droplets.includes(droplet) === true;
  return play.world.attached.has(droplet) && !meansLive;
}

/** I4: one unsettled change of the balancer at a time, and on what the journal expects. */
const oneChangeAtATime: Checker = {
  turned(play, _, next) {
    if (next.is !== 'act') return null;
    const writes = [...next.effects, ...play.app.unsettled.map((one) => one.effect)].filter(
      (effect) => 'droplets' in effect,
    );
    return writes.length > 1 ? `I4: ${writes.map(keyOf).join(' beside ')}` : null;
  },
};

/** I5: no step forward on an unknown. */
const nothingUnknownPasses: Checker = {
  turned(play, seen, next) {
    const unknowns = unknownsThatMatter(play, seen, next);
    return unknowns.length === 0 ? null : `I5: ${next.is} on unknown ${unknowns.join(', ')}`;
  },
};

function unknownsThatMatter({ app }: Play, seen: Observation, next: Step): readonly string[] {
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
  if (goes === 'commit') return [...balancer, ...traffic, ...hosts];
  const detaches = next.is === 'act' && next.effects.some((one) => one.kind === 'detach-droplets');
  if (detaches && app.phase === 'switching') return [...balancer, ...traffic];
  return detaches ? balancer : [];
}

/** I7: no effect names a droplet that is not ours. */
const foreignersAreLeftAlone: Checker = {
  turned(_, __, next) {
    const touched = (next.is === 'act' ? next.effects : []).flatMap((effect) =>
      'ours' in effect ? [...effect.droplets, ...effect.ours] : dropletsIn(effect),
    );
    return touched.includes(foreignDroplet) ? 'I7: a foreign droplet is touched' : null;
  },
};

/** I9: whatever is waited for ends; attempts never exceed the policy's. */
function everythingHasALimit(): Checker {
  let attempts = new Map<string, number>();
  let chapter = '';
  return {
    turned(play, seen, next) {
      const { app } = play;
      const now = `${app.phase} ${app.since} ${play.entries.filter((e) => e.type === 'leased').length}`;
      if (now !== chapter) attempts = new Map();
      chapter = now;
      for (const effect of next.is === 'act' ? next.effects : [])
        attempts.set(keyOf(effect), (attempts.get(keyOf(effect)) ?? 0) + 1);
      const most = Math.max(0, ...attempts.values());
      // One more than may fail: an effect that was done may be wanted again.
      if (most > app.policy.attemptsMax + 1)
        return `I9: ${most} attempts at ${[...attempts.keys()]}`;
      return next.is === 'wait' ? endless(play, seen, next) : null;
    },
  };
}

function endless(
  play: Play,
  seen: Observation,
  next: Extract<Step, { is: 'wait' }>,
): string | null {
  const rests = play.app.phase === 'idle' || play.app.phase === 'held';
  if (next.until === null) return rests ? null : `I9: waits for ever: ${next.because}`;
  if (play.app.unsettled.length > 0 || next.until > seen.at) return null;
  return `I9: the limit has passed and it still waits: ${next.because}`;
}

/** I10: how a play may end. */
export function isAnEnding(play: Play): string | null {
  const { app, ended } = play;
  if (ended === 'yield') return play.next?.because ? null : 'I10: it yields without a reason';
  if (ended === null) return `I10: it never rests; it is ${app.phase}`;
  if (app.phase === 'held')
    return app.reason !== '' && legal(app).length > 0 ? null : 'I10: held without a way out';
  if (app.phase !== 'idle') return `I10: it rests in ${app.phase}`;
  return app.blue === null || app.blue.state === 'blue' ? null : `I10: ${app.blue.state} at rest`;
}

export function allCheckers(): readonly Checker[] {
  return [
    someoneServes(),
    nothingInUseIsRemoved,
    oneChangeAtATime,
    nothingUnknownPasses,
    foreignersAreLeftAlone,
    everythingHasALimit(),
  ];
}

function dropletsIn(effect: Effect): readonly number[] {
  if ('droplets' in effect) return effect.droplets;
  return 'droplet' in effect ? [effect.droplet] : [];
}
