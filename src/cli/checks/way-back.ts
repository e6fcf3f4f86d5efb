// Whether what is live could be made anew, and what was before it: their images are still on their droplets.
import { because } from '../../lib/failure.ts';
import type { Policy } from '../../policy/policy.ts';
import { type App, environmentsOf } from '../../promotion/app.ts';
import type { Entry } from '../../promotion/entry.ts';
import type { DropletId, Environment } from '../../promotion/environment.ts';
import { promotionsOf } from '../../promotion/history.ts';
import type { Wired } from '../../wire.ts';
import type { Finding } from '../findings.ts';

type Recorded = {
  readonly app: App;
  readonly policy: Policy;
  readonly entries: readonly Entry[];
};

export async function ofWayBack(
  wired: Pick<Wired, 'images'>,
  recorded: Recorded,
): Promise<readonly Finding[]> {
  const { live } = environmentsOf(recorded.app);
  if (live === null) return [];
  const before = beforeIt(live, recorded);
  const asked = [
    ...ofEnvironment(wired, live, 'the live release'),
    ...(before === null ? [] : ofEnvironment(wired, before, 'the release before it')),
  ];
  return Promise.all(asked);
}

/** What served before the live release was asked for, wherever it ran. */
function beforeIt(
  { release }: Environment,
  { app, policy, entries }: Recorded,
): Environment | null {
  const promotions = promotionsOf(app.name, policy, entries);
  return promotions.findLast((one) => one.release.id === release.id)?.before ?? null;
}

function ofEnvironment(
  wired: Pick<Wired, 'images'>,
  environment: Environment,
  whose: string,
): Promise<Finding>[] {
  return environment.droplets.map((droplet) => ofDroplet(wired, environment, { droplet, whose }));
}

async function ofDroplet(
  wired: Pick<Wired, 'images'>,
  { release }: Environment,
  { droplet, whose }: { readonly droplet: DropletId; readonly whose: string },
): Promise<Finding> {
  const what = `droplet ${droplet}: images of ${release.id}, ${whose}`;
  const wanted = [...new Set(Object.values(release.images))];
  if (wanted.length === 0)
    return { verdict: 'warn', what, detail: 'not known: bgctl did not start it' };
  try {
    const there = new Set(await wired.images(droplet));
    const gone = wanted.filter((image) => !there.has(image));
    if (gone.length === 0) return { verdict: 'ok', what, detail: 'all there' };
    const detail = `gone: ${gone.join(', ')}; going back to it would have to pull first`;
    const mend = `\`docker pull\` there, and let nothing prune what is live or was live last`;
    return { verdict: 'warn', what, detail, mend };
  } catch (error) {
    return { verdict: 'warn', what, detail: because(error) };
  }
}
