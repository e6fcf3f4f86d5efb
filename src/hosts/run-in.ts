// A command in a running container, by Docker's API: what it printed and how it ended, within limits.
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { Clock } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { CommandSeen } from '../world.ts';
import type { Container } from './container.ts';
import { asked, demultiplexed, dockerFailure } from './docker.ts';
import { redact } from './redact.ts';

const outputMaxBytes = 256 * 1024;
const saidMax = 300;

type Job = {
  readonly command: readonly string[];
  readonly timeoutMs: number;
  readonly clock: Clock;
};

/** Docker cannot stop a command that is late: it goes on there, and is only waited for no longer. */
export async function runIn(
  docker: Docker,
  container: Container,
  { command, timeoutMs, clock }: Job,
): Promise<CommandSeen> {
  const what = `A command in ${container.name}`;
  const words = { Cmd: [...command], AttachStdout: true, AttachStderr: true };
  const made = await asked(clock, what, (abortSignal) =>
    docker.getContainer(container.id).exec({ ...words, abortSignal }),
  );
  const chunks: Buffer[] = [];
  const ended = await inTime(clock, timeoutMs, (stop) => print(made, chunks, what, stop));
  // That Docker still tells of it says that the way is good: then it is the command that is late.
  const { ExitCode: code } = await asked(clock, what, (abortSignal) =>
    made.inspect({ abortSignal }),
  );
  const bytes = Buffer.concat(chunks);
  return {
    code: ended ? code : null,
    stdout: demultiplexed(bytes, 1),
    said: redact(demultiplexed(bytes), container.env).trim().slice(-saidMax),
  };
}

/** False where it was late; it was told to stop then. */
async function inTime(
  clock: Clock,
  ms: number,
  work: (stop: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const stop = new AbortController();
  const limit = new AbortController();
  const late = clock.sleep(ms, limit.signal).then(() => false);
  try {
    return await Promise.race([work(stop.signal).then(() => true), late]);
  } finally {
    limit.abort();
    stop.abort();
  }
}

async function print(
  made: Docker.Exec,
  chunks: Buffer[],
  what: string,
  abortSignal: AbortSignal,
): Promise<void> {
  try {
    // Its type is that of a hijacked connection; this is the plain answer.
    const stream = (await made.start({ Detach: false, Tty: false, abortSignal })) as Readable;
    let bytes = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > outputMaxBytes)
        throw new Failure('host', `${what} printed more than ${outputMaxBytes} bytes`);
    }
  } catch (error) {
    // Nobody waits any more for one that was late.
    if (!abortSignal.aborted) throw dockerFailure(what, error);
  }
}
