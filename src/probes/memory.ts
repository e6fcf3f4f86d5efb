// What a probe remembers between two questions: of each environment, in each phase, on each droplet.
import type { ProbeSpec } from '../policy/probe-spec.ts';
import type { DropletId, Environment } from '../promotion/environment.ts';
import type { During } from '../world.ts';

/** More phases than a process goes through at once. */
const most = 500;

/** Of a phase that is long over it forgets. */
export class Memory<T> {
  readonly #kept = new Map<string, T>();

  of(key: string, make: () => T): T {
    const known = this.#kept.get(key) ?? make();
    // The latest used last.
    this.#kept.delete(key);
    this.#kept.set(key, known);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= most) break;
      this.#kept.delete(oldest);
    }
    return known;
  }
}

/** Keys of one probe in one phase: of the whole environment, and of one of its droplets. */
export function keysOf(
  spec: ProbeSpec,
  { project }: Environment,
  droplet: DropletId,
  { since }: During,
): { readonly whole: string; readonly one: string } {
  const whole = `${since} ${project} ${JSON.stringify(spec)}`;
  return { whole, one: `${droplet} ${whole}` };
}
