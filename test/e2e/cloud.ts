// What a row asks of the emulated cloud: changes of the balancer so far, and whom it takes for healthy.
import type { Stage } from '../../compose/lab/stage.ts';
import type { RequestLogLine } from '../../src/emulator/report.ts';
import { until } from './kit.ts';

/** Requests that could change something, oldest first; refused ones included. */
export async function changes(stage: Stage): Promise<readonly RequestLogLine[]> {
  const all = await stage.emulator.admin.requests();
  return all.filter(({ method }) => method !== 'GET');
}

/** Waits until exactly these droplets pass the balancer's own health check. */
export async function healthy(stage: Stage, droplets: readonly number[]): Promise<void> {
  await until(`the balancer takes ${droplets} for healthy`, async () => {
    const { balancers } = await stage.emulator.admin.state();
    const up = balancers[0]?.targets.filter(({ state }) => state === 'UP') ?? [];
    return String(up.map(({ dropletId }) => dropletId).sort()) === String(droplets);
  });
}
