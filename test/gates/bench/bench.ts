// npm run bench:gates [-- --json] [--promotions 100000] [--runs 1000] [--seed 1]: are the gates right, and how soon, beside their peers?
import { availableParallelism, setPriority } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Figures, noFigures, samplesToWald } from './figures.ts';
import { noScores, type Scores } from './race.ts';
import { jsonOf, tableOf } from './report.ts';
import { streams } from './streams.ts';
import type { Task } from './worker.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    promotions: { type: 'string', default: '100000' },
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
});

/** Small enough that no core waits long for the last. */
const chunk = { figures: 2_000, race: 100 };

function tasksOf(promotions: number, runs: number, seed: number): Task[] {
  const parts = (total: number, size: number, stream: number | null): Task[] =>
    Array.from({ length: Math.ceil(total / size) }, (_, index) => ({
      stream,
      runs: Math.min(size, total - index * size),
      seed: seed * 1_000_003 + ((stream ?? -1) + 2) * 10_007 + index * 7_919,
    }));
  return [
    ...parts(promotions, chunk.figures, null),
    ...streams.flatMap((_, index) => parts(runs, chunk.race, index)),
  ];
}

async function work(tasks: readonly Task[], each: (task: Task, done: Figures | Scores) => void) {
  let next = 0;
  const one = async () => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url));
    for (let task = tasks[next]; task !== undefined; task = tasks[next]) {
      next += 1;
      worker.postMessage(task);
      each(
        task,
        await new Promise((resolve, reject) => {
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
      );
      worker.removeAllListeners('error');
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, one));
}

function add<T extends object>(sums: T, more: T): void {
  for (const key of Object.keys(more) as (keyof T)[])
    if (typeof more[key] === 'number') (sums[key] as number) += more[key];
    else add(sums[key] as object, more[key] as object);
}

setPriority(19);
const sums = noFigures();
const scores = streams.map(noScores);
const tasks = tasksOf(Number(values.promotions), Number(values.runs), Number(values.seed));
await work(tasks, (task, done) =>
  task.stream === null ? add(sums, done as Figures) : add(scores[task.stream] ?? {}, done),
);
process.stdout.write(`${tableOf(sums, scores)}\n`);
if (values.json) process.stdout.write(`${jsonOf(sums, scores)}\n`);
const kept =
  sums.failed / sums.runs <= 0.01 && sums.passed / sums.runs <= 0.01 && samplesToWald(sums) <= 1.3;
process.exitCode = kept ? 0 : 1;
