// What `resolve --adopt` takes as true: the environment that the balancer serves from now.
import type { App } from '../promotion/app.ts';
import { environmentsOf } from '../promotion/app.ts';
import type { Command } from '../promotion/command.ts';
import type { DropletId, Environment, Pool } from '../promotion/environment.ts';
import { releaseId, releaseNumber } from '../promotion/release.ts';
import type { Connection } from './connect.ts';
import { refused } from './exit.ts';

export async function adoption(connection: Connection, app: App): Promise<Command> {
  const { world } = connection.wired;
  const [attached, pools] = await Promise.all([world.balancer.attached(), world.balancer.pools()]);
  const ours = [...pools.a, ...pools.b].filter((droplet) => attached.includes(droplet));
  const sides = (['a', 'b'] as const).filter((pool) =>
    pools[pool].some((droplet) => ours.includes(droplet)),
  );
  if (sides.length > 1)
    throw refused(
      `droplets of both pools are in the load balancer (${ours.join(', ')}): take one pool out of it first, so that it is clear what is live`,
    );
  const [pool] = sides;
  const blue = pool === undefined ? null : await liveOn(connection, app, pool, pools[pool], ours);
  const { policy, settings } = connection;
  const drains = settings.traffic.drain !== null;
  return { kind: 'adopt', blue, attached: ours, policy, drains };
}

/** The environment on the pool: one that the journal knows, or what is found running there. */
async function liveOn(
  connection: Connection,
  app: App,
  pool: Pool,
  droplets: readonly DropletId[],
  attached: readonly DropletId[],
): Promise<Environment> {
  const { live, other } = environmentsOf(app);
  const serving = droplets.filter((droplet) => attached.includes(droplet));
  const names = await Promise.all(
    serving.map((droplet) => connection.wired.world.hosts.projects(droplet)),
  );
  const found = [...new Set(names.flat())];
  const known = [live, other].find((one) => one?.pool === pool && found.includes(one.project));
  if (known !== undefined && known !== null) return { ...known, droplets: serving, state: 'blue' };
  const [project, ...more] = found;
  if (project === undefined)
    throw refused(
      `droplets ${serving.join(', ')} are in the load balancer, but no compose project of ${app.name} runs on them`,
    );
  if (more.length > 0)
    throw refused(
      `several compose projects of ${app.name} run on pool ${pool} (${found.join(', ')}): stop all but the live one first`,
    );
  return {
    release: adopted(connection, app, project),
    pool,
    droplets: serving,
    project,
    state: 'blue',
  };
}

/** A release that bgctl did not make: it has no digests of ours and is never started again. */
function adopted(connection: Connection, app: App, project: string): Environment['release'] {
  const numbered = project.slice(app.name.length + 1);
  const id = releaseNumber(numbered) > 0 ? numbered : releaseId(app.released);
  return {
    id,
    images: {},
    composeHash: '',
    env: {},
    requestedBy: connection.who,
    key: `adopted ${project}`,
  };
}
