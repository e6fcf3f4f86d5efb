// What was written, in the terms of the rest of the program: defaults in, paths absolute.
import { isPolicyName } from './app-rules.ts';
import type { WrittenApp, WrittenOrder } from './app-schema.ts';
import { hookPhases } from './hook-rules.ts';
import type { WrittenHook } from './hook-schema.ts';
import { absolute, folderOf, type Where } from './paths.ts';
import type { HookSpec, PhaseSpec, Policy } from './policy.ts';
import type { WrittenPolicy } from './schema.ts';
import type { HealthOrder, PoolSpec, Settings } from './settings.ts';
import { toGate } from './written-gate.ts';

export function toPolicy(written: WrittenPolicy, name: string): Policy {
  const { start, gate, verify, drain } = written;
  const phase = (written: WrittenPolicy['verify']): PhaseSpec => ({
    limitMs: written.limit,
    minMs: written.minimum,
    gates: written.gates.map(toGate),
    inconclusive: written.inconclusive,
    unknown: written.unknown,
  });
  return {
    name: written.name ?? name,
    attemptsMax: written.attempts,
    unreachableMs: written.unreachable,
    ...hooksOf(written),
    start: { limitMs: start.limit, missingMax: start.missing, restartsMax: start.restarts },
    gate: { ...phase(gate), ...approvalOf(gate) },
    switch: switchOf(written.switch),
    verify: phase(verify),
    drain: { limitMs: drain.limit, quietMs: drain.quiet, warmMs: drain.warm },
  };
}

function hooksOf(written: WrittenPolicy): Pick<Policy, 'hooks'> {
  const some = hookPhases.filter((phase) => written[phase].hooks.length > 0);
  if (some.length === 0) return {};
  return {
    hooks: Object.fromEntries(some.map((phase) => [phase, written[phase].hooks.map(toHook)])),
  };
}

function toHook({ name, command, webhook, timeout, retries, required }: WrittenHook): HookSpec {
  const does: HookSpec['does'] =
    command === undefined
      ? { kind: 'webhook', url: webhook ?? '' }
      : { kind: 'command', words: command };
  return { name, does, timeoutMs: timeout, retries, required };
}

/** What says nothing new is left out: the policy is journaled, and an older bgctl may read it. */
function switchOf(written: WrittenPolicy['switch']): Policy['switch'] {
  const { limit, floor, first, minimum, gates, inconclusive, unknown } = written;
  return {
    limitMs: limit,
    floor,
    ...(first === undefined ? {} : { first }),
    ...(minimum > 0 ? { minMs: minimum } : {}),
    ...(gates.length > 0 ? { gates: gates.map(toGate) } : {}),
    ...(inconclusive === 'abort' ? {} : { inconclusive }),
    ...(unknown === 'wait' ? {} : { unknown }),
  };
}

function approvalOf({ approval }: WrittenPolicy['gate']): Pick<Policy['gate'], 'approval'> {
  if (approval === undefined) return {};
  return { approval: { ttlMs: approval.ttl, onExpire: approval.onExpire } };
}

/** `file` is the absolute path of the bgctl.yml. */
export function toSettings(written: WrittenApp, file: string, where: Where): Settings {
  const { app, cloud, pools, hosts, compose, images, policy } = written;
  const path = (text: string) => absolute(text, folderOf(file), where.home);
  return {
    file,
    app,
    cloud: {
      tokenVariable: variableOf(cloud.token),
      endpoint: cloud.endpoint.replace(/\/+$/, ''),
      balancer: isUuid(cloud.balancer) ? { id: cloud.balancer } : { name: cloud.balancer },
    },
    pools: { a: toPool(pools.a), b: toPool(pools.b) },
    hosts: {
      ...hosts,
      key: hosts.key === 'agent' ? null : path(hosts.key),
      knownHosts: path(hosts.knownHosts),
    },
    compose: {
      file: path(compose.file),
      directory: absolute(compose.directory, '/', '/'),
      envFiles: compose.envFiles ?? [],
      services: compose.services ?? {},
      ephemeralVolumes: compose.ephemeralVolumes ?? [],
    },
    images,
    traffic: toTraffic(written.traffic),
    journal: toJournal(written.journal, path),
    policy: isPolicyName(policy) ? `${where.policies}/${policy}.yml` : path(policy),
  };
}

/** `NAME` of `${NAME}`: the schema lets nothing else through. */
function variableOf(reference: string): string {
  return reference.slice(2, -1);
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

function toPool({ tag, droplets }: WrittenApp['pools']['a']): PoolSpec {
  return tag === undefined ? { droplets: droplets ?? [] } : { tag };
}

function toJournal(
  { file, ssh, postgres }: WrittenApp['journal'],
  path: (text: string) => string,
): Settings['journal'] {
  if (ssh !== undefined) return { kind: 'ssh', ...ssh };
  if (postgres !== undefined) {
    const { url, ca, through = null } = postgres;
    const urlVariable = variableOf(url);
    return { kind: 'postgres', urlVariable, ca: ca === undefined ? null : path(ca), through };
  }
  return { kind: 'file', path: path(file ?? '') };
}

function toTraffic(traffic: WrittenApp['traffic']): Settings['traffic'] {
  const { ports, health, address, drain } = traffic;
  return {
    ports,
    health,
    address: address ?? null,
    identity: toIdentity(traffic.identity),
    drain:
      drain === undefined
        ? null
        : { service: drain.service, fail: toOrder(drain.fail), restore: toOrder(drain.restore) },
  };
}

function toIdentity(identity: WrittenApp['traffic']['identity']): Settings['traffic']['identity'] {
  if (identity === 'none') return { kind: 'none' };
  const { header, droplet, path = '/' } = identity;
  if (header === undefined) return { kind: 'path', path };
  return {
    kind: 'header',
    environment: header.toLowerCase(),
    droplet: droplet?.toLowerCase() ?? null,
    path,
  };
}

function toOrder({ signal, command, request }: WrittenOrder): HealthOrder {
  if (signal !== undefined) return { signal };
  if (command !== undefined) return { command };
  const [method, path = '/'] = (request ?? '').split(' ');
  return { request: { method: method === 'GET' || method === 'PUT' ? method : 'POST', path } };
}
