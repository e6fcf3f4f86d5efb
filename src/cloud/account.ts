// What the token may do, as far as can be known without changing anything.

import { because } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import type { Turn } from './budget.ts';
import type { CloudClient } from './client.ts';
import { lookUp } from './droplets.ts';
import { CloudFailure } from './failure.ts';

export type ScopeCheck = {
  readonly scope:
    | 'load_balancer:read'
    | 'load_balancer:update'
    | 'droplet:read'
    | 'monitoring:read';
  readonly has: 'yes' | 'no' | 'unknown';
  readonly because: string;
};

const limitMs = 20_000;

/**
 * Never rejects: what cannot be learnt is unknown, with its reason. Three requests, or a few more; where a policy
 * judges by the balancer's `metrics`, one for these.
 */
export function checkToken(
  client: CloudClient,
  settings: Settings,
  { metrics = false }: { readonly metrics?: boolean } = {},
): Promise<readonly ScopeCheck[]> {
  const patiently = (work: (turn: Turn) => Promise<unknown>) => client.patiently({ limitMs }, work);
  return Promise.all([
    ask('load_balancer:read', () => patiently((turn) => readBalancers(client, settings, turn))),
    ask('droplet:read', () => patiently((turn) => readDroplets(client, settings, turn))),
    askUpdate(() => patiently((turn) => client.addDroplets(nobody, [1], turn))),
    ...(metrics
      ? [ask('monitoring:read', () => patiently((turn) => readMetrics(client, turn)))]
      : []),
  ]);
}

function readBalancers(client: CloudClient, settings: Settings, turn: Turn): Promise<unknown> {
  const { balancer } = settings.cloud;
  return 'id' in balancer ? client.balancer(balancer.id, turn) : client.balancers(turn);
}

async function readDroplets(client: CloudClient, settings: Settings, turn: Turn): Promise<void> {
  const { a, b } = settings.pools;
  for (const pool of [a, b]) {
    if ('tag' in pool) await client.dropletsTagged(pool.tag, turn);
    else await lookUp(client, pool.droplets.slice(0, 1), turn);
  }
}

/** Of a balancer that does not exist: which one is asked for matters only to who may ask. */
function readMetrics(client: CloudClient, turn: Turn): Promise<unknown> {
  return client.metric(nobody, 'droplets_health_checks', { from: 0, to: 60_000 }, turn);
}

async function ask(scope: ScopeCheck['scope'], work: () => Promise<unknown>): Promise<ScopeCheck> {
  try {
    await work();
    return { scope, has: 'yes', because: 'The token was used for it.' };
  } catch (error) {
    const kind = error instanceof CloudFailure ? error.kind : null;
    // "No such thing" is said to those only who may ask.
    if (kind === 'absent') return { scope, has: 'yes', because: because(error) };
    return { scope, has: kind === 'denied' ? 'no' : 'unknown', because: because(error) };
  }
}

/** No balancer has this id, so a write to it changes nothing; a token without the scope may be told so. */
const nobody = '00000000-0000-0000-0000-000000000000';

async function askUpdate(work: () => Promise<unknown>): Promise<ScopeCheck> {
  const scope = 'load_balancer:update';
  const asked = await ask(scope, work);
  if (asked.has === 'no')
    return {
      ...asked,
      because: `${asked.because} (Asked of a load balancer that does not exist.)`,
    };
  const why =
    asked.has === 'yes'
      ? 'A change of a load balancer that does not exist was not refused for lack of the scope, so the token probably has it'
      : asked.because;
  return {
    scope,
    has: 'unknown',
    because: `${why}; only a real change proves it, and none was made.`,
  };
}
