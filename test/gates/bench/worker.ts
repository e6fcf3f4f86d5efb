// A part of the work, on a core of its own: the same seed gives the same numbers, however many cores there are.
import { parentPort } from 'node:worker_threads';
import { figures } from './figures.ts';
import { race } from './race.ts';
import { streams } from './streams.ts';

/** `stream`: which to race on; null: the figures against Wald's bound. */
export type Task = { readonly stream: number | null; readonly runs: number; readonly seed: number };

parentPort?.on('message', ({ stream: index, runs, seed }: Task) => {
  const stream = index === null ? undefined : streams[index];
  const done = stream === undefined ? figures(runs, seed) : race(stream, runs, seed);
  parentPort?.postMessage(done);
});
