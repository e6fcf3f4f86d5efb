// Commands inside a droplet without Docker's help: its `exec` costs a busy machine four times what the command does.
import { readFileSync } from 'node:fs';
import { execIn } from './containers.ts';
import { docker, type Ran, run } from './run.ts';

type Inside = { readonly id: string; readonly pid: number };

const known = new Map<string, Inside>();
const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--root', '--wd'];
/** As an image of Debian has it; nothing of this machine's own environment. */
const environment = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
];

/**
 * Runs words inside a container that runs, as root there; a non-zero exit is in the result. Where this user may not
 * enter, or the container's processes are not this machine's (Docker Desktop), it is Docker's `exec`.
 */
export async function enter(
  container: string,
  words: readonly string[],
  input?: string,
): Promise<Ran> {
  const inside = process.getuid?.() === 0 ? await find(container) : null;
  if (inside === null) return execIn(container, words, input);
  const target = ['nsenter', '--target', String(inside.pid), ...namespaces];
  const stdin = input === undefined ? {} : { input };
  return run([...target, '--', 'env', '-i', ...environment, ...words], {
    mayFail: true,
    ...stdin,
  });
}

async function find(container: string): Promise<Inside | null> {
  const last = known.get(container);
  if (last !== undefined && isThere(last)) return last;
  const format = '{{.Id}} {{.State.Pid}}';
  const seen = await docker(['inspect', '--format', format, container], { mayFail: true });
  const [id = '', pid = '0'] = seen.stdout.trim().split(' ');
  const inside = { id, pid: Number(pid) };
  if (seen.code !== 0 || inside.pid === 0 || !isThere(inside)) return null;
  known.set(container, inside);
  return inside;
}

/** The number may have passed to another process: its cgroup tells whose it is. */
function isThere({ id, pid }: Inside): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id);
  } catch {
    return false;
  }
}
