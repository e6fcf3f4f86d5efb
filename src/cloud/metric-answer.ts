// The monitoring API's answer, a matrix of Prometheus, read leniently: labels that are missing are missing, values are texts.
import { z } from 'zod';
import type { Instant } from '../lib/clock.ts';
import type { MetricSeries } from '../world.ts';

/** Times in seconds, all three required. */
export function metricPath(id: string, name: string, from: Instant, to: Instant): string {
  const [start, end] = [Math.floor(from / 1000), Math.ceil(to / 1000)];
  return `/monitoring/metrics/load_balancer/${name}?lb_id=${id}&start=${start}&end=${end}`;
}

const point = z.tuple([z.number(), z.union([z.string(), z.number()])]);
const series = z.object({
  metric: z.record(z.string(), z.string()).nullish(),
  values: z.array(point).nullish(),
});

export const metricAnswer = z
  .object({
    status: z.literal('success'),
    data: z.object({ result: z.array(series).nullish() }),
  })
  .transform(({ data }): readonly MetricSeries[] =>
    (data.result ?? []).map(({ metric, values }) => ({
      labels: metric ?? {},
      points: (values ?? [])
        .map(([seconds, value]) => ({ at: seconds * 1000, value: numberOf(value) }))
        .filter(({ value }) => Number.isFinite(value))
        .sort((one, other) => one.at - other.at),
    })),
  );

/** `NaN` and the like, and a text that is none, are no number: such a point is left out, never taken for 0. */
function numberOf(value: string | number): number {
  return value === '' ? Number.NaN : Number(value);
}
