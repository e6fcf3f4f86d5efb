// Every write on a droplet: under a lock, within a time limit, refused when a later controller has written there.
import { Failure } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import type { ProjectAt } from '../promotion/environment.ts';
import type { Guard } from '../world.ts';
import { fenceDirectory, privileged } from './project.ts';
import { guardScript } from './scripts.ts';
import type { Ran } from './session.ts';
import type { SshHost } from './ssh.ts';

export type Fence = {
  /** Grows with every command of this process, so that one given up earlier cannot land after a later one. */
  readonly turn: number;
  /** For the lock and the command together; at its end nothing of it runs any more. */
  readonly limitS: number;
};

/** Words of `command` under the guard; the data of the script are words of their own. */
export function guardedWords(
  settings: Settings,
  place: ProjectAt,
  epoch: number,
  fence: Fence,
  command: readonly string[],
): readonly string[] {
  const graceS = Math.max(1, Math.min(10, Math.floor(fence.limitS / 4)));
  const limitS = Math.max(1, fence.limitS - graceS);
  const data = [fenceDirectory(settings), settings.app, place.project];
  const numbers = [epoch, fence.turn, limitS, graceS].map(String);
  return privileged(settings, ['sh', '-c', guardScript, 'bgctl', ...data, ...numbers, ...command]);
}

export type Write = {
  readonly place: ProjectAt;
  readonly guard: Guard;
  readonly turn: number;
  readonly limitMs: number;
  readonly command: readonly string[];
  readonly stdin?: string;
  /** `Pulling images`. */
  readonly what: string;
};

/** Runs it. Any exit code of the command itself resolves; what the guard refused or ended rejects. */
export async function runGuarded(settings: Settings, host: SshHost, write: Write): Promise<Ran> {
  const { place, guard, what, stdin } = write;
  const fence = { turn: write.turn, limitS: Math.max(2, Math.floor(write.limitMs / 1000)) };
  const words = guardedWords(settings, place, guard.epoch, fence, write.command);
  const ran = await host.exec(words, {
    what,
    // The far side ends it first, and says so.
    timeoutMs: fence.limitS * 1000 + 5_000,
    signal: guard.signal,
    ...(stdin === undefined ? {} : { stdin }),
  });
  const refusal = refused(settings, write, ran);
  if (refusal !== null) throw refusal;
  return ran;
}

function refused(settings: Settings, write: Write, ran: Ran): Failure | null {
  const { place, guard, what } = write;
  const on = `${what} of ${place.project} on droplet ${place.droplet}`;
  const reason = /^bgctl-guard: (.*)$/m.exec(ran.stderr)?.[1];
  if (reason?.startsWith('epoch ')) {
    const file = `${fenceDirectory(settings)}/${settings.app}.epoch`;
    return new Failure(
      'fence',
      `${on} was refused there: a controller with ${reason} has written, this one has epoch ${guard.epoch} and must ` +
        `stop. Only where the journal was lost or moved, and nobody else works on the app: remove ${file} there.`,
    );
  }
  if (reason?.startsWith('turn ')) {
    return new Failure('host', `${on} came too late: a later command was there first.`);
  }
  if (reason !== undefined) {
    return new Failure('host', `${on} could not begin: ${reason}.`, { retry: 'soon' });
  }
  if (ran.code !== 124 && ran.code !== 137) return null;
  const seconds = Math.round(write.limitMs / 1000);
  const how = ran.code === 124 ? `was ended there after ${seconds} s` : 'was killed there';
  return new Failure('host', `${on} ${how}.`, { retry: 'soon', ambiguous: true });
}
