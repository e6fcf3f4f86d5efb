// Stories of the simulator as a report would be made of them: its answers take as long as real ones, its apps have something to say.
import { conclude, exit } from '../../src/cli/exit.ts';
import { Controller } from '../../src/controller/controller.ts';
import type { Sample } from '../../src/gates/sample.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { App } from '../../src/promotion/app.ts';
import type { Command } from '../../src/promotion/command.ts';
import type { Entry } from '../../src/promotion/entry.ts';
import { type Promotion, promotionsOf } from '../../src/promotion/history.ts';
import { reportOf } from '../../src/report/build.ts';
import { decodeRecording, type Recording } from '../../src/report/recording.ts';
import type { Report } from '../../src/report/report.ts';
import { quietDay, type Script } from '../../src/simulator/faults.ts';
import { Random } from '../../src/simulator/random.ts';
import { appName } from '../../src/simulator/scene.ts';
import { type Production, Story } from '../../src/simulator/simulate.ts';
import type { World } from '../../src/world.ts';
import { production } from '../simulation/production.ts';
import { realPolicy, realRelease } from './release.ts';

export type Given = {
  readonly script?: Partial<Script>;
  /** Share of the new release's pages that fail, from half a minute after the first was asked for. */
  readonly errors?: number;
  readonly log?: string;
  readonly policy?: Policy;
};

export type ToldStory = {
  readonly entries: readonly Entry[];
  readonly promotion: Promotion;
  readonly recordings: readonly Recording[];
  /** The same by the names that they were kept under. */
  readonly kept: ReadonlyMap<string, Recording>;
  /** Breaches of the simulator's invariants: none. */
  readonly breaches: readonly unknown[];
};

/** The story began on this morning. */
const morning = 1_795_945_321_000;

export async function aStory(given: Given = {}): Promise<ToldStory> {
  const script = { ...quietDay, ...given.script };
  const kept = new Map<string, string>();
  const random = new Random(script.seed);
  const { random: chance } = Math;
  Math.random = () => random.next();
  try {
    const story = new Story(script, played(given, kept, new Random(script.seed + 1)));
    const told = await story.tell();
    const entries = shifted(told.entries, morning - (told.entries[0]?.at ?? 0));
    const by = morning - (told.entries[0]?.at ?? 0);
    const promotion = promotionsOf(appName, realPolicy, entries)[0];
    if (promotion === undefined) throw new Error('nothing was promoted');
    const named = [...kept].map(([name, text]) => [name, shifted(decodeRecording(text), by)]);
    const parts = new Map(named as [string, Recording][]);
    const { breaches } = told;
    return { entries, promotion, recordings: [...parts.values()], kept: parts, breaches };
  } finally {
    Math.random = chance;
  }
}

export async function aReport(given: Given = {}): Promise<Report> {
  const { promotion, recordings } = await aStory(given);
  return reportOf(appName, promotion, recordings, toldOf(promotion));
}

function toldOf({ app, release, outcome }: Promotion) {
  if (outcome === null && app.phase !== 'held')
    return { code: exit.underWay, message: `${release.id} is under way: ${app.phase}.` };
  return conclude({ kind: 'promote', release: release.id }, { is: 'rest', app });
}

function played(given: Given, kept: Map<string, string>, random: Random): Production {
  return {
    ...production,
    controller(options) {
      const world = livelier(options.world, given, kept, random);
      const controller = new Controller({ ...options, world });
      const named = (command: Command): Command =>
        command.kind === 'promote'
          ? {
              ...command,
              release: realRelease(command.release),
              policy: given.policy ?? realPolicy,
            }
          : command;
      return {
        ask: (make: (app: App) => Command) => controller.ask((app) => named(make(app))),
        drive: (how) => controller.drive(how),
      };
    },
  };
}

function livelier(world: World, given: Given, kept: Map<string, string>, random: Random): World {
  const { errors = 0, log = '' } = given;
  let first: number | null = null;
  const answer = (sample: Sample, isBroken: boolean): Sample => {
    // Most answers are quick, some are slow: the product of chances has a long tail.
    const slow = 18 / Math.max(random.next() * random.next(), 0.02) ** 0.5;
    const durationMs = Math.round(slow + (isBroken ? 4 : 0));
    if (!isBroken || sample.outcome !== 'ok' || !random.chance(errors))
      return { ...sample, durationMs };
    return { ...sample, durationMs, outcome: 'error', detail: 'HTTP 500 {"error":"cart"}' };
  };
  return {
    ...world,
    probes: {
      sample: async (spec, environment, droplet) => {
        const isNew = !environment.project.endsWith('r41');
        const sample = await world.probes.sample(spec, environment, droplet);
        if (sample === null) return null;
        // What is broken is a page that people use, not the health check.
        const asksForPage = spec.kind === 'http' && spec.path !== null;
        if (asksForPage) first ??= sample.at;
        const isLate = first !== null && sample.at - first > 30_000;
        return answer(sample, isNew && asksForPage && isLate);
      },
    },
    hosts: { ...world.hosts, logs: async () => log },
    journal: {
      ...world.journal,
      keep: async (name, text) => void kept.set(name, text),
    },
  };
}

/** The same, so much later. */
function shifted<T>(value: T, by: number): T {
  if (Array.isArray(value)) return value.map((one) => shifted(one, by)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const pairs = Object.entries(value).map(([key, one]) => {
    if (key === 'by') return [key, 'https://github.com/acme/shop/actions/runs/7001'];
    const isTime = typeof one === 'number' && ['at', 'from', 'until'].includes(key);
    return [key, isTime ? one + by : shifted(one, by)];
  });
  return Object.fromEntries(pairs) as T;
}
