// What may go wrong, and how often: a script, which is data, so that it can be written down, replayed and made shorter.
import { Random } from './random.ts';

/** How a release behaves once it was started. `hung`: Docker calls it healthy, and it answers nobody. */
export const manners = [
  'good',
  'slow',
  'exits',
  'restarts',
  'unhealthy',
  'hung',
  'errs',
  'sickens',
] as const;
export type Manner = (typeof manners)[number];

export const happenings = [
  'abort',
  'promote-another',
  'promote-again',
  'asks-keep',
  'asks-adopt',
  'asks-restore',
  'resume-beside',
  'kill',
  'kill-twice',
  'freeze',
  'ssh-lost',
  'ssh-back',
  'ssh-cut',
  'host-slow',
  'droplet-destroyed',
  'droplet-off',
  'disk-full',
  'image-missing',
  'half-starts',
  'cloud-down',
  'cloud-throttles',
  'cloud-busy',
  'cloud-back',
  'address-silent',
  'address-back',
  'journal-full',
  'journal-tears',
  'journal-falters',
  'journal-back',
  'probes-late',
  'probes-noisy',
  'blue-hangs',
  'green-hangs',
  'green-errs',
  'somebody-attaches',
  'somebody-detaches',
  'foreigner-leaves',
  'somebody-stops-green',
  'people-stay-connected',
  'health-order-ignored',
  'approve',
  'hold',
  'let-go',
  'extend',
] as const;
export type Happening = (typeof happenings)[number];

/** In a phase, or at a point inside of one. */
export const moments = [
  'idle',
  'starting',
  'gating',
  'awaited',
  'switching',
  'stepped',
  'joined',
  'committed',
  'verifying',
  'retiring',
  'aborting',
  'held',
] as const;
export type During = (typeof moments)[number];

export type Happens = {
  readonly during: During;
  readonly afterMs: number;
  readonly what: Happening;
  readonly droplet: number;
};

export type Script = {
  /** Of all that is left to chance. */
  readonly seed: number;
  /** Nothing was ever released. */
  readonly first: boolean;
  /** Something was, it serves, and the journal is empty: it was lost, or never was. */
  readonly journalLost: boolean;
  readonly drains: boolean;
  readonly identifies: 'droplet' | 'environment' | 'nothing';
  readonly floor: number;
  readonly missingMax: number;
  readonly manner: Manner;
  /** Whether a person must agree before the switch, and what becomes of it where nobody does. */
  readonly approval: 'none' | 'abort' | 'hold' | 'never';
  /** How soon somebody does; null: nobody does. */
  readonly approvedAfterMs: number | null;
  /** One droplet of green first or all at once; `judged`: by gates, beside blue. */
  readonly steps: 'none' | 'first' | 'first-judged' | 'judged';
  /** Whether the old environment retires by itself. */
  readonly warm: 'short' | 'never';
  /** How the hooks of a phase fare; those of the others are well. `needed` ones fail and are required. */
  readonly hooks: 'none' | 'good' | 'slow' | 'fails' | 'needed' | 'hangs' | 'flaky';
  readonly hookPhase: 'start' | 'gate' | 'switch' | 'verify' | 'drain' | 'abort';
  /** Shares of changes that go wrong, of looks that see nothing, of accepted writes that are never applied. */
  readonly flaky: number;
  readonly blind: number;
  readonly lies: number;
  /** Share of changes on the cloud's side that land after bgctl has given them up: the one fault that is healed, not excluded. */
  readonly late: number;
  /** The balancer: how long its record, and its traffic, lag behind an accepted write. */
  readonly recordLagMs: number;
  readonly planeLagMs: number;
  /** Whether everybody works on one machine, where a dead process is known to be dead. */
  readonly oneHost: boolean;
  /** How far the clock of every second process is off. */
  readonly skewMs: number;
  readonly happens: readonly Happens[];
};

/** When the world is mended: what is left to do must then come to an end. */
export const mendedAtMs = 180_000;

/** A quiet day: what a script is when nothing is said. */
export const quietDay: Script = {
  seed: 1,
  first: false,
  journalLost: false,
  drains: true,
  identifies: 'droplet',
  floor: 1,
  missingMax: 0,
  manner: 'good',
  approval: 'none',
  approvedAfterMs: null,
  steps: 'none',
  warm: 'short',
  hooks: 'none',
  hookPhase: 'gate',
  flaky: 0,
  blind: 0,
  lies: 0,
  late: 0,
  recordLagMs: 0,
  planeLagMs: 500,
  oneHost: true,
  skewMs: 0,
  happens: [],
};

/** So many seeds, and everything has befallen the app at every moment. */
const roundOfSeeds = 4 * moments.length * happenings.length;

/** The script of a seed: every fourth goes through the moments and what may befall in order, the others are chance. */
export function scriptOf(seed: number, late = 0): Script {
  return seed % 4 === 0 ? inOrder(seed, late) : byChance(seed, late);
}

function inOrder(seed: number, late: number): Script {
  const cell = (seed % roundOfSeeds) / 4;
  const during = moments[cell % moments.length] as During;
  const what = happenings[Math.floor(cell / moments.length)] as Happening;
  const random = new Random(seed);
  const droplet = random.between(1, 4);
  // Idle with something asked does not last long.
  const afterMs = during === 'idle' ? 0 : random.pick([0, 0, 500]);
  const once = { during, what, droplet, afterMs };
  const drains = random.chance(0.5);
  return { ...quietDay, seed, late, drains, happens: [...waysTo(during, random), once] };
}

/** Where a good release does not come by itself. */
function waysTo(during: During, random: Random): readonly Happens[] {
  if (during === 'held')
    return [{ during: 'gating', what: 'somebody-attaches', afterMs: 500, droplet: 3 }];
  if (during !== 'aborting') return [];
  const from = random.pick(['gating', 'joined', 'committed', 'verifying'] as const);
  return [{ during: from, what: 'abort', afterMs: 500, droplet: 3 }];
}

/** Mostly one or two things go wrong, sometimes everything. */
function byChance(seed: number, late: number): Script {
  const random = new Random(seed);
  const share = () => random.pick([0, 0, 0, 0.05, 0.2]);
  return {
    seed,
    first: random.chance(0.15),
    journalLost: random.chance(0.03),
    drains: random.chance(0.6),
    identifies: random.pick(['droplet', 'droplet', 'droplet', 'environment', 'nothing']),
    floor: random.pick([1, 1, 2]),
    missingMax: random.pick([0, 0, 1]),
    manner: random.chance(0.7) ? 'good' : random.pick(manners),
    flaky: share(),
    blind: share(),
    lies: random.pick([0, 0, 0, 0.2]),
    late,
    recordLagMs: random.pick([0, 0, 1_500]),
    planeLagMs: random.pick([200, 500, 3_000]),
    oneHost: random.chance(0.5),
    skewMs: random.pick([0, 0, -3_000, 4_000]),
    happens: Array.from({ length: random.pick([0, 1, 1, 2, 2, 3, 4]) }, () => ({
      during: random.pick(moments),
      afterMs: random.between(0, 24) * 500,
      what: random.pick(happenings),
      droplet: random.between(1, 4),
    })),
    approval: random.pick(['none', 'none', 'none', 'abort', 'hold', 'never']),
    approvedAfterMs: random.pick([null, 0, 3_000, 9_000, 14_900, 25_000]),
    steps: random.pick(['none', 'none', 'first', 'first-judged', 'first-judged', 'judged']),
    warm: random.chance(0.12) ? 'never' : 'short',
    hooks: random.pick(['none', 'none', 'good', 'slow', 'fails', 'needed', 'hangs', 'flaky']),
    hookPhase: random.pick(['start', 'gate', 'switch', 'verify', 'drain', 'abort']),
  };
}
