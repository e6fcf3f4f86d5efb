// What stands in the way of the next release on the droplets that it would run on: `plan` and `check` say the same.
import { clashes, freePool } from '../controller/prepare.ts';
import { because } from '../lib/failure.ts';
import type { App } from '../promotion/app.ts';
import type { DropletId, Pool } from '../promotion/environment.ts';
import type { Inspection } from '../wire.ts';
import type { CheckedCompose } from './blueprint.ts';
import type { Connection } from './connect.ts';

/** The droplets of the pool that is free, as the cloud knows them. */
export function nextPlace(
  app: App,
  inspection: Inspection,
): { readonly pool: Pool; readonly droplets: readonly DropletId[] } {
  const pool = freePool(app);
  return { pool, droplets: inspection.pools[pool].found.map((droplet) => droplet.id) };
}

/** Host ports and names that are taken there. */
export async function taken(
  { wired }: Pick<Connection, 'wired'>,
  app: App,
  blueprint: CheckedCompose,
  droplets: readonly DropletId[],
): Promise<readonly string[]> {
  try {
    const { survey, world } = wired;
    const { projects } = world.hosts;
    return await clashes(survey, app, { blueprint, droplets, projects });
  } catch (error) {
    return [because(error)];
  }
}
