// Runs the journal's script on a droplet and reads what it answers; every trouble becomes a Failure of the journal.
import { because, Failure } from '../lib/failure.ts';
import { busyCode, noLockCode, script } from './script.ts';

/**
 * Runs words on the droplet, never through another shell. Rejects where the droplet cannot be reached or
 * the time is over; stdout comes whole (a journal may be several megabytes).
 */
export type Run = (
  words: readonly string[],
  options: { readonly stdin?: string; readonly timeoutMs: number },
) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;

/** Above the far side's own limit for its lock. */
const timeoutMs = 20_000;

type Order = 'read' | 'append' | 'swap' | 'store' | 'load';

export type Remote = {
  readonly run: Run;
  readonly directory: string;
  readonly app: string;
  readonly place: string;
};

/** First line and rest of the answer. Throws Failure; of a write that was not answered, an ambiguous one. */
export async function order(
  remote: Remote,
  order: Order,
  words: readonly string[],
  stdin?: string,
): Promise<{ readonly first: string; readonly rest: string; readonly stderr: string }> {
  const { run, directory, app, place } = remote;
  const length = stdin === undefined ? [] : [String(Buffer.byteLength(stdin))];
  const all = ['sh', '-c', script, 'bgctl', order, directory, app, ...words, ...length];
  const options = stdin === undefined ? { timeoutMs } : { timeoutMs, stdin };
  const { code, stdout, stderr } = await run(all, options).catch((error: unknown) => {
    throw new Failure('journal', `the journal ${place} cannot be reached: ${because(error)}`, {
      retry: 'soon',
      ambiguous: stdin !== undefined,
    });
  });
  if (code === busyCode)
    throw new Failure(
      'journal',
      `another process has been writing to the journal ${place} for long. Nothing was written; try again.`,
      { retry: 'soon' },
    );
  if (code !== 0) throw new Failure('journal', `the journal ${place}: ${told(code, stderr)}`);
  const end = stdout.indexOf('\n');
  const first = end < 0 ? stdout : stdout.slice(0, end);
  // Bytes were lost on the way, and nothing was done.
  if (first === 'cut')
    throw new Failure('journal', `the connection to ${place} broke within a write.`, {
      retry: 'soon',
      ambiguous: true,
    });
  return { first, rest: end < 0 ? '' : stdout.slice(end + 1), stderr: told(code, stderr) };
}

/** The last words of the far side, such as `cat: write error: No space left on device`. */
function told(code: number, stderr: string): string {
  if (code === noLockCode)
    return 'the droplet lacks `flock`; install the package util-linux there.';
  const line = stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
  return line === '' ? `the droplet's shell ended with ${code}.` : `the droplet says "${line}".`;
}
