// What the journal expects beside what is there now: for a person who asks, never for a decision.
import { because } from '../lib/failure.ts';
import { within } from '../lib/within.ts';
import { type App, environmentsOf } from '../promotion/app.ts';
import { at, type DropletId, type ProjectAt, projectsOf } from '../promotion/environment.ts';
import type { World } from '../world.ts';

export type Compared = {
  /** `load balancer`, `shop-r41 on droplet 2`. */
  readonly what: string;
  readonly expected: string;
  readonly seen: string;
  /** Null: what is there could not be seen. */
  readonly same: boolean | null;
};

/** A person waits for this. */
const limitMs = 8_000;

export async function compare(world: World, app: App): Promise<readonly Compared[]> {
  const { live, other } = environmentsOf(app);
  const places = [live, other].filter((one) => one !== null).flatMap(projectsOf);
  return Promise.all([balancer(world, app), ...places.map((place) => project(world, app, place))]);
}

async function balancer(world: World, app: App): Promise<Compared> {
  const look = async () => {
    const [attached, pools] = await Promise.all([
      world.balancer.attached(),
      world.balancer.pools(),
    ]);
    const ours = [...pools.a, ...pools.b, ...app.attached];
    return attached.filter((droplet) => ours.includes(droplet));
  };
  const expected = [...app.attached].sort((one, two) => one - two);
  return seenAs(world, { what: 'load balancer', expected: named(expected) }, look, (attached) => {
    const unsure = (droplet: DropletId) => app.unsure.includes(droplet);
    const [mine, theirs] = [expected, attached].map((all) => all.filter((one) => !unsure(one)));
    return { seen: named(attached), same: String(mine) === String(theirs) };
  });
}

function project(world: World, app: App, place: ProjectAt): Promise<Compared> {
  const what = `${place.project} on droplet ${place.droplet}`;
  const begun = app.present.some((one) => at(one) === at(place));
  const silenced = app.silenced.some((one) => at(one) === at(place));
  const expected = begun
    ? silenced
      ? 'running, told to fail its health check'
      : 'healthy'
    : 'not begun';
  return seenAs(
    world,
    { what, expected },
    () => world.hosts.inspect(place),
    ({ is, detail }) => {
      const runs = is === 'healthy' || is === 'starting' || (silenced && is === 'unhealthy');
      return {
        seen: detail === '' ? is : `${is} (${detail})`,
        same: begun ? runs : is === 'absent',
      };
    },
  );
}

async function seenAs<T>(
  { clock }: World,
  one: Pick<Compared, 'what' | 'expected'>,
  look: () => Promise<T>,
  judge: (found: T) => Pick<Compared, 'seen' | 'same'>,
): Promise<Compared> {
  const found = look().then(judge, (error) => ({ seen: `unknown: ${because(error)}`, same: null }));
  const late = { seen: `unknown: no answer within ${limitMs / 1000} s`, same: null };
  return { ...one, ...((await within(limitMs, clock, found)) ?? late) };
}

function named(droplets: readonly DropletId[]): string {
  if (droplets.length === 0) return 'no droplet of the pools';
  return `${droplets.length === 1 ? 'droplet' : 'droplets'} ${droplets.join(', ')}`;
}
