// Who this process is, and whether another process of this machine still lives.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, told apart from a later one with the same number. */
export type Identity = {
  readonly host: string;
  readonly pid: number;
  /** Boot and process namespace; null where the system does not tell (macOS). */
  readonly machine: string | null;
  /** When the process began, in clock ticks since boot; null where the system does not tell. */
  readonly started: string | null;
};

export function thisProcess(): Identity {
  return {
    host: hostname(),
    pid: process.pid,
    machine: machine(),
    started: processOf(process.pid)?.started ?? null,
  };
}

/**
 * Whether the process is known to be dead: it ran on this machine, since this boot, and is no more.
 * False where that cannot be known, as of another host or another container's processes.
 */
export function isDead(other: Identity): boolean {
  const here = machine();
  if (here === null || other.machine !== here || other.host !== hostname()) return false;
  const now = processOf(other.pid);
  // A zombie is dead: it only waits for its parent to notice.
  return now === null || now.started !== other.started || now.state === 'Z' || now.state === 'X';
}

/** Two containers share a boot but not their process numbers, so the namespace belongs to the name. */
function machine(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}

/** proc(5): the command's name may hold spaces and brackets, so fields are counted after the last bracket. */
function processOf(pid: number): { readonly state: string; readonly started: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', started: fields[19] ?? '' };
  } catch {
    return null;
  }
}

/** Processes of this machine that have the file open and are stopped, as by Ctrl-Z; none where the system does not tell. */
export function stoppedWith(path: string): readonly number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter(
        (pid) => pid > 0 && 'Tt'.includes(processOf(pid)?.state ?? '-') && hasOpen(pid, path),
      );
  } catch {
    return [];
  }
}

function hasOpen(pid: number, path: string): boolean {
  try {
    const files = readdirSync(`/proc/${pid}/fd`);
    return files.some((file) => readlinkSync(`/proc/${pid}/fd/${file}`) === path);
  } catch {
    return false;
  }
}
