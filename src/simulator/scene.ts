// What happens to be simulated: the app, its releases and the policy, in which all that can be waited for is seconds.
import type { GateSpec, HookSpec, Policy } from '../policy/policy.ts';
import type { Command } from '../promotion/command.ts';
import type { Fact } from '../promotion/entry.ts';
import {
  type DropletId,
  type Environment,
  type Pool,
  projectName,
} from '../promotion/environment.ts';
import type { Release } from '../promotion/release.ts';
import type { Script } from './faults.ts';

export const appName = 'shop';
export const pools: Readonly<Record<Pool, readonly DropletId[]>> = { a: [1, 2], b: [3, 4] };
export const liveProject = projectName(appName, 'r41');

function gate(passes: number): GateSpec {
  return {
    name: 'healthy',
    probe: { kind: 'http', of: 'droplets', path: null, expect: null, timeoutMs: 1_000 },
    everyMs: 1_000,
    judge: { kind: 'consecutive', passes, failures: 3 },
    unknownMax: 3,
    dryRun: false,
  };
}

export function policyOf(script: Script): Policy {
  const { floor, missingMax } = script;
  return {
    name: 'simulated',
    attemptsMax: 3,
    unreachableMs: 30_000,
    ...hooksOf(script),
    start: { limitMs: 60_000, missingMax, restartsMax: 2 },
    gate: {
      limitMs: 30_000,
      minMs: 2_000,
      gates: [gate(3)],
      inconclusive: 'abort',
      unknown: 'wait',
      ...approvalOf(script),
    },
    switch: { limitMs: 40_000, floor, ...stepsOf(script) },
    verify: {
      limitMs: 40_000,
      minMs: 8_000,
      gates: [gate(5)],
      inconclusive: 'hold',
      unknown: 'wait',
    },
    drain: { limitMs: 20_000, quietMs: 2_000, warmMs: script.warm === 'never' ? null : 12_000 },
  };
}

function approvalOf({ approval }: Script): Pick<Policy['gate'], 'approval'> {
  if (approval === 'none') return {};
  if (approval === 'never') return { approval: { ttlMs: null, onExpire: 'abort' } };
  return { approval: { ttlMs: 15_000, onExpire: approval } };
}

function stepsOf({ steps }: Script): Partial<Policy['switch']> {
  const first = steps === 'first' || steps === 'first-judged' ? { first: 1 } : {};
  const judged = steps === 'judged' || steps === 'first-judged';
  return judged ? { ...first, minMs: 3_000, gates: [gate(3), ofBalancer()] } : first;
}

/** Both environments answer there: a share of the answers may be wrong. */
function ofBalancer(): GateSpec {
  return {
    ...gate(3),
    name: 'people',
    probe: { kind: 'http', of: 'balancer', path: null, expect: null, timeoutMs: 1_000 },
    judge: { kind: 'consecutive', passes: 2, failures: 4 },
  };
}

function hooksOf({ hooks, hookPhase }: Script): Pick<Policy, 'hooks'> {
  if (hooks === 'none') return {};
  const all = (['start', 'gate', 'switch', 'verify', 'drain', 'abort'] as const).map((phase) => {
    const required = phase === hookPhase && hooks === 'needed';
    return [phase, [hook('notify', required), hook('record', false)]] as const;
  });
  return { hooks: Object.fromEntries(all) };
}

function hook(name: string, required: boolean): HookSpec {
  const does = { kind: 'webhook', url: 'https://chat.example' } as const;
  return { name, does, timeoutMs: 6_000, retries: 1, required };
}

function release(id: string, key = id): Release {
  const images = { web: `registry.example/shop/web@sha256:${key}` };
  return { id, images, composeHash: key, env: {}, requestedBy: 'anna', key };
}

export function promote(given: {
  id: string;
  key: string;
  pool: Pool;
  policy: Policy;
  drains: boolean;
}): Command {
  const { id, key, pool, policy, drains } = given;
  const droplets = pools[pool];
  return { kind: 'promote', release: release(id, key), pool, droplets, policy, drains };
}

/** An environment as a person adopts it. */
export function adopted(id: string, pool: Pool, droplets: readonly DropletId[]): Environment {
  const project = projectName(appName, id);
  return { release: release(id), pool, droplets, project, state: 'blue' };
}

/** What stands in the journal when a story begins: r41 is live on pool a, unless nothing is known. */
export function before({ first, journalLost, drains }: Script, policy: Policy): readonly Fact[] {
  if (first || journalLost) return [];
  const blue = adopted('r41', 'a', pools.a);
  const command: Command = { kind: 'adopt', blue, attached: pools.a, policy, drains };
  return [
    { type: 'entered', phase: 'held', because: 'nothing is known', held: 'genesis' },
    { type: 'asked', command, by: 'anna' },
    { type: 'entered', phase: 'idle', because: 'adopted' },
  ];
}
