// The other end of /_emulator: a client with which a test turns knobs, orders faults and looks inside.
import type { Fault } from './faults.ts';
import type { Knobs } from './knobs.ts';
import type { Edit, RequestLogLine, StateReport } from './report.ts';

export interface EmulatorAdmin {
  setKnobs(changes: Partial<Knobs>): Promise<void>;
  fault(fault: Fault): Promise<void>;
  clearFaults(): Promise<void>;
  /** Every API request so far, oldest first; the last 10,000 at least. */
  requests(): Promise<RequestLogLine[]>;
  state(): Promise<StateReport>;
  /** Changes a balancer as somebody else would. */
  edit(edit: Edit): Promise<void>;
  destroyDroplet(id: number): Promise<void>;
}

/** A client for the emulator whose API is at `endpoint`, such as http://127.0.0.1:8080/v2. */
export function emulatorAdmin(endpoint: string): EmulatorAdmin {
  const ask = async (method: string, name: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(new URL(`/_emulator/${name}`, endpoint), {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the emulator refused ${method} ${name}: ${text}`);
    return JSON.parse(text);
  };
  return {
    setKnobs: async (changes) => void (await ask('POST', 'knobs', changes)),
    fault: async (fault) => void (await ask('POST', 'faults', fault)),
    clearFaults: async () => void (await ask('DELETE', 'faults')),
    requests: async () => (await ask('GET', 'requests')) as RequestLogLine[],
    state: async () => (await ask('GET', 'state')) as StateReport,
    edit: async (edit) => void (await ask('POST', 'edit', edit)),
    destroyDroplet: async (id) => void (await ask('POST', 'destroy-droplet', { id })),
  };
}
