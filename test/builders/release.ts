// Releases and environments of the app `shop`: odd ones on pool a (droplets 1, 2), even ones on pool b (3, 4).
import {
  type DropletId,
  type Environment,
  type EnvironmentState,
  type Pool,
  projectName,
} from '../../src/promotion/environment.ts';
import { type Release, type ReleaseId, releaseNumber } from '../../src/promotion/release.ts';

export const appName = 'shop';
export const pools: Readonly<Record<Pool, readonly DropletId[]>> = { a: [1, 2], b: [3, 4] };

export function aRelease(id: ReleaseId, changes: Partial<Release> = {}): Release {
  const images = { web: `registry.example/shop/web@sha256:${id}` };
  return { id, images, composeHash: id, env: {}, requestedBy: 'anna', key: id, ...changes };
}

export function anEnvironment(
  id: ReleaseId,
  state: EnvironmentState,
  changes: Partial<Environment> = {},
): Environment {
  const pool: Pool = releaseNumber(id) % 2 === 0 ? 'b' : 'a';
  const project = projectName(appName, id);
  return { release: aRelease(id), pool, droplets: pools[pool], project, state, ...changes };
}
