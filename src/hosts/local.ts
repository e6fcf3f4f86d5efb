// Runs an operator's command on this machine: words in no shell, a limit, and none of bgctl's own secrets handed on.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../lib/clock.ts';
import { because, Failure } from '../lib/failure.ts';
import type { CommandSeen } from '../world.ts';
import { redact } from './redact.ts';

const outputMax = 64 * 1024;
const saidMax = 300;

export type LocalGiven = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Names of variables that the command does not get: the token, the journal's address. */
  readonly withheld: readonly string[];
  readonly clock: Clock;
};

/** Rejects with Failure where it cannot be begun, or is late: on this side that says nothing of the app. */
export function runHere({ environment, withheld, clock }: LocalGiven) {
  const kept = Object.entries(environment).filter(([name]) => !withheld.includes(name));
  const secrets = Object.entries(environment).map(([name, value]) => `${name}=${value ?? ''}`);
  return async (
    [program = '', ...words]: readonly string[],
    given: { readonly timeoutMs: number; readonly variables: Readonly<Record<string, string>> },
  ): Promise<CommandSeen> => {
    const limit = new AbortController();
    // A group of its own: what it started ends with it.
    const child: ChildProcess = spawn(program, words, {
      env: { ...Object.fromEntries(kept), ...given.variables },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    // Before anything else: an error that nobody hears ends bgctl.
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', (error) =>
        reject(new Failure('host', `${program} could not be run here: ${because(error)}`)),
      );
      child.once('close', (code) => resolve(code ?? 128));
    });
    const late = clock.sleep(given.timeoutMs, limit.signal).then(() => 'late' as const);
    const [stdout, all] = [keep(), keep()];
    // Without descriptors to spare there are no streams.
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout.add(chunk);
      all.add(chunk);
    });
    child.stderr?.on('data', all.add);
    try {
      const code = await Promise.race([ended, late]);
      if (code === 'late')
        throw new Failure('host', `${program} did not end here within ${given.timeoutMs} ms`);
      const said = redact(all.text(), secrets).trim().slice(-saidMax);
      return { code, stdout: stdout.text(), said };
    } finally {
      limit.abort();
      endGroup(child.pid);
      // What left its group may still hold its output: that would keep bgctl.
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
    }
  };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}

/** The end of what was printed. */
function keep(): { add(chunk: Buffer): void; text(): string } {
  let kept = Buffer.alloc(0);
  return {
    add: (chunk) => {
      kept = Buffer.concat([kept, chunk]).subarray(-outputMax);
    },
    text: () => kept.toString('utf8'),
  };
}
