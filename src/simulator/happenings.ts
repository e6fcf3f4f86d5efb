// What befalls the app in a story: people's commands, processes' deaths, the world's troubles; and their mending.
import { awaited, environmentsOf } from '../promotion/app.ts';
import type { Command } from '../promotion/command.ts';
import type { DropletId, Pool } from '../promotion/environment.ts';
import { keepable, keptBecause } from '../promotion/warmth.ts';
import { foreignDroplet } from './cloud.ts';
import type { Happening } from './faults.ts';
import { adopted, pools } from './scene.ts';
import type { Stage } from './watch.ts';

/** Longer than a lease lasts: somebody else will have taken over. */
export const frozenMs = 70_000;

/** Longer than anything else is waited for after the switch. */
const extendMs = 45_000;

type Befalls = (stage: Stage, droplet: DropletId) => void;

const all: Readonly<Record<Happening, Befalls>> = {
  abort: (stage) => stage.abort(),
  'promote-another': (stage) => stage.promote('another'),
  'promote-again': (stage) => stage.promote('first'),
  'asks-keep': (stage) => stage.choose('keep'),
  'asks-adopt': (stage) => stage.choose('adopt'),
  'asks-restore': (stage) => stage.choose('restore'),
  'resume-beside': (stage) => void stage.launch('resume'),
  kill: (stage) => {
    kill(stage);
    stage.launchSoon();
  },
  'kill-twice': (stage) => {
    kill(stage);
    stage.launchSoon();
    stage.world.clock.after(stage.world.random.between(200, 40_000), () => {
      kill(stage);
      stage.launchSoon();
    });
  },
  freeze: (stage) => {
    for (const machine of stage.running) machine.freeze(frozenMs);
    stage.launchSoon();
  },
  'ssh-lost': ({ world }, droplet) => {
    world.droplet(droplet).unreachable = true;
  },
  'ssh-back': ({ world }, droplet) => {
    world.droplet(droplet).unreachable = false;
  },
  'ssh-cut': ({ world }, droplet) => world.droplet(droplet).cut(),
  'host-slow': ({ world }, droplet) => {
    world.droplet(droplet).slow = true;
  },
  'droplet-destroyed': (stage, droplet) => {
    stage.hurt = true;
    stage.world.droplet(droplet).destroyed = true;
    stage.world.droplet(droplet).projects.clear();
    stage.world.cloud.destroy(droplet);
  },
  'droplet-off': (stage, droplet) => {
    stage.hurt = true;
    stage.world.droplet(droplet).off = true;
  },
  'disk-full': ({ world }, droplet) => {
    world.droplet(droplet).diskFull = true;
  },
  'image-missing': ({ world }, droplet) => {
    world.droplet(droplet).imageMissing = true;
  },
  'half-starts': ({ world }, droplet) => {
    world.droplet(droplet).halfStarts = true;
  },
  'cloud-down': ({ world }) => {
    world.cloud.down = true;
  },
  'cloud-busy': ({ world }) => world.cloud.occupy(30_000),
  'cloud-throttles': ({ world }) => world.cloud.throttle(20_000),
  'cloud-back': ({ world }) => {
    world.cloud.down = false;
  },
  'address-silent': ({ world }) => {
    world.answering = false;
  },
  'address-back': ({ world }) => {
    world.answering = true;
  },
  'journal-full': ({ world }) => {
    world.journal.full = true;
  },
  'journal-tears': (stage) => {
    stage.world.journal.tears = (machine) => {
      machine.kill();
      stage.launchSoon();
    };
  },
  'journal-falters': ({ world }) => {
    world.journal.flaky = 0.5;
  },
  'journal-back': ({ world }) => {
    Object.assign(world.journal, { full: false, flaky: 0, tears: null });
  },
  'probes-late': ({ world }) => {
    world.probesLateMs = 4_000;
  },
  'probes-noisy': ({ world }) => {
    world.noisy = 0.3;
  },
  'blue-hangs': (stage) => hang(stage, environmentsOf(stage.app).live?.project),
  'green-hangs': (stage) => hang(stage, environmentsOf(stage.app).other?.project),
  'green-errs': ({ world, app }) => {
    const { other } = environmentsOf(app);
    if (other !== null) world.manners.set(other.project, 'errs');
  },
  'somebody-attaches': (stage, droplet) => {
    stage.hurt = true;
    stage.world.cloud.edit('attach', [droplet]);
  },
  'somebody-detaches': (stage, droplet) => {
    stage.hurt = true;
    stage.world.cloud.edit('detach', [droplet]);
  },
  'foreigner-leaves': ({ world }) => world.cloud.edit('detach', [foreignDroplet]),
  'somebody-stops-green': (stage, droplet) => {
    stage.hurt = true;
    const candidate = environmentsOf(stage.app).other?.project;
    for (const running of stage.world.droplet(droplet).projects.values())
      if (running.project === candidate) running.stopped = true;
  },
  'people-stay-connected': ({ world }) => {
    for (const { project } of world.people.served()) world.people.kept.add(project);
  },
  'health-order-ignored': ({ world }, droplet) => {
    world.droplet(droplet).stubborn = true;
  },
  approve: (stage) => stage.approve(),
  hold: (stage) => stage.say({ kind: 'hold', because: 'to compare' }),
  'let-go': (stage) => stage.say({ kind: 'let-go' }),
  extend: (stage) =>
    stage.say({ kind: 'extend', byMs: extendMs, until: stage.world.clock.now() + extendMs }),
};

export function befall(stage: Stage, what: Happening, droplet: DropletId): void {
  all[what](stage, droplet);
  stage.world.people.stir();
}

function kill({ running }: Stage): void {
  for (const machine of running) machine.kill();
}

function hang(stage: Stage, project: string | undefined): void {
  if (project === undefined) return;
  stage.hurt = true;
  stage.world.manners.set(project, 'hung');
}

/** Better days: whatever can be mended is, and everything answers at once. */
export function mend({ world }: Stage): void {
  const { cloud, journal, droplets } = world;
  Object.assign(cloud, { down: false, flaky: 0, blind: 0, lies: 0 });
  Object.assign(journal, { full: false, flaky: 0, tears: null });
  Object.assign(world, { answering: true, blind: 0, probesLateMs: 0, noisy: 0 });
  world.people.kept.clear();
  for (const droplet of droplets.values())
    Object.assign(droplet, {
      unreachable: false,
      off: false,
      diskFull: false,
      imageMissing: false,
      halfStarts: false,
      slow: false,
      flaky: 0,
      blind: 0,
      stubborn: false,
    });
  world.people.stir();
}

/** How often somebody looks whether there is something left to say. */
export const decideEveryMs = 20_000;

/** What waits for a person's word gets it, one way or the other. */
export function decide(stage: Stage): void {
  const { app } = stage;
  if (keepable(app) !== null && keptBecause(app) !== null) stage.say({ kind: 'let-go' });
  if (awaited(app) === null) return;
  if (stage.world.random.chance(0.5)) stage.approve();
  else stage.abort();
}

/** What a person may say to a held app; the first that is admitted counts. */
export function choices(stage: Stage): readonly Command[] {
  const { app, world } = stage;
  const { live, other } = environmentsOf(app);
  const keeps = [live, other]
    .filter((one) => one !== null)
    .map(({ project }): Command => ({ kind: 'keep', project }));
  const commands: Command[] = [...keeps, { kind: 'restore' }, ...adoption(stage)];
  const start = world.random.between(0, commands.length - 1);
  return [...commands.slice(start), ...commands.slice(0, start)];
}

/** As the command line does it: what serves on one pool is blue; both pools at once are refused. */
function adoption({ app, world, policy }: Stage): readonly Command[] {
  const attached = [...pools.a, ...pools.b].filter((d) => world.cloud.record.has(d));
  const within = (['a', 'b'] as const).filter((pool) =>
    pools[pool].some((d) => attached.includes(d)),
  );
  const [pool] = within;
  if (within.length > 1) return [];
  const release = pool === undefined ? null : releaseOn(pool, world, attached);
  const blue = pool === undefined || release === null ? null : adopted(release, pool, attached);
  return [{ kind: 'adopt', blue, attached, policy, drains: app.drains }];
}

function releaseOn(
  pool: Pool,
  world: Stage['world'],
  attached: readonly DropletId[],
): string | null {
  const [first] = attached.filter((d) => pools[pool].includes(d));
  if (first === undefined) return null;
  const [project] = [...world.droplet(first).projects.keys()];
  return project === undefined ? null : project.replace('shop-', '');
}
