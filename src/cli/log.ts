// --log FILE: every request to DigitalOcean and every command on a droplet, for the person at 3 a.m.; no secrets.

/** Tells the log one line; null without `--log`. Loaded only where it is wanted: starting must stay quick. */
export async function openLog(
  file: string | undefined,
  redact: (text: string) => string,
): Promise<((line: string) => void) | null> {
  if (file === undefined) return null;
  const { pino } = await import('pino');
  const logger = pino(
    { base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: file, append: true, mkdir: true, mode: 0o600, sync: true }),
  );
  return (line) => logger.info(redact(line));
}
