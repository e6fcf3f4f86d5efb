// What is seen of an app when all is well, and the same with something wrong.
import type { Outcome, Window } from '../../src/gates/sample.ts';
import type { App } from '../../src/promotion/app.ts';
import { environmentsOf } from '../../src/promotion/app.ts';
import { at, type DropletId, projectsOf } from '../../src/promotion/environment.ts';
import { needs } from '../../src/promotion/needs.ts';
import {
  type Known,
  known,
  type Observation,
  type ProjectHealth,
  unknown,
} from '../../src/promotion/observation.ts';
import { pools } from './release.ts';

type Part = 'pools' | 'attached' | 'serving' | 'strangers' | 'lost';

/** All is well `afterMs` after the app's last entry: what should be attached is, it serves, everything is healthy and quiet. */
export function anObservation(app: App, afterMs = 1_000): Seen {
  return new Seen(wellSeen(app, app.seq * 1_000 + afterMs));
}

export class Seen {
  readonly seen: Observation;

  constructor(seen: Observation) {
    this.seen = seen;
  }

  /** Not known, for so long. */
  without(part: Part, forMs = 0): Seen {
    return this.with({ [part]: this.#unknown(forMs) });
  }

  /** Droplets that cannot be looked at. */
  withoutDroplets(droplets: readonly DropletId[], forMs = 0): Seen {
    const blind = <T>(all: Readonly<Record<string, Known<T>>>) =>
      Object.fromEntries(
        Object.entries(all).map(([place, one]) =>
          droplets.some((d) => place.endsWith(`@${d}`))
            ? [place, this.#unknown(forMs)]
            : [place, one],
        ),
      );
    return this.with({
      projects: blind(this.seen.projects),
      connections: blind(this.seen.connections),
    });
  }

  withAttached(...droplets: readonly DropletId[]): Seen {
    return this.with({ attached: known(droplets, this.seen.at) });
  }

  /** Only these were seen to answer through the balancer, just now, watched for a minute. */
  withServing(...droplets: readonly DropletId[]): Seen {
    const seen = Object.fromEntries(droplets.map((d) => [d, this.seen.at]));
    return this.with({
      serving: known({ since: this.seen.at - 60_000, seen, trouble: null }, this.seen.at),
    });
  }

  withProject(
    project: string,
    is: ProjectHealth['is'],
    on: readonly DropletId[],
    restarts = 0,
  ): Seen {
    const health = known({ is, detail: `${is} in a test`, restarts }, this.seen.at);
    const changed = on.map((droplet) => [at({ project, droplet }), health] as const);
    return this.with({ projects: { ...this.seen.projects, ...Object.fromEntries(changed) } });
  }

  withConnections(project: string, open: number, busy: number, on: readonly DropletId[]): Seen {
    const changed = on.map(
      (droplet) => [at({ project, droplet }), known({ open, busy }, this.seen.at)] as const,
    );
    return this.with({ connections: { ...this.seen.connections, ...Object.fromEntries(changed) } });
  }

  withLost(...droplets: readonly DropletId[]): Seen {
    return this.with({ lost: known(droplets, this.seen.at) });
  }

  /** Every gate heard this from every droplet, `count` times, every half second until now. */
  withSamples(outcome: Outcome, count: number): Seen {
    const names = Object.keys(this.seen.samples);
    return this.with({
      samples: Object.fromEntries(names.map((name) => [name, aWindow(this.seen, outcome, count)])),
    });
  }

  with(changes: Partial<Observation>): Seen {
    return new Seen({ ...this.seen, ...changes });
  }

  #unknown(forMs: number): Known<never> {
    return unknown('no answer', this.seen.at - forMs);
  }
}

function wellSeen(app: App, now: number): Observation {
  const wanted = needs(app);
  const each = <T>(places: readonly { project: string; droplet: number }[], value: T) =>
    Object.fromEntries(places.map((place) => [at(place), known(value, now)]));
  const { live, other } = environmentsOf(app);
  const healthy: ProjectHealth = { is: 'healthy', detail: '', restarts: 0 };
  const gates = wanted.gates?.gates ?? [];
  const bare = new Seen({
    at: now,
    pools: known(pools, now),
    attached: known(app.attached, now),
    serving: unknown('not asked', now),
    projects: each([...projectsOf(live), ...projectsOf(other)], healthy),
    connections: each(wanted.connections, { open: 0, busy: 0 }),
    strangers: known([], now),
    lost: known([], now),
    samples: Object.fromEntries(gates.map((gate) => [gate.name, { samples: [] }])),
  });
  return bare.withServing(...app.attached).withSamples('ok', 10).seen;
}

function aWindow(seen: Observation, outcome: Outcome, count: number): Window {
  const times = Array.from({ length: count }, (_, index) => seen.at - (count - 1 - index) * 500);
  return {
    samples: times.flatMap((time) =>
      [1, 2, 3, 4].map((droplet) => ({
        at: time,
        droplet,
        outcome,
        durationMs: 10,
        detail: outcome,
      })),
    ),
  };
}
