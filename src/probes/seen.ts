// What a source saw, before it is a sample; and how a measured number becomes one.
import type { Outcome, Sample } from '../gates/sample.ts';
import type { Bounds } from '../policy/probe-spec.ts';
import type { DropletId } from '../promotion/environment.ts';

export type Seen = {
  readonly outcome: Outcome;
  readonly detail: string;
  /** Where a source knows better than the caller when it asked and how long it took. */
  readonly at?: number;
  readonly durationMs?: number;
  /** Who answered, where nobody knew beforehand who would. */
  readonly droplet?: DropletId;
} & Pick<Sample, 'value' | 'environment'>;

export function unknown(detail: string): Seen {
  return { outcome: 'unknown', detail };
}

/** Beyond a bound it is an error; what is no number at all was not measured (I5). */
export function measured(value: number, bounds: Bounds, told: string): Seen {
  if (!Number.isFinite(value)) return unknown(`${told}: ${value} is no number`);
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = bounds;
  if (value > max) return { outcome: 'error', value, detail: `${told}: more than ${max}` };
  if (value < min) return { outcome: 'error', value, detail: `${told}: less than ${min}` };
  return { outcome: 'ok', value, detail: told };
}

/** A number for people: at most four digits behind the point. */
export function digits(value: number): string {
  return String(Number(value.toFixed(4)));
}
