// An interval for a share that may be looked at after every answer, for ever, and still holds the truth with the confidence said.

export type Interval = { readonly low: number; readonly high: number };

/**
 * All shares that what was seen does not speak against: against a share speaks the mean likelihood over all shares
 * (Jeffreys' prior) over its own, which exceeds 1 / (1 - confidence) ever with at most 1 - confidence.
 */
export function intervalOf(bad: number, all: number, confidence: number): Interval {
  if (all === 0) return { low: 0, high: 1 };
  const bound = -Math.log(1 - confidence);
  const mean = logBeta(bad + 0.5, all - bad + 0.5) - Math.log(Math.PI);
  const against = (share: number) => mean - term(bad, share) - term(all - bad, 1 - share);
  const middle = bad / all;
  const edge = (outside: number) => {
    let [out, inside] = [outside, middle];
    for (let step = 0; step < 40; step += 1) {
      const share = (out + inside) / 2;
      if (against(share) > bound) out = share;
      else inside = share;
    }
    return inside;
  };
  return { low: bad === 0 ? 0 : edge(0), high: bad === all ? 1 : edge(1) };
}

/** 0 × log 0 is 0. */
function term(count: number, share: number): number {
  return count === 0 ? 0 : count * Math.log(share);
}

function logBeta(one: number, other: number): number {
  return logGamma(one) + logGamma(other) - logGamma(one + other);
}

/** Stirling's series, after a step up to where it is exact to ten digits. */
function logGamma(x: number): number {
  if (x < 10) return logGamma(x + 1) - Math.log(x);
  const y = 1 / (x * x);
  const series = (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y / 1680))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}
