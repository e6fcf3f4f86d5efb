// `npm run simulate -- --seeds 2000 [--seed 1] [--late 0.02] [--json]`: many stories, what they reached, what they broke.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { happenings, scriptOf } from '../../src/simulator/faults.ts';
import { crashPoints } from './crash-points.ts';
import { retold, tell } from './tell.ts';

type Share = { readonly first: number; readonly count: number; readonly late: number };
type Found = { readonly seed: number; readonly checker: string; readonly what: string };
type Sum = {
  readonly found: readonly Found[];
  readonly reached: Readonly<Record<string, number>>;
  readonly ends: Readonly<Record<string, number>>;
  readonly seconds: number;
};

const phases = [
  'idle',
  'starting',
  'gating',
  'switching',
  'verifying',
  'retiring',
  'aborting',
  'held',
];

async function share({ first, count, late }: Share): Promise<Sum> {
  const began = performance.now();
  const found: Found[] = [];
  const reached: Record<string, number> = {};
  const ends: Record<string, number> = {};
  for (let seed = first; seed < first + count; seed += 1) {
    const { breaches, app, reached: cells } = await tell(scriptOf(seed, late));
    const [breach] = breaches;
    if (breach !== undefined) found.push({ seed, checker: breach.checker, what: breach.what });
    for (const cell of cells) reached[cell] = (reached[cell] ?? 0) + 1;
    const end = `${app.phase}${app.last === null ? '' : `, last ${app.last.is}`}`;
    ends[end] = (ends[end] ?? 0) + 1;
    // Lets the machine's own timers and signals in.
    if (seed % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { found, reached, ends, seconds: (performance.now() - began) / 1000 };
}

function sumOf(sums: readonly Sum[]): Omit<Sum, 'seconds'> {
  const add = (which: 'reached' | 'ends') => {
    const all: Record<string, number> = {};
    for (const sum of sums)
      for (const [key, times] of Object.entries(sum[which])) all[key] = (all[key] ?? 0) + times;
    return all;
  };
  const found = sums.flatMap((sum) => sum.found).sort((one, other) => one.seed - other.seed);
  return { found, reached: add('reached'), ends: add('ends') };
}

function inWorker(data: Share): Promise<Sum> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: data });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** Phases across, what befell down: how often each was reached; a cell that never was is a dot. */
function table(reached: Readonly<Record<string, number>>): { text: string; uncovered: number } {
  const width = 11;
  const rows = happenings.map((what) => {
    const cells = phases.map((phase) => reached[`${what} in ${phase}`] ?? 0);
    const shown = cells.map((times) => (times === 0 ? '·' : String(times)).padStart(width));
    return { text: what.padEnd(22) + shown.join(''), missing: cells.filter((n) => n === 0).length };
  });
  const head = ''.padEnd(22) + phases.map((phase) => phase.padStart(width)).join('');
  return {
    text: [head, ...rows.map((row) => row.text)].join('\n'),
    uncovered: rows.reduce((sum, { missing }) => sum + missing, 0),
  };
}

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      seeds: { type: 'string', default: '2000' },
      seed: { type: 'string' },
      late: { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
    },
  });
  const late = Number(flags.late);
  if (flags.seed !== undefined) return replay(Number(flags.seed), late);
  const seeds = Number(flags.seeds);
  const workers = Math.min(availableParallelism(), 16);
  const each = Math.ceil(seeds / workers);
  const shares = Array.from({ length: workers }, (_, index) => {
    const first = 1 + index * each;
    return { first, count: Math.max(0, Math.min(each, seeds + 1 - first)), late };
  });
  const sums = await Promise.all(shares.filter(({ count }) => count > 0).map(inWorker));
  const { found, reached, ends } = sumOf(sums);
  const points = await crashPoints();
  const coverage = table(reached);
  const perSecond = Math.round(seeds / sums.reduce((sum, one) => sum + one.seconds, 0));
  const breaches = [...found, ...points.found.map((what) => ({ seed: 0, checker: 'crash', what }))];
  process.stderr.write(`${coverage.text}\n\nHow they ended: ${JSON.stringify(ends)}\n`);
  process.stderr.write(
    `${points.points} crash points of ${points.scenarios} scenarios, each run; ${perSecond} stories a second a core\n`,
  );
  for (const { seed, checker, what } of breaches.slice(0, 20))
    process.stderr.write(
      `seed ${seed}: ${checker}: ${what} (npm run simulate -- --seed ${seed})\n`,
    );
  const result = {
    seeds,
    breaches: breaches.length,
    perSecond,
    crashPoints: points.points,
    uncovered: coverage.uncovered,
  };
  process.stdout.write(
    `${flags.json ? JSON.stringify(result) : JSON.stringify(result, null, 2)}\n`,
  );
  if (breaches.length > 0) process.exitCode = 1;
}

async function replay(seed: number, late: number): Promise<void> {
  const script = scriptOf(seed, late);
  const told = await tell(script);
  process.stdout.write(`${retold(script, told)}\n`);
  if (told.breaches.length > 0) process.exitCode = 1;
}

if (isMainThread) await main();
else parentPort?.postMessage(await share(workerData as Share));
