// What an operator should know of this balancer before a promotion, though it may begin. Pure.
import type { BalancerFacts } from './facts.ts';
import type { Seen } from './refusals.ts';

export function warnings({ balancer, pools, settings }: Seen): readonly string[] {
  if (balancer === null) return [];
  return [
    ...slowChecks(balancer),
    ...manyDroplets(balancer),
    ...stickiness(balancer),
    ...otherRules(balancer, settings.traffic.ports),
    ...reach(balancer),
    ...abruptly(balancer, settings.traffic.drain),
    ...foreigners({ balancer, pools }),
    ...notRunning(pools),
  ];
}

const slowMs = 20_000;
const better = { intervalS: 3, healthyThreshold: 3 };

function slowChecks({ name, warmUpMs, healthCheck }: BalancerFacts): readonly string[] {
  if (warmUpMs <= slowMs) return [];
  const { intervalS, healthyThreshold } = healthCheck;
  const betterS = better.intervalS * better.healthyThreshold;
  return [
    `${name} sends a new droplet its first request after ${warmUpMs / 1000} s (${healthyThreshold} checks, one every ${intervalS} s), and going back takes as long. With a check every ${better.intervalS} s and a healthy threshold of ${better.healthyThreshold} it would be ${betterS} s.`,
  ];
}

function manyDroplets({ name, droplets }: BalancerFacts): readonly string[] {
  if (droplets.length <= 10) return [];
  return [
    `${name} has ${droplets.length} droplets; DigitalOcean's documentation allows 10 that are named one by one, so it may refuse more.`,
  ];
}

function stickiness({ name, stickySessions }: BalancerFacts): readonly string[] {
  if (!stickySessions) return [];
  return [
    `${name} has sticky sessions: who came before the switch stays with the old environment until that is detached.`,
  ];
}

function otherRules(
  { name, targetPort, targetPorts }: BalancerFacts,
  ports: readonly number[],
): readonly string[] {
  const unserved = targetPorts.filter((port) => port !== targetPort && !ports.includes(port));
  if (unserved.length === 0) return [];
  return [
    `${name} also has rules to port ${unserved.join(', ')} of the droplets, which is not in traffic.ports: bgctl does not watch them.`,
  ];
}

function reach({ name, internal, proxyProtocol }: BalancerFacts): readonly string[] {
  const notes: string[] = [];
  if (internal) {
    notes.push(`${name} has no address on the internet: bgctl must run where it can be reached.`);
  }
  if (proxyProtocol) {
    notes.push(
      `${name} speaks the PROXY protocol to the droplets, and gates that ask the droplets do not: the app must answer both.`,
    );
  }
  return notes;
}

/** The API has no drain, and what a removal does to open requests is documented nowhere. */
function abruptly(
  { name }: BalancerFacts,
  drain: Seen['settings']['traffic']['drain'],
): readonly string[] {
  if (drain !== null) return [];
  return [
    `without traffic.drain requests in flight may be cut when droplets leave ${name}: say in bgctl.yml how the app is made to fail its health check, and it is emptied first.`,
  ];
}

function foreigners({ balancer, pools }: Pick<Seen, 'balancer' | 'pools'>): readonly string[] {
  const { a, b } = pools;
  if (balancer === null || a === null || b === null) return [];
  const ours = new Set([...a.found, ...b.found].map((droplet) => droplet.id));
  const foreign = balancer.droplets.filter((id) => !ours.has(id));
  if (foreign.length === 0) return [];
  return [
    `${balancer.name} also has droplets of neither pool: ${foreign.join(', ')}. They stay, and go on getting their share of the requests.`,
  ];
}

function notRunning({ a, b }: Seen['pools']): readonly string[] {
  return [...(a?.found ?? []), ...(b?.found ?? [])]
    .filter((droplet) => droplet.status !== 'active')
    .map(({ name, id, status }) => `${name} (${id}) is not running: its status is ${status}.`);
}
