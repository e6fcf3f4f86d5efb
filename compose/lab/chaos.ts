// `npm run chaos -- --kills 200 [--stories 0] [--every-second 0] [--seed 1] [--apps 3] [--minutes 45] [--json]`: promotions
// on the lab under load, by a seeded driver that kills and freezes bgctl at any instant (--kills), cancels it and cuts SSH
// at each of its first seconds (--every-second), and breaks the world around it (--stories).
import { parseArgs } from 'node:util';
import { Random } from '../../src/simulator/random.ts';
import { type Kind, Teller, type Told } from './chaos-story.ts';
import { resetDroplets } from './faults.ts';
import { type Lab, labUp } from './lab.ts';
import { openStage } from './stage.ts';

const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '200' },
    stories: { type: 'string', default: '0' },
    'every-second': { type: 'string', default: '0' },
    apps: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '45' },
    json: { type: 'boolean', default: false },
  },
});

const seed = Number(flags.seed);
const ends = performance.now() + Number(flags.minutes) * 60_000;
const told: Told[] = [];

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The same options on every stage: health and times of a real balancer, in seconds. */
function opened(lab: Lab, index: number) {
  return openStage(lab, {
    app: `chaos${index}`,
    // Of those that the tests use: no test runs beside this.
    port: 8001 + index,
    healthCheck: {
      checkIntervalSeconds: 1,
      responseTimeoutSeconds: 4,
      healthyThreshold: 2,
      unhealthyThreshold: 2,
    },
    knobs: { enforceHealthRanges: false, busyMs: 500, propagationMs: 300 },
  });
}

/** Tells stories on a stage of its own for as long as there is a `next` one. */
async function perform(lab: Lab, index: number, next: () => Kind | null): Promise<void> {
  let kind = next();
  if (kind === null) return;
  const stage = await opened(lab, index);
  try {
    const teller = new Teller(lab, stage, new Random(seed * 1_000 + index));
    await teller.begin();
    for (; kind !== null && performance.now() < ends; kind = next()) {
      const story = await teller.tell(kind);
      told.push(story);
      tell(`${stage.app}: ${story.sentence}`);
      for (const breach of story.breaches) tell(`  BROKEN: ${breach}`);
      if (story.breaches.length > 0) tell(story.said);
    }
  } finally {
    await stage.close();
  }
}

async function chaos(): Promise<void> {
  const began = performance.now();
  const lab = await labUp(tell);
  await resetDroplets();
  const kills = () => sum((story) => story.kills);
  const apps = Array.from({ length: Number(flags.apps) }, (_, index) => index);
  const killed = () => (kills() < Number(flags.kills) ? ({ is: 'killed' } as const) : null);
  await Promise.all(apps.map((index) => perform(lab, index, killed)));
  const seconds = everySecond(Number(flags['every-second']));
  await Promise.all(apps.map((index) => perform(lab, index, () => seconds.shift() ?? null)));
  // What breaks a droplet breaks it for every app on it: one at a time.
  const broken = Array.from({ length: Number(flags.stories) }, () => ({ is: 'broken' }) as const);
  await perform(lab, 0, () => broken.shift() ?? null);
  const result = {
    seed,
    stories: told.length,
    kills: kills(),
    freezes: sum((story) => story.freezes),
    havoc: sum((story) => story.havoc.length),
    requests: sum((story) => story.requests),
    failed: sum((story) => story.failed),
    breaches: sum((story) => story.breaches.length),
    seconds: Math.round((performance.now() - began) / 1000),
  };
  process.stdout.write(`${JSON.stringify(result, null, flags.json ? undefined : 2)}\n`);
  if (result.breaches > 0 || result.failed > 0) process.exitCode = 1;
}

function everySecond(count: number): Kind[] {
  const kinds = ['cancelled', 'cut'] as const;
  return kinds.flatMap((is) =>
    Array.from({ length: count }, (_, second): Kind => ({ is, atMs: (second + 1) * 1_000 })),
  );
}

function sum(of: (story: Told) => number): number {
  return told.reduce((all, story) => all + of(story), 0);
}

await chaos();
