// The balancer's metrics for those who judge: each asked for once a minute at most, whoever wants it.
import type { Clock, Instant } from '../lib/clock.ts';
import type { MetricSeries } from '../world.ts';
import type { CloudClient } from './client.ts';

/** Points come every two minutes; to ask more often would only spend requests that going back may need. */
const askEveryMs = 60_000;
const lookBackMs = 600_000;
const limitMs = 15_000;

type Kept = { readonly at: Instant; readonly series: Promise<readonly MetricSeries[]> };

/** Reads a metric by its name. Rejects with CloudFailure; for a minute with the same one. */
export function balancerMetrics(given: {
  readonly client: Pick<CloudClient, 'metric' | 'patiently'>;
  /** Id of the balancer. */
  readonly id: string;
  readonly clock: Clock;
}): (name: string) => Promise<readonly MetricSeries[]> {
  const { client, id, clock } = given;
  const kept = new Map<string, Kept>();
  return (name) => {
    const now = clock.now();
    const known = kept.get(name);
    if (known !== undefined && now - known.at < askEveryMs) return known.series;
    const span = { from: now - lookBackMs, to: now };
    const series = client.patiently({ limitMs }, (turn) => client.metric(id, name, span, turn));
    kept.set(name, { at: now, series });
    return series;
  };
}
