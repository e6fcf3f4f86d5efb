// `npm run simulate -- --seeds 2000 [--seed 1] [--late 0.02] [--crashes once|twice|all] [--json]`: many stories, what they reached, what they broke.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { impossible, missingFrom, table } from '../../src/simulator/coverage.ts';
import { scriptOf } from '../../src/simulator/faults.ts';
import { healingTurnsMax } from '../../src/simulator/healing.ts';
import type { Deaths } from './crash-points.ts';
import { scenarios } from './scenarios.ts';
import { play, type Share, type Sum, sumOf } from './share.ts';
import { retold, tell } from './tell.ts';

function inWorker(data: Share): Promise<Sum> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: data });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function sharesOf(seeds: number, late: number, deaths: Deaths): readonly Share[] {
  const of = Math.min(availableParallelism(), 16);
  const each = Math.ceil(seeds / of);
  return Array.from({ length: of }, (_, index) => {
    const first = 1 + index * each;
    const count = Math.max(0, Math.min(each, seeds + 1 - first));
    return { first, count, late, deaths, of, index };
  });
}

function deathsOf(word: string): Deaths {
  if (word === 'once' || word === 'twice' || word === 'all') return word;
  throw new Error(`--crashes ${word}: once, twice or all`);
}

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      seeds: { type: 'string', default: '2000' },
      seed: { type: 'string' },
      late: { type: 'string', default: '0' },
      crashes: { type: 'string', default: 'twice' },
      json: { type: 'boolean', default: false },
    },
  });
  const late = Number(flags.late);
  if (flags.seed !== undefined) return replay(Number(flags.seed), late);
  const seeds = Number(flags.seeds);
  const shares = sharesOf(seeds, late, deathsOf(flags.crashes));
  const sum = sumOf(await Promise.all(shares.map(inWorker)));
  const { crashes } = sum;
  const missing = missingFrom(new Set(Object.keys(sum.reached)));
  const wrong = Object.keys(sum.reached).filter((cell) => impossible.has(cell));
  const breaches = [
    ...sum.found,
    ...crashes.found.map((what) => ({ seed: 0, checker: 'crash', what })),
    ...wrong.map((what) => ({ seed: 0, checker: 'cannot be', what })),
  ];
  const result = {
    seeds,
    breaches: breaches.length,
    perSecond: Math.round(seeds / sum.cpuSeconds),
    crashPoints: crashes.once + crashes.twice,
    uncovered: missing.length,
  };
  const told = [
    table(sum.reached),
    missing.length === 0 ? 'Every cell was reached.' : `Never reached: ${missing.join(', ')}`,
    `How they ended: ${JSON.stringify(sum.ends)}`,
    `${crashes.once} deaths of one process and ${crashes.twice} of one and of the one that took over, in ${scenarios.length} scenarios`,
    `${result.perSecond} stories a second of CPU time, on each core`,
    ...(sum.landedLate === 0
      ? []
      : [
          `${sum.landedLate} changes landed late; the balancer was right again within ${sum.healedIn} turns (at most ${healingTurnsMax} are allowed)`,
        ]),
    ...breaches.slice(0, 20).map(({ seed, checker, what }) => lineOf(seed, checker, what)),
  ];
  process.stderr.write(`${told.join('\n')}\n`);
  process.stdout.write(
    `${flags.json ? JSON.stringify(result) : JSON.stringify(result, null, 2)}\n`,
  );
  if (breaches.length > 0) process.exitCode = 1;
}

function lineOf(seed: number, checker: string, what: string): string {
  const again = seed === 0 ? '' : ` (npm run simulate -- --seed ${seed})`;
  return `${seed === 0 ? '' : `seed ${seed}: `}${checker}: ${what}${again}`;
}

async function replay(seed: number, late: number): Promise<void> {
  const script = scriptOf(seed, late);
  const told = await tell(script);
  process.stdout.write(`${retold(script, told)}\n`);
  if (told.breaches.length > 0) process.exitCode = 1;
}

if (isMainThread) await main();
else parentPort?.postMessage(await play(workerData as Share));
