// The balancer that bgctl.yml means, by its id or by its name.
import type { Settings } from '../policy/settings.ts';
import type { Turn } from './budget.ts';
import type { CloudClient } from './client.ts';
import type { BalancerFacts } from './facts.ts';
import { CloudFailure } from './failure.ts';

/** Rejects where there is none, or several of the name: bgctl does not guess. */
export async function findBalancer(
  client: CloudClient,
  which: Settings['cloud']['balancer'],
  turn: Turn,
): Promise<BalancerFacts> {
  if ('id' in which) return client.balancer(which.id, turn);
  const all = await client.balancers(turn);
  const named = all.filter((balancer) => balancer.name === which.name);
  const [only] = named;
  if (only !== undefined && named.length === 1) return only;
  throw new CloudFailure('refused', named.length === 0 ? none(which.name, all) : several(named));
}

function none(name: string, all: readonly BalancerFacts[]): string {
  const others = all.map((balancer) => balancer.name);
  const there = others.length === 0 ? 'it sees none at all' : `it sees ${others.join(', ')}`;
  return `No load balancer that the token may see is called ${name}; ${there}. Correct cloud.balancer in bgctl.yml, or use a token of the team that owns it.`;
}

function several(named: readonly BalancerFacts[]): string {
  const ids = named.map((balancer) => balancer.id).join(', ');
  return `${named.length} load balancers are called ${named[0]?.name}: ${ids}. Name the right one by its id, as cloud.balancer.id in bgctl.yml.`;
}
