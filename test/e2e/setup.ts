// Before any row: dist/ as new as src/, and the lab standing. Rows get the lab with `inject('lab')`.
import { existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { resetDroplets } from '../../compose/lab/faults.ts';
import { type Lab, labUp } from '../../compose/lab/lab.ts';
import { root } from '../../compose/lab/model.ts';
import { run } from '../../compose/lab/run.ts';
import { alone, anyoneElse } from './turns.ts';

declare module 'vitest' {
  interface ProvidedContext {
    lab: Lab;
  }
}

const dist = join(root, 'dist');

export async function setup(project: TestProject): Promise<void> {
  // Every row starts balancers, loads and controllers: they need not compile the same code each time.
  process.env.NODE_COMPILE_CACHE = join(root, '.lab', 'compiled');
  await alone('build', build);
  const lab = await labUp();
  // What an earlier run left when it was killed holds ports; other runs that go on now are left alone.
  if (!anyoneElse()) await resetDroplets();
  project.provide('lab', lab);
}

/** Built beside and moved into place, so that a bgctl that starts meanwhile finds the old one or the new one. */
async function build(): Promise<void> {
  const began = Date.now();
  if (builtAt() > newestIn(join(root, 'src'))) return;
  const fresh = join(root, '.lab', 'dist');
  const old = join(root, '.lab', 'dist-old');
  for (const place of [fresh, old]) rmSync(place, { recursive: true, force: true });
  await run(['npm', '--prefix', root, 'run', '-s', 'build'], { env: { BGCTL_DIST: fresh } });
  utimesSync(join(fresh, 'main.js'), began / 1000, began / 1000);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
}

function builtAt(): number {
  const main = join(dist, 'main.js');
  return existsSync(main) ? statSync(main).mtimeMs : 0;
}

function newestIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Math.max(...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs));
}
