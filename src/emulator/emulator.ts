// A DigitalOcean account in this process: an API on loopback, and balancers that really balance.
import type { AddressInfo } from 'node:net';
import { Account } from './account.ts';
import { createApi } from './api.ts';
import type { Fault } from './faults.ts';
import type { Knobs } from './knobs.ts';
import { type EmulatorOptions, parseOptions } from './options.ts';
import type { Edit, RequestLogLine, StateReport } from './report.ts';

export interface Front {
  id: string;
  name: string;
  /** Where clients of the balancer connect, such as http://127.0.0.1:8000. */
  front: string;
}

export interface Emulator {
  /** For a client's settings, `/v2` included. */
  readonly endpoint: string;
  /** Those of the options, in their order. */
  readonly balancers: readonly Front[];
  requests(): RequestLogLine[];
  state(): Promise<StateReport>;
  setKnobs(changes: Partial<Knobs>): void;
  fault(fault: Fault): void;
  clearFaults(): void;
  edit(edit: Edit): void;
  destroyDroplet(id: number): void;
  /** Ends every connection and closes every port. */
  close(): Promise<void>;
}

/** Starts it; rejects with the reason when the options are wrong or a port is taken. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const parsed = parseOptions(options);
  const account = new Account(parsed);
  const api = createApi(account);
  const close = async () => {
    await account.close();
    await new Promise((resolve) => {
      api.close(resolve);
      api.closeAllConnections();
    });
  };
  try {
    for (const balancer of parsed.balancers) await account.addBalancer(balancer);
    await new Promise<void>((resolve, reject) => {
      api.once('error', reject);
      api.listen(parsed.apiPort, '127.0.0.1', () => resolve());
    });
  } catch (error) {
    await close();
    throw error;
  }
  const { port } = api.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}/v2`,
    balancers: [...account.balancers.values()].map(({ id, settings, front }) => ({
      id,
      name: settings.name,
      front,
    })),
    requests: () => [...account.log],
    state: () => account.state(),
    setKnobs: (changes) => void account.turn(changes),
    fault: (fault) => account.faults.order(fault),
    clearFaults: () => account.faults.clear(),
    edit: (edit) => account.edit(edit),
    destroyDroplet: (id) => account.destroyDroplet(id),
    close,
  };
}
