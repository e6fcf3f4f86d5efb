// Makes a sample of what a policy's probe asks: which source, from where, how long it took.
import type { Sample } from '../gates/sample.ts';
import type { Clock } from '../lib/clock.ts';
import type { ProbeSpec } from '../policy/policy.ts';
import type { Settings } from '../policy/settings.ts';
import type { DropletId, Environment } from '../promotion/environment.ts';
import type { Hosts, Probes } from '../world.ts';
import { askContainers } from './container.ts';
import { excerpt } from './detail.ts';
import { askBalancer, askDroplet, type Reach, type Seen } from './http.ts';

export type ProbeParts = {
  readonly settings: Pick<Settings, 'traffic'>;
  readonly reach: Reach;
  readonly hosts: Pick<Hosts, 'inspect'>;
  /** URL of the balancer's own address: `http://203.0.113.9`. */
  readonly address: string;
  readonly clock: Clock;
};

/** Probes that ask the real world. A question of the balancer's address yields samples of droplet 0. */
export function probes(parts: ProbeParts): Probes {
  const { clock } = parts;
  return {
    async sample(spec, environment, droplet): Promise<Sample> {
      // The time of asking: an answer to a question of an earlier phase is not this phase's.
      const at = clock.now();
      const { outcome, detail } = await look(spec, environment, droplet, parts);
      return {
        at,
        droplet: isOfBalancer(spec) ? 0 : droplet,
        outcome,
        durationMs: clock.now() - at,
        detail: excerpt(detail, 300),
      };
    },
  };
}

function look(
  spec: ProbeSpec,
  environment: Environment,
  droplet: DropletId,
  { settings, reach, hosts, address, clock }: ProbeParts,
): Promise<Seen> {
  if (spec.kind === 'container') {
    const place = { project: environment.project, droplet };
    return askContainers(place, (asked) => hosts.inspect(asked), clock);
  }
  const { health, ports } = settings.traffic;
  const path = spec.path ?? health;
  if (spec.of === 'balancer') return askBalancer(spec, { address, path, clock });
  const [port] = ports;
  if (port === undefined)
    return Promise.resolve({ outcome: 'unknown', detail: 'traffic.ports names no port to ask' });
  return askDroplet(spec, { droplet, port, path, reach, clock });
}

function isOfBalancer(spec: ProbeSpec): boolean {
  return spec.kind === 'http' && spec.of === 'balancer';
}
