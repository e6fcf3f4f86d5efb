// What check learns from the journal: whether it can be read, what is healthy, what is in the way, what is gone back to.
import { because } from '../../lib/failure.ts';
import { type App, environmentsOf } from '../../promotion/app.ts';
import type { CheckedCompose } from '../blueprint.ts';
import type { Connection } from '../connect.ts';
import type { Finding } from '../findings.ts';
import { nextPlace, taken } from '../obstacles.ts';
import { recorded } from '../quietly.ts';
import { ofWayBack } from './way-back.ts';

type Means = {
  readonly blueprint: CheckedCompose;
  /** Whether droplets can be asked at all. */
  readonly reachable: boolean;
};

/** Whether it can be read, and what follows from it: what is healthy, and what is in the next release's way. */
export async function ofJournal(
  connection: Connection,
  { blueprint, reachable }: Means,
): Promise<readonly Finding[]> {
  const { journal } = connection;
  try {
    const { app, entries } = await recorded(connection);
    const detail = `${journal.place}, ${entries.length} entries`;
    const found: Finding = { verdict: 'ok', what: 'journal', detail };
    if (!reachable) return [found];
    return [
      found,
      ...(await ofHealth(connection, app)),
      ...(await ofWayBack(connection.wired, { app, policy: connection.policy, entries })),
      ...(await ofNextPlace(connection, app, blueprint)),
    ];
  } catch (error) {
    return [{ verdict: 'fail', what: 'journal', detail: because(error) }];
  }
}

/** As `plan` finds it: host ports and names where the next release would run. */
async function ofNextPlace(
  connection: Connection,
  app: App,
  blueprint: CheckedCompose,
): Promise<readonly Finding[]> {
  const { pool, droplets } = nextPlace(app, await connection.wired.inspect());
  if (droplets.length === 0) return [];
  const what = `host ports and names on pool ${pool}`;
  const problems = await taken(connection, app, blueprint, droplets);
  if (problems.length === 0) return [{ verdict: 'ok', what, detail: 'free for the next release' }];
  return problems.map((detail): Finding => ({ verdict: 'fail', what, detail }));
}

/** Only what is live can be asked; a first release has nothing to ask yet. */
async function ofHealth(connection: Connection, app: App): Promise<readonly Finding[]> {
  const { live } = environmentsOf(app);
  if (live === null) return [];
  const path = connection.settings.traffic.health;
  const spec = { kind: 'http', of: 'droplets', path, expect: null, timeoutMs: 5_000 } as const;
  return Promise.all(
    live.droplets.map(async (droplet): Promise<Finding> => {
      const sample = await connection.wired.world.probes.sample(spec, live, droplet);
      const { outcome, detail } = sample ?? { outcome: 'unknown', detail: 'it was not asked' };
      const verdict = outcome === 'ok' ? 'ok' : outcome === 'error' ? 'fail' : 'warn';
      return { verdict, what: `health path ${path} on droplet ${droplet}`, detail };
    }),
  );
}
