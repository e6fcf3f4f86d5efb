// A command on its SSH channel: stdin in, output and exit code out.
import type { ClientChannel } from 'ssh2';
import { Failure } from '../lib/failure.ts';

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type ExecOptions = {
  readonly stdin?: string;
  /** For all of it: waiting for a session, connecting, running. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** More on stdout is a Failure; of stderr the last so many are kept. 1 MiB by default. */
  readonly outputMaxBytes?: number;
  /** What is being done, for the message: `Pulling images`. */
  readonly what?: string;
};

/** Runs what the channel was opened for, to its end. `stop` ends it there too, as far as it listens to TERM. */
export function runOn(
  channel: ClientChannel,
  what: string,
  options: ExecOptions,
  stop: AbortSignal,
): Promise<Ran> {
  const max = options.outputMaxBytes ?? 1024 * 1024;
  return new Promise((resolve, reject) => {
    const stdout = keep(max);
    const stderr = keep(max);
    let code: number | null = null;
    const leave = () => {
      channel.signal('TERM');
      channel.close();
    };
    stop.addEventListener('abort', leave, { once: true });
    channel.on('data', (chunk: Buffer) => {
      if (stdout.add(chunk) <= max) return;
      reject(new Failure('host', `${what} printed more than ${max} bytes.`));
      leave();
    });
    channel.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
    channel.on('exit', (exit: number | null) => {
      code = exit ?? 255;
    });
    channel.on('error', () => {});
    channel.on('close', () => {
      stop.removeEventListener('abort', leave);
      if (code === null) reject(lost(what));
      else resolve({ code, stdout: stdout.text(), stderr: stderr.text() });
    });
    channel.end(options.stdin ?? '');
  });
}

/** Keeps the last `max` bytes; `add` says how many came in all. */
function keep(max: number): { add(chunk: Buffer): number; text(): string } {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let came = 0;
  return {
    add(chunk) {
      chunks.push(chunk);
      bytes += chunk.length;
      came += chunk.length;
      while (chunks[0] !== undefined && bytes - chunks[0].length >= max) {
        bytes -= chunks.shift()?.length ?? 0;
      }
      return came;
    },
    text: () => Buffer.concat(chunks).subarray(-max).toString('utf8'),
  };
}

function lost(what: string): Failure {
  const text = `${what}: the SSH connection was lost before it ended; it may still go on there.`;
  return new Failure('host', text, { retry: 'soon', ambiguous: true });
}
