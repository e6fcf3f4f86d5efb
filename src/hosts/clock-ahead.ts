// How far a droplet's clock is before ours, by asking it once.
import type { Clock } from '../lib/clock.ts';
import { timeScript } from './scripts.ts';
import type { SshHost } from './ssh.ts';

export type ClockAhead = {
  /** Negative: it is behind. */
  readonly ms: number;
  /** So much more or less: half of the way there and back, and what its answer leaves out. */
  readonly withinMs: number;
};

/** Null where its answer is no time. */
export async function clockAhead(host: SshHost, clock: Clock): Promise<ClockAhead | null> {
  const asked = clock.now();
  const what = 'Reading the time';
  const { stdout } = await host.exec(['sh', '-c', timeScript], { timeoutMs: 10_000, what });
  const answered = clock.now();
  const [, seconds, part] = /^(\d{9,11})(?:\.(\d{3})\d*)?/.exec(stdout) ?? [];
  if (seconds === undefined) return null;
  // Whole seconds are cut off, not rounded: on average half of one is missing.
  const there = Number(seconds) * 1000 + (part === undefined ? 500 : Number(part));
  const withinMs = (answered - asked) / 2 + (part === undefined ? 500 : 0);
  return { ms: there - (asked + answered) / 2, withinMs };
}
