// The production loop and the production client's logic on the simulator's stage: only sockets and disks are played.
import { cloudBalancer } from './cloud/balancer.ts';
import { type CloudClient, patiently } from './cloud/client.ts';
import type { BalancerFacts, DropletFacts } from './cloud/facts.ts';
import { type Call, failureOf } from './cloud/failure.ts';
import { Controller } from './controller/controller.ts';
import type { Settings } from './policy/settings.ts';
import { type Cloud, CloudTrouble } from './simulator/cloud.ts';
import type { Machine } from './simulator/machine.ts';
import { pools } from './simulator/scene.ts';
import type { Production } from './simulator/simulate.ts';

const settings = {
  cloud: { tokenVariable: '', endpoint: '', balancer: { id: 'lb-1' } },
  pools: { a: { tag: 'a' }, b: { tag: 'b' } },
} satisfies Pick<Settings, 'cloud' | 'pools'>;

/** `chance` spreads the retries of the cloud's client; left out, it is the machine's own. */
export function stage(chance?: () => number): Production {
  return {
    controller: (given) => new Controller(given),
    speak: (cloud, machine, epoch) =>
      cloudBalancer({
        client: clientOf(cloud, { machine, epoch, chance }),
        settings,
        clock: machine.clock,
      }),
  };
}

type Caller = {
  readonly machine: Machine;
  readonly epoch: () => number;
  readonly chance: (() => number) | undefined;
};

function clientOf(cloud: Cloud, { machine, epoch, chance }: Caller): CloudClient {
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
    certificate: async (id) => {
      throw failureOf(answer(404, ''), call(`read the certificate ${id}`, false), 0);
    },
    metric: async () => [],
    addDroplets: (_, droplets) => write('attach', droplets),
    removeDroplets: (_, droplets) => write('detach', droplets),
    patiently: (patience, work) => patiently(machine.clock, patience, work, chance),
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
