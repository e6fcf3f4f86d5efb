// --log FILE: every request to DigitalOcean and every command on a droplet, for the person at 3 a.m.; no secrets.
import { because } from '../lib/failure.ts';
import { refused } from './exit.ts';

type LogGiven = {
  readonly redact: (text: string) => string;
  /** Told once, when the log has to be given up: a full disk here must not fail a promotion there. */
  readonly note: (text: string) => void;
};

/**
 * Tells the log one line; null without `--log`. Loaded only where it is wanted: starting must stay quick. Throws Exit
 * where the file cannot be written to from the start.
 */
export async function openLog(
  file: string | undefined,
  { redact, note }: LogGiven,
): Promise<((line: string) => void) | null> {
  if (file === undefined) return null;
  const { pino } = await import('pino');
  const destination = opened(file, pino.destination);
  let given = true;
  const giveUp = (error: unknown) => {
    if (given)
      note(`--log ${file} cannot be written to any more and is given up: ${because(error)}`);
    given = false;
  };
  destination.on('error', giveUp);
  const logger = pino(
    { base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
  return (line) => {
    if (given) logger.info(redact(line));
  };
}

function opened<T>(file: string, open: (options: DestinationOptions) => T): T {
  try {
    return open({ dest: file, append: true, mode: 0o600, sync: true });
  } catch (error) {
    throw refused(`--log ${file} cannot be written to: ${because(error)}`);
  }
}

type DestinationOptions = {
  readonly dest: string;
  readonly append: boolean;
  readonly mode: number;
  readonly sync: boolean;
};
