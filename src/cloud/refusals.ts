// Reasons why nothing may begin with this balancer and these pools, each with its mend. Pure.
import type { Settings } from '../policy/settings.ts';
import type { Pool } from '../promotion/environment.ts';
import type { LookedUp } from './droplets.ts';
import type { BalancerFacts } from './facts.ts';

/** What was read; null where it could not be. */
export type Seen = {
  readonly balancer: BalancerFacts | null;
  readonly pools: Readonly<Record<Pool, LookedUp | null>>;
  readonly settings: Settings;
};

export function refusals(seen: Seen): readonly string[] {
  const { balancer, settings } = seen;
  return [
    ...(balancer === null ? [] : [...ofKind(balancer), ...ofPorts(balancer, settings)]),
    ...ofPool('a', seen),
    ...ofPool('b', seen),
    ...ofOverlap(seen),
  ];
}

function ofKind(balancer: BalancerFacts): readonly string[] {
  const { name, type, tag, status } = balancer;
  const reasons: string[] = [];
  if (type === 'GLOBAL') {
    reasons.push(
      `${name} is a global load balancer, which has no droplets of its own. Name the regional load balancer behind it.`,
    );
  } else if (type === 'REGIONAL_NETWORK') {
    reasons.push(
      `${name} is a network load balancer, which passes connections through and whose behaviour at a removal is not known. Use a regional (HTTP) load balancer.`,
    );
  } else if (type !== 'REGIONAL') {
    reasons.push(`${name} is of the kind ${type}, which bgctl does not know. Use a regional one.`);
  }
  if (tag !== null) {
    reasons.push(
      `${name} takes its droplets from the tag ${tag}, so droplets cannot be attached or detached one by one. In its settings, choose its droplets by name instead of by tag.`,
    );
  }
  if (status === 'errored') {
    reasons.push(
      `${name} is in the status errored and does not recover from it. Make a new load balancer, or ask DigitalOcean's support.`,
    );
  } else if (status !== 'active') {
    reasons.push(`${name} is not ready: its status is ${status}. Wait until it is active.`);
  }
  return reasons;
}

function ofPorts(balancer: BalancerFacts, settings: Settings): readonly string[] {
  if (balancer.type === 'GLOBAL') return [];
  const { name, targetPort, healthCheck } = balancer;
  const { ports } = settings.traffic;
  const reasons: string[] = [];
  if (targetPort === null) {
    reasons.push(`${name} has no rule for http or https. Add one that leads to port ${ports[0]}.`);
  } else if (!ports.includes(targetPort)) {
    reasons.push(
      `${name} sends requests to port ${targetPort} of the droplets, but traffic.ports in bgctl.yml has ${ports.join(', ')}. Correct traffic.ports, or the rule of the load balancer.`,
    );
  }
  if (!ports.includes(healthCheck.port)) {
    reasons.push(
      `${name} checks the droplets' health on port ${healthCheck.port}, which is not in traffic.ports (${ports.join(', ')}), so no new droplet would ever get traffic. Correct traffic.ports, or the load balancer's health check.`,
    );
  }
  return reasons;
}

function ofPool(pool: Pool, { balancer, pools, settings }: Seen): readonly string[] {
  const droplets = pools[pool];
  if (droplets === null) return [];
  const spec = settings.pools[pool];
  const reasons = droplets.lost.map(
    (id) =>
      `pools.${pool} names droplet ${id}, which does not exist, or not for this token. Remove it from bgctl.yml.`,
  );
  if (droplets.found.length === 0) {
    const mend = 'tag' in spec ? `give droplets the tag ${spec.tag}` : 'name its droplets';
    // A list leaves out silently what the token may not read.
    reasons.push(`Pool ${pool} has no droplets: ${mend}, and check that the token may read them.`);
  }
  for (const { id, name, region, vpcUuid } of droplets.found) {
    if (balancer === null || balancer.type === 'GLOBAL') break;
    if (region !== balancer.region) {
      reasons.push(
        `${name} (${id}) of pool ${pool} is in ${region}, the load balancer in ${balancer.region}: they must be in one region. Take another droplet.`,
      );
    } else if (vpcUuid !== balancer.vpcUuid) {
      reasons.push(
        `${name} (${id}) of pool ${pool} is in another VPC (${vpcUuid}) than the load balancer (${balancer.vpcUuid}), which reaches droplets by their private addresses. Take a droplet of that VPC.`,
      );
    }
  }
  return reasons;
}

function ofOverlap({ pools }: Seen): readonly string[] {
  const inB = new Set(pools.b?.found.map((droplet) => droplet.id));
  const both = (pools.a?.found ?? []).filter((droplet) => inB.has(droplet.id));
  if (both.length === 0) return [];
  const named = both.map(({ name, id }) => `${name} (${id})`).join(', ');
  return [
    `${named} would be in both pools: the new environment would run on the droplets of the old one. Give each pool droplets of its own.`,
  ];
}
