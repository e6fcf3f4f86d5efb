// Finds HAProxy on this machine, or says how it can be had.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Debian keeps it where the PATH of an ordinary user does not look. */
const places = ['haproxy', '/usr/sbin/haproxy', '/usr/local/sbin/haproxy'];
/** The first in which servers can be added and deleted while it runs, without further ado. */
const oldest = { major: 2, minor: 6 };
const remedy =
  'Install it (Debian and Ubuntu: `apt-get install --no-install-recommends haproxy`; its system service is not needed), or use the emulator’s own data plane.';

/** The program to run. Rejects with the remedy when there is none, or only one that is too old. */
export async function findHaproxy(where: readonly string[] = places): Promise<string> {
  for (const place of where) {
    const told = await promisify(execFile)(place, ['-v']).catch(() => null);
    if (told === null) continue;
    const [, version, major, minor] = /version ((\d+)\.(\d+)\S*)/.exec(told.stdout) ?? [];
    if (isNewEnough(Number(major), Number(minor))) return place;
    throw new Error(
      `${place} is HAProxy ${version ?? 'of an unknown version'}; ${oldest.major}.${oldest.minor} or newer is needed. ${remedy}`,
    );
  }
  throw new Error(`The program haproxy is not on this machine. ${remedy}`);
}

function isNewEnough(major: number, minor: number): boolean {
  return major > oldest.major || (major === oldest.major && minor >= oldest.minor);
}
