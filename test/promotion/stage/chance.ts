// Random scripts: what an unkind world and hasty operators may do to a promotion, from a few numbers.
import fc from 'fast-check';
import type { App } from '../../../src/promotion/app.ts';
import type { Command } from '../../../src/promotion/command.ts';
import type { Setting } from '../../builders/app.ts';
import { abort, adopt, keep, promote, restore } from '../../builders/command.ts';
import { aPolicy } from '../../builders/policy.ts';
import { anEnvironment } from '../../builders/release.ts';
import { later } from './acts.ts';
import type { Checker, End } from './play.ts';
import { Play } from './play.ts';
import { type Fate, foreignDroplet, type Manner } from './world.ts';

const happenings = [
  'abort',
  'crash',
  'ssh-lost',
  'ssh-back',
  'cloud-unreadable',
  'cloud-unwritable',
  'cloud-back',
  'address-silent',
  'address-back',
  'green-hangs',
  'green-errs',
  'blue-hangs',
  'droplet-destroyed',
  'somebody-attaches',
  'somebody-detaches',
  'foreigner-leaves',
  'people-stay-connected',
  'health-order-ignored',
] as const;

type Happening = (typeof happenings)[number];

const moments = [
  'idle',
  'starting',
  'gating',
  'switching',
  'joined',
  'committed',
  'verifying',
  'retiring',
  'aborting',
] as const;

type During = (typeof moments)[number];

export type Script = {
  readonly seed: number;
  readonly first: boolean;
  readonly drains: boolean;
  readonly floor: number;
  readonly missingMax: number;
  readonly manner: Manner;
  /** Shares of effects that go wrong, and of looks that see nothing. */
  readonly flaky: number;
  readonly blind: number;
  readonly happens: readonly {
    readonly during: During;
    readonly afterMs: number;
    readonly what: Happening;
    readonly droplet: number;
  }[];
};

const share = fc.constantFrom(0, 0, 0.1, 0.3);

export const aScript: fc.Arbitrary<Script> = fc.record({
  seed: fc.nat(),
  first: fc.constantFrom(false, false, false, true),
  drains: fc.boolean(),
  floor: fc.constantFrom(1, 2),
  missingMax: fc.constantFrom(0, 1),
  manner: fc.oneof(
    { weight: 9, arbitrary: fc.constant<Manner>('good') },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Manner[]>('slow', 'exits', 'restarts', 'unhealthy', 'hung'),
    },
  ),
  flaky: share,
  blind: share,
  happens: fc.array(
    fc.record({
      during: fc.constantFrom(...moments),
      afterMs: fc.integer({ min: 0, max: 16 }).map((halves) => halves * 500),
      what: fc.constantFrom(...happenings),
      droplet: fc.integer({ min: 1, max: 4 }),
    }),
    { maxLength: 4 },
  ),
});

/** Plays the script; mends the world after two minutes; resumes and resolves until nothing is left to do. */
export function playOut(script: Script, checkers: readonly Checker[]): { play: Play; end: End } {
  const { drains, floor, missingMax } = script;
  const policy = aPolicy({ switch: { limitMs: 40_000, floor } });
  const setting: Setting = {
    first: script.first,
    drains,
    policy: { ...policy, start: { ...policy.start, missingMax } },
  };
  const play = new Play(setting, checkers);
  const random = numbers(script.seed);
  play.world.manners.set('shop-r42', script.manner);
  play.world.takesMs = () => 500 + Math.floor(random() * 6) * 500;
  play.world.fateOf = () => fate(random() < script.flaky, random());
  play.hidden = () => play.world.now < 120_000 && random() < script.blind;
  play.ask(promote('r42', { policy: setting.policy ?? policy, drains }));
  const acts = script.happens.map(({ during, afterMs, what, droplet }) =>
    later(during, afterMs, (p) => happen(p, what, droplet, random)),
  );
  let end = play.run([...acts, { when: ({ world }) => world.now >= 120_000, does: mend }], 900_000);
  for (let again = 0; again < 4 && end.is !== 'endless'; again += 1) {
    if (end.is === 'rest' && end.phase === 'idle') break;
    mend(play);
    if (end.is === 'yield') play.crash();
    if (end.phase === 'held') choose(play, random);
    end = play.run([], 900_000);
  }
  return { play, end };
}

/** Numbers between 0 and 1 from a seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function fate(wrong: boolean, which: number): Fate {
  if (!wrong) return 'done';
  return which < 0.6 ? 'refused' : which < 0.9 ? 'mute' : 'hangs';
}

function happen(play: Play, what: Happening, droplet: number, random: () => number): void {
  const { world } = play;
  const changes: Readonly<Record<Happening, () => unknown>> = {
    abort: () => play.ask(abort()),
    crash: () => play.crash(() => random() < 0.5),
    'ssh-lost': () => world.unreachable.add(droplet),
    'ssh-back': () => world.unreachable.delete(droplet),
    'cloud-unreadable': () => {
      world.readable = false;
    },
    'cloud-unwritable': () => {
      world.writable = false;
    },
    'cloud-back': () => {
      world.readable = true;
      world.writable = true;
    },
    'address-silent': () => {
      world.answering = false;
    },
    'address-back': () => {
      world.answering = true;
    },
    'green-hangs': () => world.manners.set('shop-r42', 'hung'),
    'green-errs': () => world.wrong.add('shop-r42'),
    'blue-hangs': () => world.manners.set('shop-r41', 'hung'),
    'droplet-destroyed': () => world.destroy(droplet),
    'somebody-attaches': () => world.attach([droplet]),
    'somebody-detaches': () => world.detach([droplet]),
    'foreigner-leaves': () => world.detach([foreignDroplet]),
    'people-stay-connected': () => {
      world.kept.set('shop-r41', { open: 3, busy: 1 });
      world.kept.set('shop-r42', { open: 3, busy: 1 });
    },
    'health-order-ignored': () => world.stubborn.add(droplet < 3 ? 'shop-r41' : 'shop-r42'),
  };
  changes[what]();
}

function mend(play: Play): void {
  const { world } = play;
  world.readable = true;
  world.writable = true;
  world.answering = true;
  world.unreachable.clear();
  world.kept.clear();
  world.fateOf = () => 'done';
  play.hidden = () => false;
}

/** Any command that is admitted, as a person in a hurry would choose. */
function choose(play: Play, random: () => number): void {
  const options = [keep('shop-r41'), keep('shop-r42'), restore, adoption(play)].filter(
    (command) => command !== null,
  );
  const start = Math.floor(random() * options.length);
  const turned = [...options.slice(start), ...options.slice(0, start)];
  for (const command of turned) if (play.ask(command) === null) return;
}

/** As the command line does it: what serves on one pool is blue; both pools at once are refused. */
function adoption({ app, world }: Play): Command | null {
  const ours = world.ours().filter((droplet) => world.attached.has(droplet));
  const pools = new Set(ours.map((droplet) => (droplet < 3 ? 'a' : 'b')));
  if (pools.size > 1) return null;
  const id = pools.has('a') ? 'r41' : 'r42';
  const blue = ours.length === 0 ? null : anEnvironment(id, 'blue', { droplets: ours });
  const { policy, drains }: App = app;
  return adopt(blue, { attached: ours, policy, drains });
}
