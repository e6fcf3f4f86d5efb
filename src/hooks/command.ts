// A command on the controller's host: words without a shell, a process group of its own, killed whole at its time-out.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Failure } from '../lib/failure.ts';
import { within } from '../lib/within.ts';
import { type Call, variables } from './call.ts';

const lastLinesMs = 250;

export async function runCommand(words: readonly string[], given: Call): Promise<void> {
  const { clock, hook, call, directory, onLine, signal } = given;
  const [program = '', ...rest] = words;
  // A group of its own: what it starts ends with it.
  const child: ChildProcess = spawn(program, rest, {
    cwd: directory,
    detached: true,
    env: { ...kept(given), ...variables(call) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Before anything else: an error that nobody hears ends bgctl.
  const end = ended(child);
  // Without descriptors to spare there are no streams.
  for (const stream of [child.stdout, child.stderr])
    if (stream)
      createInterface({ input: stream }).on('line', (line) => onLine(`${hook.name}: ${line}`));
  const over = new AbortController();
  const unwanted = new Promise<string>((resolve) => {
    signal.addEventListener('abort', () => resolve('it was no longer wanted'), { once: true });
  });
  const late = clock
    .sleep(hook.timeoutMs, over.signal)
    .then(() => `it did not end within ${hook.timeoutMs / 1000} s, and was killed`);
  try {
    const trouble = await Promise.race([end, late, unwanted]);
    if (trouble !== null) throw new Failure('hook', trouble);
  } finally {
    over.abort();
    killGroup(child);
    await letGo(child, clock);
  }
}

/** Null: with 0. What it wrote stands in bgctl's own output, not in the journal. */
function ended(child: ChildProcess): Promise<string | null> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(
        error.code === 'ENOENT' ? 'there is no such command' : `it cannot be run: ${error.code}`,
      ),
    );
    child.once('exit', (code, killedBy) => {
      if (code === 0) resolve(null);
      else
        resolve(code === null ? `it was ended by ${killedBy}` : `it ended with exit code ${code}`);
    });
  });
}

/** Its last lines are waited for, but not what left its group and still holds its output: that would keep bgctl. */
async function letGo(child: ChildProcess, clock: Call['clock']): Promise<void> {
  const streams = [child.stdout, child.stderr].filter((one) => one?.closed === false);
  const closed = Promise.all(streams.map((one) => new Promise((done) => one?.once('close', done))));
  await within(lastLinesMs, clock, closed);
  for (const stream of streams) stream?.destroy();
  child.unref();
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The whole group has ended.
  }
}

/** The environment without bgctl's own secrets: a hook that needs one is given another. */
function kept({ environment, withheld }: Call): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !withheld.includes(name)),
  );
}
