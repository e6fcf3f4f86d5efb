// Who may use what of the lab, across test processes: files under .lab, taken over when their holder died.
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { state } from '../../compose/lab/model.ts';
import { sleep } from '../../compose/lab/run.ts';

const patienceMs = 600_000;
let count = 0;

/** Runs `work` while no other process does something of this name. */
export async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  const end = await take(folder('alone'), [name]);
  try {
    return await work();
  } finally {
    end.giveBack();
  }
}

/** Takes the first free one of `names`; waits while all are taken. */
export async function take(
  place: string,
  names: readonly string[],
): Promise<{ readonly name: string; giveBack(): void }> {
  const patience = Date.now() + patienceMs;
  for (;;) {
    for (const name of names) {
      const path = join(place, name);
      if (claim(path)) return { name, giveBack: () => rmSync(path, { force: true }) };
    }
    if (Date.now() > patience) throw new Error(`all of ${names.join(', ')} in ${place} are taken`);
    await sleep(150);
  }
}

/** Runs `work` beside other rows, but never while a row has the droplets to itself. */
export async function beside<T>(work: () => Promise<T>): Promise<T> {
  const leave = await joinOthers();
  try {
    return await work();
  } finally {
    leave();
  }
}

/** Waits until no row has the droplets to itself; until the returned function is called none will. */
export async function joinOthers(): Promise<() => void> {
  const readers = folder('readers');
  const writer = folder('writer');
  const patience = Date.now() + patienceMs;
  for (;;) {
    await emptied(writer, patience);
    count += 1;
    const mine = join(readers, `${process.pid}-${count}`);
    claim(mine);
    const leave = () => rmSync(mine, { force: true });
    // A writer that came at the same moment goes first: it waits for those that it saw.
    if (held(writer).length === 0) return leave;
    leave();
  }
}

/** Runs `work` with the droplets to itself: for rows that break a whole droplet. */
export async function exclusively<T>(work: () => Promise<T>): Promise<T> {
  const turn = await take(folder('writer'), ['writer']);
  try {
    await emptied(folder('readers'), Date.now() + patienceMs);
    return await work();
  } finally {
    turn.giveBack();
  }
}

/** Whether rows of another run use the droplets now. */
export function anyoneElse(): boolean {
  return ['readers', 'writer', 'ports'].some((name) => held(folder(name)).length > 0);
}

export function folder(name: string): string {
  const path = join(state, 'turns', name);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

async function emptied(place: string, patience: number): Promise<void> {
  while (held(place).length > 0) {
    if (Date.now() > patience) throw new Error(`${place} is still held by ${held(place)}`);
    await sleep(100);
  }
}

/** Holders that live. */
function held(place: string): readonly string[] {
  const names = readdirSync(place).filter((name) => !name.startsWith('.'));
  return names.filter((name) => {
    if (!isDead(join(place, name))) return true;
    rmSync(join(place, name), { force: true });
    return false;
  });
}

/** By a link, so that the file has its holder's id from its first moment. */
function claim(path: string): boolean {
  const draft = `${path.replace(/[^/]+$/, '')}.${process.pid}`;
  writeFileSync(draft, String(process.pid), { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch {
    if (isDead(path)) rmSync(path, { force: true });
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

function isDead(path: string): boolean {
  try {
    process.kill(Number(readFileSync(path, 'utf8')), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
