// The production loop and the production client's logic, tied to the simulated world: only sockets and disks are played.
import { cloudBalancer } from '../../src/cloud/balancer.ts';
import { type CloudClient, patiently } from '../../src/cloud/client.ts';
import type { BalancerFacts, DropletFacts } from '../../src/cloud/facts.ts';
import { type Call, failureOf } from '../../src/cloud/failure.ts';
import { Controller } from '../../src/controller/controller.ts';
import { type Cloud, CloudTrouble } from '../../src/simulator/cloud.ts';
import type { Machine } from '../../src/simulator/machine.ts';
import { pools } from '../../src/simulator/scene.ts';
import type { Production } from '../../src/simulator/simulate.ts';
import { shopSettings } from '../hosts/settings.ts';

const settings = { ...shopSettings(), pools: { a: { tag: 'a' }, b: { tag: 'b' } } };

export const production: Production = {
  controller: (given) => new Controller(given),
  speak(cloud, machine, epoch) {
    return cloudBalancer({
      client: clientOf(cloud, machine, epoch),
      settings,
      clock: machine.clock,
    });
  },
};

function clientOf(cloud: Cloud, machine: Machine, epoch: () => number): CloudClient {
  const call = (does: string, writes: boolean): Call => ({ does, writes, scope: 'any' });
  async function asked<T>(does: string, writes: boolean, work: () => Promise<T>): Promise<T> {
    try {
      return await (writes ? machine.does(does, work, true) : machine.hears(work()));
    } catch (error) {
      if (!(error instanceof CloudTrouble)) throw error;
      throw failureOf(troubleOf(error), call(does, writes), machine.clock.now());
    }
  }
  const write = (verb: 'attach' | 'detach', droplets: readonly number[]) =>
    asked(`${verb} ${droplets.join(', ')}`, true, () =>
      cloud.write({ verb, droplets, epoch: epoch() }),
    );
  return {
    balancer: async () => {
      const droplets = await asked('read the load balancer', false, () => cloud.read());
      return { id: 'lb-1', droplets } as unknown as BalancerFacts;
    },
    dropletsTagged: async (tag) => {
      const ids = pools[tag === 'a' ? 'a' : 'b'];
      const gone = await asked('list the droplets', false, () => cloud.lost(ids));
      return ids.filter((id) => !gone.includes(id)).map((id) => ({ id }) as DropletFacts);
    },
    droplet: async (id) => {
      const gone = await asked(`read droplet ${id}`, false, () => cloud.lost([id]));
      if (gone.length === 0) return { id } as DropletFacts;
      throw failureOf(answer(404, ''), call(`read droplet ${id}`, false), 0);
    },
    balancers: async () => [],
    metric: async () => [],
    addDroplets: (_, droplets) => write('attach', droplets),
    removeDroplets: (_, droplets) => write('detach', droplets),
    patiently: (patience, work) => patiently(machine.clock, patience, work),
    calls: () => cloud.calls,
    close: () => undefined,
  };
}

function troubleOf({ kind }: CloudTrouble) {
  switch (kind) {
    case 'busy':
      return answer(403, 'Load Balancer can not be updated while it processes previous actions');
    case 'rate-limited':
      return answer(429, 'Too many requests');
    case 'down':
      return answer(503, '');
    case 'lost':
      return { status: null, code: 'ECONNRESET', unsent: false } as const;
  }
}

function answer(status: number, message: string) {
  return { status, message, requestId: null, retryAfter: null, reset: null };
}
