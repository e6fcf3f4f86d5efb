// A balancer in front of three real web servers, for the tests of the data plane; `end` undoes it all.
import { type Agent, request } from 'node:http';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import type { Knobs } from '../../src/emulator/knobs.ts';
import { anAccount, balancerId } from './account.ts';
import { apiClient, type Call } from './client.ts';
import { type Droplet, startDroplets } from './droplet.ts';

export const addresses: [string, string, string] = ['127.0.3.1', '127.0.3.2', '127.0.3.3'];
export const path = `/load_balancers/${balancerId}/droplets`;

export interface World {
  emulator: Emulator;
  call: Call;
  front: string;
  first: Droplet;
  second: Droplet;
  report(dropletId: number): ReturnType<typeof reportOf>;
}

const undo: (() => Promise<void>)[] = [];

export async function begin(
  dropletIds: number[],
  { knobs = {}, ...balancer }: { knobs?: Partial<Knobs> } & Record<string, unknown> = {},
): Promise<World> {
  const { port, droplets, stop } = await startDroplets(addresses);
  undo.push(stop);
  const [first, second] = droplets;
  if (first === undefined || second === undefined) throw new Error('no droplets');
  const emulator = await startEmulator(
    anAccount({ addresses, targetPort: port, knobs, balancer: { dropletIds, ...balancer } }),
  );
  undo.push(() => emulator.close());
  const world: World = {
    emulator,
    call: apiClient(emulator.endpoint),
    front: emulator.balancers[0]?.front ?? '',
    first,
    second,
    report: (id) => reportOf(emulator, id),
  };
  return world;
}

const reportOf = (emulator: Emulator, id: number) =>
  emulator.state().balancers[0]?.targets.find(({ dropletId }) => dropletId === id);

export const isUp = (world: World, id: number) => () => world.report(id)?.state === 'UP';
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
