// What would stay behind: a lock so that two `up`s do not meet, and cgroups that nested engines leave empty.
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { network, state } from './model.ts';
import { LabError, sleep } from './run.ts';

const lock = join(state, 'lock');
const patienceMs = 600_000;

/** Runs `work` while no other process of this checkout changes the lab; a dead holder's lock is taken over. */
export async function withLock<T>(work: () => Promise<T>): Promise<T> {
  const end = Date.now() + patienceMs;
  while (!taken()) {
    if (Date.now() > end) throw new LabError(`Another process is changing the lab: see ${lock}.`);
    await sleep(300);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function taken(): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx', mode: 0o600 });
    return true;
  } catch {
    if (holderIsDead()) rmSync(lock, { force: true });
    return false;
  }
}

function holderIsDead(): boolean {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Removes empty cgroups under the lab's own parent; needs root, and is only tidiness without it. */
export function removeCgroups(): void {
  const roots = ['/sys/fs/cgroup', ...children('/sys/fs/cgroup')];
  for (const root of roots) removeTree(join(root, network));
}

/** Lets go of what a test paused on a droplet and was killed before it resumed: frozen processes cannot be ended. */
export function thaw(): void {
  for (const root of ['/sys/fs/cgroup', ...children('/sys/fs/cgroup')])
    thawTree(join(root, network));
}

function thawTree(directory: string): void {
  if (!existsSync(directory)) return;
  for (const child of children(directory)) thawTree(child);
  const state = join(directory, 'freezer.state');
  try {
    if (existsSync(state) && readFileSync(state, 'utf8').trim() !== 'THAWED')
      writeFileSync(state, 'THAWED');
  } catch {
    // The root of a tree has no state to set.
  }
}

function removeTree(directory: string): void {
  if (!existsSync(directory)) return;
  for (const child of children(directory)) removeTree(child);
  try {
    rmdirSync(directory);
  } catch {
    // Not ours to remove, or still in use: an empty cgroup costs nothing.
  }
}

function children(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
  } catch {
    return [];
  }
}
