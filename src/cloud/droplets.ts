// Which droplets a pool means, and what the cloud says of them.
import type { PoolSpec } from '../policy/settings.ts';
import type { DropletId } from '../promotion/environment.ts';
import type { Turn } from './budget.ts';
import type { CloudClient } from './client.ts';
import { ascending, type DropletFacts } from './facts.ts';
import { CloudFailure } from './failure.ts';

export type LookedUp = {
  /** By id, ascending. */
  readonly found: readonly DropletFacts[];
  /** Those that the cloud does not know (any more), ascending. */
  readonly lost: readonly DropletId[];
};

/** Ids of a pool's droplets now, ascending. Asks nothing where bgctl.yml names them one by one. */
export async function idsOfPool(
  client: CloudClient,
  pool: PoolSpec,
  turn: Turn,
): Promise<readonly DropletId[]> {
  if ('droplets' in pool) return ascending(pool.droplets);
  const tagged = await client.dropletsTagged(pool.tag, turn);
  return ascending(tagged.map((droplet) => droplet.id));
}

/** A pool's droplets with what is known of each: one request a page for a tag, one a droplet else. */
export async function dropletsOfPool(
  client: CloudClient,
  pool: PoolSpec,
  turn: Turn,
): Promise<LookedUp> {
  if ('droplets' in pool) return lookUp(client, pool.droplets, turn);
  const tagged = await client.dropletsTagged(pool.tag, turn);
  return { found: tagged.toSorted((one, other) => one.id - other.id), lost: [] };
}

/** What the cloud says of each. Only "no such droplet" makes one lost; any other trouble rejects (I5). */
export async function lookUp(
  client: CloudClient,
  droplets: readonly DropletId[],
  turn: Turn,
): Promise<LookedUp> {
  const ids = ascending(droplets);
  const answers = await Promise.all(ids.map((id) => dropletOrNull(client, id, turn)));
  return {
    found: answers.filter((answer) => answer !== null),
    lost: ids.filter((_, index) => answers[index] === null),
  };
}

async function dropletOrNull(
  client: CloudClient,
  id: DropletId,
  turn: Turn,
): Promise<DropletFacts | null> {
  try {
    return await client.droplet(id, turn);
  } catch (error) {
    if (error instanceof CloudFailure && error.kind === 'absent') return null;
    throw error;
  }
}
