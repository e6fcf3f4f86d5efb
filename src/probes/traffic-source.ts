// Real requests a second of a whole environment, from the source that a policy names for it.
import type { Clock } from '../lib/clock.ts';
import { type FloorSpec, isAskedOnce } from '../policy/probe-spec.ts';
import type { Environment } from '../promotion/environment.ts';
import type { During } from '../world.ts';
import type { ReadTraffic } from './floor.ts';
import type { HttpParts } from './http.ts';
import { askLogs, Counted, type ReadLogs } from './logs.ts';
import { askPrometheus } from './prometheus.ts';
import type { Seen } from './seen.ts';

type Parts = Pick<HttpParts, 'reach' | 'variables'> & {
  readonly readLogs: ReadLogs;
  readonly clock: Clock;
};

/** One part that is not known makes the whole unknown. */
export function trafficOf(
  { traffic }: FloorSpec,
  environment: Environment,
  during: During,
  parts: Parts,
): ReadTraffic {
  const counts = new Map(environment.droplets.map((droplet) => [droplet, new Counted()]));
  const droplets = isAskedOnce(traffic) ? environment.droplets.slice(0, 1) : environment.droplets;
  const ask = (droplet: number): Promise<Seen | null> => {
    if (traffic.kind === 'prometheus')
      return askPrometheus(traffic, { environment, droplet }, parts);
    const { readLogs, clock } = parts;
    const place = { project: environment.project, droplet };
    const counted = counts.get(droplet) ?? new Counted();
    return askLogs(traffic, { place, readLogs, counted, during, clock });
  };
  const unit = traffic.kind === 'logs' ? 1 / 60 : 1;
  return async () => {
    const all = await Promise.all(droplets.map(ask));
    const values = all.map((seen) => (seen?.outcome === 'unknown' ? undefined : seen?.value));
    if (values.length === 0 || values.includes(undefined)) return null;
    return values.reduce<number>((sum, value) => sum + (value ?? 0) * unit, 0);
  };
}
