// How many requests real traffic lacks to the policy's floor: measured where the policy says, less bgctl's own.
import type { Clock, Instant } from '../lib/clock.ts';
import type { FloorSpec } from '../policy/probe-spec.ts';

/** Requests a second that the source counts now. Null: not known just now. Never rejects. */
export type ReadTraffic = () => Promise<number | null>;

const readEveryMs = 10_000;
/** What a query such as rate(…[1m]) looks back on. */
const minuteMs = 60_000;
/** However much traffic there is: without an answer of its own a gate could never pass (I5). */
const leastPerSecond = 0.1;

export class Floor {
  readonly #spec: FloorSpec;
  readonly #read: ReadTraffic;
  readonly #clock: Clock;
  #sent: Instant[] = [];
  #real: number | null = null;
  #readAt: Instant = Number.NEGATIVE_INFINITY;

  constructor(spec: FloorSpec, read: ReadTraffic, clock: Clock) {
    this.#spec = spec;
    this.#read = read;
    this.#clock = clock;
  }

  /** A request of ours went out. */
  sent(): void {
    const now = this.#clock.now();
    this.#sent = [...this.#sent.filter((at) => at > now - minuteMs), now];
  }

  /** Requests a second to send now. What is not known of real traffic counts as none of it: then all are sent. */
  perSecond(): number {
    const now = this.#clock.now();
    if (now - this.#readAt >= readEveryMs) void this.#refresh(now);
    const real = this.#real ?? 0;
    return Math.max(this.#spec.rate - real, leastPerSecond);
  }

  async #refresh(now: Instant): Promise<void> {
    const passedMs = now - this.#readAt;
    this.#readAt = now;
    const counted = await this.#read();
    const overMs = this.#spec.traffic.kind === 'logs' && passedMs < minuteMs ? passedMs : minuteMs;
    const own = this.#sent.filter((at) => at > now - overMs).length / (overMs / 1000);
    this.#real =
      counted === null ? null : Math.max(0, counted - (this.#spec.countsProbes ? own : 0));
  }
}
