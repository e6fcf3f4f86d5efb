// Makes a sample of what a policy's probe asks: which source, from where, how long it took.
import type { Sample } from '../gates/sample.ts';
import { isAskedOnce, type ProbeSpec } from '../policy/probe-spec.ts';
import type { DropletId, Environment } from '../promotion/environment.ts';
import type { During, Insides, Probes } from '../world.ts';
import { askBalancerMetrics, PointsTold, type ReadMetrics } from './balancer.ts';
import { askContainers, ContainerHistory } from './container.ts';
import { excerpt } from './detail.ts';
import { askCommand, type RunHere } from './exec.ts';
import type { ReadTraffic } from './floor.ts';
import type { HttpParts } from './http.ts';
import { askLogs, Counted } from './logs.ts';
import { keysOf, Memory } from './memory.ts';
import { askPrometheus } from './prometheus.ts';
import type { Seen } from './seen.ts';
import { trafficOf } from './traffic-source.ts';
import { Visits } from './visits.ts';

export type ProbeParts = HttpParts & {
  readonly insides: Insides;
  readonly readMetrics: ReadMetrics;
  readonly runHere: RunHere;
};

/** Where nobody says which phase it is. */
const always: During = { since: 0, stop: new AbortController().signal };

/** Probes that ask the real world. A question asked once for the whole environment yields samples of droplet 0, or of who answered. */
export function probes(parts: ProbeParts): Probes {
  const { clock } = parts;
  const source = sources(parts);
  return {
    async sample(spec, environment, droplet, during = always): Promise<Sample | null> {
      // The time of asking: an answer to a question of an earlier phase is not this phase's.
      const askedAt = clock.now();
      const seen = await source(spec, environment, droplet, during);
      if (seen === null) return null;
      const { outcome, detail, at = askedAt, durationMs = clock.now() - askedAt, ...more } = seen;
      return {
        at,
        droplet: isAskedOnce(spec) ? 0 : droplet,
        outcome,
        durationMs,
        detail: excerpt(detail, 300),
        ...more,
      };
    },
  };
}

type Source = (
  spec: ProbeSpec,
  environment: Environment,
  droplet: DropletId,
  during: During,
) => Promise<Seen | null>;

function sources(parts: ProbeParts): Source {
  const { insides, readMetrics, runHere, clock } = parts;
  const readLogs: Insides['lines'] = (at, given) => insides.lines(at, given);
  const histories = new Memory<ContainerHistory>();
  const counts = new Memory<Counted>();
  const points = new Memory<PointsTold>();
  const visits = new Memory<Visits>();
  return async (spec, environment, droplet, during) => {
    const { whole, one } = keysOf(spec, environment, droplet, during);
    const place = { project: environment.project, droplet };
    switch (spec.kind) {
      case 'http': {
        const { floor } = spec;
        const traffic: ReadTraffic =
          floor === undefined
            ? async () => null
            : trafficOf(floor, environment, during, { ...parts, readLogs });
        const make = () => new Visits(spec, environment, clock, traffic);
        return visits.of(whole, make).ask(droplet, during, parts);
      }
      case 'container':
        return askContainers(spec, {
          place,
          insides,
          history: histories.of(one, () => new ContainerHistory()),
          during,
          clock,
        });
      case 'prometheus':
        return askPrometheus(spec, { environment, droplet }, parts);
      case 'balancer':
        return askBalancerMetrics(spec, {
          droplet,
          read: readMetrics,
          told: points.of(one, () => new PointsTold()),
          during,
          clock,
        });
      case 'logs':
        return askLogs(spec, {
          place,
          readLogs,
          counted: counts.of(one, () => new Counted()),
          during,
          clock,
        });
      case 'exec':
        return askCommand(spec, { environment, droplet, insides, runHere });
    }
  };
}
