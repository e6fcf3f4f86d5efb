// Counts of what became of requests, and the quantiles of how long the short ones took.

/** How a request ended. `bad`: the app failed to order; `failed`: anything else that is not the right answer. */
export type Outcome = {
  is: 'right' | 'bad' | 'failed';
  ms: number;
  /** Takes part in the quantiles; false for requests that are slow on purpose. */
  short: boolean;
  version: string;
  environment: string;
};

export type Counts = {
  requests: number;
  failed: number;
  bad: number;
  /** Milliseconds, of short requests that were answered; null when there were none. */
  p50: number | null;
  p99: number | null;
  byVersion: Record<string, number>;
  byEnvironment: Record<string, number>;
};

/** Buckets grow by 2 % from 0.05 ms on: quantiles are right to 2 % in constant memory. */
const growth = Math.log(1.02);
const smallestMs = 0.05;
const bucketCount = 700;

export class Tally {
  requests = 0;
  failed = 0;
  bad = 0;
  readonly byVersion: Record<string, number> = {};
  readonly byEnvironment: Record<string, number> = {};
  readonly #buckets = new Uint32Array(bucketCount);
  #timed = 0;

  add(outcome: Outcome): void {
    this.requests += 1;
    if (outcome.is === 'failed') this.failed += 1;
    if (outcome.is === 'bad') this.bad += 1;
    if (outcome.version !== '') count(this.byVersion, outcome.version);
    if (outcome.environment !== '') count(this.byEnvironment, outcome.environment);
    if (outcome.short && outcome.is !== 'failed') this.time(outcome.ms);
  }

  time(ms: number): void {
    const bucket = Math.ceil(Math.log(Math.max(ms, smallestMs) / smallestMs) / growth);
    const index = Math.min(bucketCount - 1, bucket);
    this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    this.#timed += 1;
  }

  /** The smallest bucket's upper bound that `q` of the times do not exceed. */
  quantile(q: number): number | null {
    if (this.#timed === 0) return null;
    let seen = 0;
    const wanted = Math.ceil(q * this.#timed);
    const index = this.#buckets.findIndex((n) => {
      seen += n;
      return seen >= wanted;
    });
    return Math.round(smallestMs * Math.exp(index * growth) * 100) / 100;
  }

  counts(): Counts {
    const { requests, failed, bad, byVersion, byEnvironment } = this;
    const times = { p50: this.quantile(0.5), p99: this.quantile(0.99) };
    return { requests, failed, bad, ...times, byVersion, byEnvironment };
  }
}

function count(into: Record<string, number>, key: string): void {
  into[key] = (into[key] ?? 0) + 1;
}
