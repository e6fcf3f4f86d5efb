// Runs a fixed script that looks at a droplet, with the rights that its user has there; data as positional parameters.
import { Failure } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import { privileged } from './project.ts';
import type { SshHost } from './ssh.ts';

/** Its lines; the last is empty where the text arrived whole. */
export async function lookAround(
  settings: Settings,
  host: SshHost,
  text: string,
  data: readonly string[],
): Promise<readonly string[]> {
  const words = privileged(settings, ['sh', '-c', text, 'bgctl', ...data]);
  const ran = await host.exec(words, { timeoutMs: 30_000, what: 'Looking around' });
  if (ran.code === 0) return ran.stdout.split('\n');
  throw new Failure('host', `Looking around failed: ${ran.stderr.trim().slice(-300)}`);
}

export function unreadable(): Failure {
  return new Failure('host', 'Looking around failed: the answer did not arrive whole.', {
    retry: 'soon',
  });
}
