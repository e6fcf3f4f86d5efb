// Durations counted in bins that grow by a tenth, so that quantiles of merged buckets are right to within five per cent.

/** Bin → how many durations fell into it. */
export type Bins = Readonly<Record<number, number>>;

const growth = Math.log(1.1);

export function binOf(durationMs: number): number {
  return Math.round(Math.log(Math.max(durationMs, 0.1)) / growth);
}

function middleOf(bin: number): number {
  return Math.exp(bin * growth);
}

export function merged(one: Bins, other: Bins): Bins {
  const sum: Record<number, number> = { ...one };
  for (const [bin, count] of Object.entries(other))
    sum[Number(bin)] = (sum[Number(bin)] ?? 0) + count;
  return sum;
}

export function countOf(bins: Bins): number {
  return Object.values(bins).reduce((sum, count) => sum + count, 0);
}

/** Nearest rank, to three digits; null of none. */
export function quantileOf(bins: Bins, share: number): number | null {
  const total = countOf(bins);
  if (total === 0) return null;
  let left = Math.max(1, Math.ceil(share * total - 1e-9));
  for (const bin of ascending(bins)) {
    left -= bins[bin] ?? 0;
    if (left <= 0) return Number(middleOf(bin).toPrecision(3));
  }
  return null;
}

/** How many took longer than that, by the middle of their bin. */
export function slowerThan(bins: Bins, limitMs: number): number {
  return ascending(bins)
    .filter((bin) => middleOf(bin) > limitMs)
    .reduce((sum, bin) => sum + (bins[bin] ?? 0), 0);
}

function ascending(bins: Bins): readonly number[] {
  return Object.keys(bins)
    .map(Number)
    .sort((one, other) => one - other);
}
