// The streams of the race: what a release and its blue answer, request by request, and which verdict is right.
import type { ShareLimits } from '../../../src/policy/policy.ts';

export type Answer = { readonly bad: boolean; readonly ms: number };

type Side = {
  /** Share of failed answers of the nth request. */
  readonly fails: (n: number) => number;
  /** Share of answers slower than the objective. */
  readonly slow?: number;
};

export type Stream = {
  readonly name: string;
  readonly green: Side;
  readonly blue: Side;
  readonly right: 'pass' | 'fail';
  /** The gate that bgctl's policy would have here. */
  readonly gate: 'limit' | 'blue' | 'latency';
  readonly everyMs: number;
  /** Passed no sooner than after so many requests, as by a phase's minimum. */
  readonly least: number;
  /** Undecided after so many. */
  readonly most: number;
};

export const objectiveMs = 500;

export const limits: Readonly<Record<Stream['gate'], ShareLimits>> = {
  limit: { acceptable: 0.01, unacceptable: 0.05, confidence: 0.99, against: 'limit' },
  blue: { acceptable: 0.01, unacceptable: 0.04, confidence: 0.99, against: 'blue' },
  latency: { acceptable: 0.05, unacceptable: 0.2, confidence: 0.99, against: 'limit' },
};

const usual = { right: 'pass', gate: 'limit', everyMs: 1_000, least: 0, most: 3_600 } as const;
const always = (share: number): Side => ({ fails: () => share });

export const streams: readonly Stream[] = [
  { ...usual, name: 'healthy, 0.1 % fail', green: always(0.001), blue: always(0.001) },
  { ...usual, name: 'healthy, 1 % fail', green: always(0.01), blue: always(0.01) },
  { ...usual, name: '5 % fail', green: always(0.05), blue: always(0.001), right: 'fail' },
  { ...usual, name: '50 % fail', green: always(0.5), blue: always(0.001), right: 'fail' },
  { ...usual, name: '100 % fail', green: always(1), blue: always(0.001), right: 'fail' },
  { ...usual, name: 'blue 1 %, green 1 %', green: always(0.01), blue: always(0.01), gate: 'blue' },
  {
    ...usual,
    name: 'blue 1 %, green 5 %',
    green: always(0.05),
    blue: always(0.01),
    right: 'fail',
    gate: 'blue',
  },
  { ...usual, name: 'both in trouble, 8 %', green: always(0.08), blue: always(0.08), gate: 'blue' },
  {
    ...usual,
    name: 'no error in blue, green 10 %',
    green: always(0.1),
    blue: always(0),
    right: 'fail',
    gate: 'blue',
  },
  {
    ...usual,
    name: 'slow, 20 % over the objective',
    green: { fails: () => 0.001, slow: 0.2 },
    blue: { fails: () => 0.001, slow: 0.02 },
    right: 'fail',
    gate: 'latency',
  },
  {
    ...usual,
    name: 'sparse, healthy, 2 a minute',
    green: always(0.001),
    blue: always(0.001),
    everyMs: 30_000,
    most: 120,
  },
  {
    ...usual,
    name: 'sparse, half fail',
    green: always(0.5),
    blue: always(0.001),
    right: 'fail',
    everyMs: 30_000,
    most: 120,
  },
  {
    ...usual,
    name: 'sickens after 1000, 20 %',
    green: { fails: (n) => (n < 1_000 ? 0.001 : 0.2) },
    blue: always(0.001),
    right: 'fail',
    least: 1_800,
  },
];

/** Durations are spread as those of a web app: some take three times as long as most. */
export function answer({ fails, slow = 0.01 }: Side, n: number, random: () => number): Answer {
  const bad = random() < fails(n);
  const [quick, spread] = [random() >= slow, random()];
  return { bad, ms: quick ? 60 + 240 * spread ** 3 : objectiveMs * (1.1 + 2 * spread) };
}
