// DigitalOcean's own view of the balancer as samples: late, on a coarse grid, often empty, and therefore advisory.
import type { Clock, Instant } from '../lib/clock.ts';
import { because } from '../lib/failure.ts';
import type { BalancerProbe } from '../policy/probe-spec.ts';
import type { DropletId } from '../promotion/environment.ts';
import type { During, MetricSeries } from '../world.ts';
import { digits, measured, type Seen, unknown } from './seen.ts';

/** Reads one of the balancer's metrics, as it was within the last minute. Rejects with Failure. */
export type ReadMetrics = (name: string) => Promise<readonly MetricSeries[]>;

/** Points come every 120 s and some time later; what is older than this says nothing of now. */
const freshMs = 300_000;
/** What a point is the mean of. */
const gridMs = 120_000;

/** Which point was told already: no point counts twice. */
export class PointsTold {
  latest: Instant = Number.NEGATIVE_INFINITY;
}

type Given = {
  readonly droplet: DropletId;
  readonly read: ReadMetrics;
  readonly told: PointsTold;
  readonly during: During;
  readonly clock: Clock;
};

type Point = { readonly at: Instant; readonly value: number };

/** Null while there is no point of this phase that was not told before. */
export async function askBalancerMetrics(spec: BalancerProbe, given: Given): Promise<Seen | null> {
  const { told, during, clock } = given;
  const now = clock.now();
  try {
    const point = await pointOf(spec, given);
    // Empty is usual, for a balancer without traffic too: it is no zero (I5).
    if (point === null || now - point.at > freshMs) {
      const tooEarly = now - during.since < freshMs;
      return tooEarly
        ? null
        : unknown(`DigitalOcean has no ${words[spec.quantity]} of the last 5 min`);
    }
    // A point tells of the time before it too: it must be of this phase as a whole.
    if (point.at - gridMs < during.since || point.at <= told.latest) return null;
    told.latest = point.at;
    return judge(spec, point, Math.round((now - point.at) / 1000));
  } catch (error) {
    return unknown(because(error));
  }
}

const words = { health: 'health', errors: 'share of 5xx', responseTime: 'response time' } as const;

function judge(spec: BalancerProbe, { value }: Point, ageS: number): Seen {
  const when = `${ageS} s ago, says DigitalOcean`;
  switch (spec.quantity) {
    case 'health':
      return value >= 100
        ? { outcome: 'ok', value: 1, detail: `healthy ${when}` }
        : { outcome: 'error', value: value / 100, detail: `failing its health check ${when}` };
    case 'errors':
      return measured(value, spec, `${digits(value * 100)} % of answers were 5xx ${when}`);
    case 'responseTime':
      return measured(value, spec, `${spec.quantile ?? 'mean'} ${digits(value)} ms ${when}`);
  }
}

const times = { mean: 'avg', p50: '50p', p95: '95p', p99: '99p' } as const;

async function pointOf(spec: BalancerProbe, { droplet, read }: Given): Promise<Point | null> {
  switch (spec.quantity) {
    case 'health': {
      const all = await read('droplets_health_checks');
      const own = all.find(({ labels }) => idOf(labels.server) === droplet);
      return own?.points.at(-1) ?? null;
    }
    case 'errors':
      return shareOf5xx(await read('frontend_http_responses'));
    case 'responseTime': {
      const [series] = await read(`droplets_http_response_time_${times[spec.quantile ?? 'mean']}`);
      const point = series?.points.at(-1);
      return point === undefined ? null : { at: point.at, value: point.value * 1000 };
    }
  }
}

/** `node-123`, or the number alone. */
function idOf(server: string | undefined): number | null {
  const digitsOf = /^(?:node-)?(\d+)$/.exec(server ?? '')?.[1];
  return digitsOf === undefined ? null : Number(digitsOf);
}

/** Of the newest time that has answers at all; these are rates already, of one moment each. */
function shareOf5xx(series: readonly MetricSeries[]): Point | null {
  const at = Math.max(...series.flatMap(({ points }) => points.slice(-1).map((point) => point.at)));
  if (!Number.isFinite(at)) return null;
  const then = series.map(({ labels, points }) => ({
    code: labels.code ?? '',
    value: points.findLast((point) => point.at === at)?.value ?? 0,
  }));
  const all = then.reduce((sum, { value }) => sum + value, 0);
  const bad = then
    .filter(({ code }) => code.startsWith('5'))
    .reduce((sum, { value }) => sum + value, 0);
  return all > 0 ? { at, value: bad / all } : null;
}
