// Who carries the requests of the lab's balancers: the emulator itself, or HAProxy, by BGCTL_LAB_PLANE.
import { existsSync } from 'node:fs';
import { findHaproxy } from '../../src/emulator/haproxy/program.ts';
import { aptInstall } from './engine.ts';
import type { Say } from './model.ts';
import { LabError, run } from './run.ts';

type LabPlane = 'own' | 'haproxy';

/** Throws LabError (exit 2) on a word that is no plane: a run on the wrong one would prove nothing. */
export function labPlane(): LabPlane {
  const asked = process.env.BGCTL_LAB_PLANE ?? 'own';
  if (asked === 'own' || asked === 'haproxy') return asked;
  throw new LabError(`BGCTL_LAB_PLANE is "${asked}"; it must be own or haproxy.`, 2);
}

/** Installs what the chosen plane needs. Throws LabError (exit 2) when that cannot be done here. */
export async function ensurePlane(say: Say): Promise<void> {
  if (labPlane() === 'own') return;
  const missing = await lacking();
  if (missing === null) return;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    say('Installing HAProxy with apt (haproxy).');
    if ((await aptInstall(['haproxy'])) === 0) await stopService();
  }
  const still = await lacking();
  if (still !== null) throw new LabError(still, 2);
}

async function lacking(): Promise<string | null> {
  return findHaproxy().then(
    () => null,
    (error: Error) => error.message,
  );
}

/** Debian starts a HAProxy for the whole machine; nobody here asked for that one. */
async function stopService(): Promise<void> {
  const words = existsSync('/run/systemd/system')
    ? ['systemctl', 'disable', '--now', 'haproxy']
    : ['/etc/init.d/haproxy', 'stop'];
  await run(words, { mayFail: true });
}
