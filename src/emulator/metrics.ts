// The monitoring API's view of a balancer: points on a coarse grid, shown late, and often none at all.
import type { Knobs } from './knobs.ts';
import type { DataPlane } from './plane.ts';
import { badRequest, notFound } from './problem.ts';

interface Point {
  /** In seconds since the epoch, a multiple of the step. */
  at: number;
  /** 100 or 0 by `node-<droplet id>`. */
  health: Record<string, number>;
  /** Answers a second by class since the point before. */
  responses: Record<string, number>;
  connections: number;
}

interface Series {
  metric: Record<string, string>;
  values: [number, string][];
}

const pointsMax = 2000;

export class Metrics {
  readonly #source: Pick<DataPlane, 'report'>;
  readonly #labels: Record<string, string>;
  readonly #knobs: () => Knobs;
  #timer: NodeJS.Timeout | undefined;
  #points: Point[] = [];
  #before: Record<string, number> = {};

  constructor(
    source: Pick<DataPlane, 'report'>,
    balancerId: string,
    region: string,
    knobs: () => Knobs,
  ) {
    this.#source = source;
    this.#labels = { lb_id: balancerId, region };
    this.#knobs = knobs;
  }

  start(): void {
    const stepMs = this.#knobs().metricsStepSeconds * 1000;
    const dueAt = (Math.floor(Date.now() / stepMs) + 1) * stepMs;
    this.#timer = setTimeout(() => {
      this.#take(Math.round(dueAt / 1000), stepMs / 1000).catch(() => {
        // A data plane that cannot be asked leaves a hole in its metrics, as it does in the world.
      });
      this.start();
    }, dueAt - Date.now());
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** One metric's series between two times, in seconds; no series where nothing was measured. */
  query(name: string, start: number, end: number): Series[] {
    const last = Math.min(end, (Date.now() - this.#knobs().metricsDelayMs) / 1000);
    const points = this.#points.filter(({ at }) => at >= start && at <= last);
    switch (name) {
      case 'droplets_health_checks':
        return this.#series(points, 'server', ({ health }) => health);
      case 'frontend_http_responses':
        return this.#series(points, 'code', ({ responses }) => responses);
      case 'frontend_connections_current':
        // The one metric that carries no labels.
        return points.length === 0
          ? []
          : [{ metric: {}, values: points.map((p) => [p.at, String(p.connections)]) }];
      default:
        throw notFound();
    }
  }

  async #take(at: number, stepSeconds: number): Promise<void> {
    const { targets, connections, counters } = await this.#source.report();
    const { classes } = counters;
    const responses: Record<string, number> = {};
    for (const [name, total] of Object.entries(classes)) {
      const rate = (total - (this.#before[name] ?? 0)) / stepSeconds;
      if (rate > 0) responses[name] = rate;
    }
    this.#before = { ...classes };
    const staying = targets.filter(({ leaving }) => !leaving);
    const health = Object.fromEntries(
      staying.map(({ dropletId, state }) => [`node-${dropletId}`, state === 'UP' ? 100 : 0]),
    );
    this.#points.push({ at, health, responses, connections });
    this.#points = this.#points.slice(-pointsMax);
  }

  #series(
    points: Point[],
    label: string,
    pick: (point: Point) => Record<string, number>,
  ): Series[] {
    const byName = new Map<string, Series>();
    for (const point of points)
      for (const [name, value] of Object.entries(pick(point))) {
        const metric = { ...this.#labels, [label]: name };
        const series = byName.get(name) ?? { metric, values: [] };
        series.values.push([point.at, String(value)]);
        byName.set(name, series);
      }
    return [...byName.values()];
  }
}

/** The two times of a query, both required. */
export function rangeOf(query: URLSearchParams): { start: number; end: number } {
  const start = Number(query.get('start') ?? Number.NaN);
  const end = Number(query.get('end') ?? Number.NaN);
  if (Number.isFinite(start) && Number.isFinite(end)) return { start, end };
  throw badRequest('start and end are required, in seconds since the epoch.');
}
