// What operators ask in tests.
import type { Policy } from '../../src/policy/policy.ts';
import type { Command } from '../../src/promotion/command.ts';
import type { Environment } from '../../src/promotion/environment.ts';
import { type ReleaseId, releaseNumber } from '../../src/promotion/release.ts';
import { aPolicy } from './policy.ts';
import { aRelease, pools } from './release.ts';

type Of<K extends Command['kind']> = Extract<Command, { kind: K }>;

export function promote(
  id: ReleaseId,
  changes: Partial<Omit<Of<'promote'>, 'kind'>> = {},
): Of<'promote'> {
  const pool = releaseNumber(id) % 2 === 0 ? 'b' : 'a';
  const { drains = false, policy = aPolicy() } = changes;
  const release = aRelease(id);
  return { kind: 'promote', release, pool, droplets: pools[pool], policy, drains, ...changes };
}

export function abort(reason = 'changed my mind'): Of<'abort'> {
  return { kind: 'abort', reason };
}

export function approve(release: ReleaseId = 'r42', at = 0): Of<'approve'> {
  return { kind: 'approve', release, at };
}

export const hold: Of<'hold'> = { kind: 'hold', because: 'to compare' };
export const letGo: Of<'let-go'> = { kind: 'let-go' };

export function extend(until: number, byMs = 60_000): Of<'extend'> {
  return { kind: 'extend', byMs, until };
}

export function adopt(
  blue: Environment | null,
  changes: { attached?: readonly number[]; policy?: Policy; drains?: boolean } = {},
): Of<'adopt'> {
  const { attached = blue?.droplets ?? [], policy = aPolicy(), drains = false } = changes;
  return { kind: 'adopt', blue, attached, policy, drains };
}

export function keep(project: string): Of<'keep'> {
  return { kind: 'keep', project };
}

export const restore: Of<'restore'> = { kind: 'restore' };
