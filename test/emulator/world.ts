// A balancer in front of three real web servers, for the tests of the data plane; `end` undoes it all.
import { type Agent, request } from 'node:http';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import type { Knobs } from '../../src/emulator/knobs.ts';
import type { PlaneKind } from '../../src/emulator/options.ts';
import type { BalancerReport, TargetReport } from '../../src/emulator/report.ts';
import { anAccount, balancerId } from './account.ts';
import { apiClient, type Call } from './client.ts';
import { type Droplet, startDroplets, until } from './droplet.ts';

export const addresses: [string, string, string] = ['127.0.3.1', '127.0.3.2', '127.0.3.3'];
export const path = `/load_balancers/${balancerId}/droplets`;

export interface World {
  plane: PlaneKind;
  emulator: Emulator;
  call: Call;
  front: string;
  targetPort: number;
  first: Droplet;
  second: Droplet;
  balancer(): Promise<BalancerReport>;
  report(dropletId: number): Promise<TargetReport | undefined>;
}

export interface Given extends Record<string, unknown> {
  plane?: PlaneKind;
  knobs?: Partial<Knobs>;
}

const undo: (() => Promise<void>)[] = [];

export async function begin(
  dropletIds: number[],
  { plane = 'own', knobs = {}, ...balancer }: Given = {},
): Promise<World> {
  const { port, droplets, stop } = await startDroplets(addresses);
  undo.push(stop);
  const [first, second] = droplets;
  if (first === undefined || second === undefined) throw new Error('no droplets');
  const account = anAccount({
    addresses,
    targetPort: port,
    knobs,
    balancer: { dropletIds, ...balancer },
  });
  const emulator = await startEmulator({ ...account, plane });
  undo.push(() => emulator.close());
  const theBalancer = async () => {
    const [found] = (await emulator.state()).balancers;
    if (found === undefined) throw new Error('no balancer');
    return found;
  };
  return {
    plane,
    emulator,
    call: apiClient(emulator.endpoint),
    front: emulator.balancers[0]?.front ?? '',
    targetPort: port,
    first,
    second,
    balancer: theBalancer,
    // A droplet that was removed and is back stands there twice: the newer is meant.
    report: async (id) => {
      const found = (await theBalancer()).targets.filter(({ dropletId }) => dropletId === id);
      return found.find(({ leaving }) => !leaving) ?? found[0];
    },
  };
}

/** Resolves when all of them have passed their checks. */
export async function allUp(world: World, ...ids: number[]): Promise<void> {
  const isUp = async (id: number) => (await world.report(id))?.state === 'UP';
  await until(`droplets ${ids} are up`, async () =>
    (await Promise.all(ids.map(isUp))).every(Boolean),
  );
}

export const get = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
};

/** What a client on one connection of its own gets: status and body, or how the connection ended. */
export function ask(url: string, agent?: Agent): Promise<string> {
  return new Promise((resolve) => {
    const asked = request(url, { agent: agent ?? false }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => resolve(`${response.statusCode} ${text}`));
      response.on('error', () => resolve('broken'));
    });
    asked.on('error', () => resolve('reset'));
    asked.end();
  });
}

/** Ends everything that was begun. */
export async function end(): Promise<void> {
  while (undo.length > 0) await undo.pop()?.();
}
