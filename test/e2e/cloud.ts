// What a row asks of the emulated cloud: its changes of the balancer so far, in order.
import type { Stage } from '../../compose/lab/stage.ts';
import type { RequestLogLine } from '../../src/emulator/report.ts';

/** Requests that could change something, oldest first; refused ones included. */
export async function changes(stage: Stage): Promise<readonly RequestLogLine[]> {
  const all = await stage.emulator.admin.requests();
  return all.filter(({ method }) => method !== 'GET');
}
