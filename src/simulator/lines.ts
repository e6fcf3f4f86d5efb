// Whose turn it is to ask: so many questions a second to an environment in a phase, and none that counts before it is warm.
import type { Instant } from '../lib/clock.ts';
import type { ProbeSpec } from '../policy/policy.ts';
import type { DropletId } from '../promotion/environment.ts';

type Turn = {
  /** Of one environment in one phase. */
  readonly line: string;
  readonly droplet: DropletId;
};

export class Lines {
  /** When the next question may be asked; and until when a droplet waits in line. */
  readonly #nextAt = new Map<ProbeSpec, Map<string, Instant>>();
  readonly #firstAt = new Map<ProbeSpec, Map<string, Instant>>();

  /** How long to wait for the turn; null where this droplet waits in line already. */
  waitMs(spec: ProbeSpec, turn: Turn & { now: Instant; perSecond: number }): number | null {
    const { line, droplet, now, perSecond } = turn;
    if (perSecond === Number.POSITIVE_INFINITY) return 0;
    const lines = inner(this.#nextAt, spec);
    const own = `${line} ${droplet}`;
    if ((lines.get(own) ?? 0) > now) return null;
    const at = Math.max(now, lines.get(line) ?? 0);
    lines.set(line, at + 1_000 / perSecond);
    lines.set(own, at);
    return at - now;
  }

  isWarm(spec: ProbeSpec, { line, droplet, at }: Turn & { at: Instant }): boolean {
    const firsts = inner(this.#firstAt, spec);
    const own = `${line} ${droplet}`;
    const firstAt = firsts.get(own) ?? at;
    firsts.set(own, firstAt);
    return at - firstAt >= (spec.kind === 'http' ? (spec.warmUpMs ?? 0) : 0);
  }
}

function inner<T>(outer: Map<ProbeSpec, Map<string, T>>, spec: ProbeSpec): Map<string, T> {
  const found = outer.get(spec) ?? new Map<string, T>();
  outer.set(spec, found);
  return found;
}
