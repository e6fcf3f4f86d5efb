// Whether bgctl can work with this balancer and these pools: every reason against it at once, each with its mend.
import { because } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import type { Pool } from '../promotion/environment.ts';
import type { CloudClient } from './client.ts';
import { dropletsOfPool, type LookedUp } from './droplets.ts';
import type { BalancerFacts } from './facts.ts';
import { findBalancer } from './find.ts';
import { refusals } from './refusals.ts';
import { warnings } from './warnings.ts';

export type Inspection = {
  /** Null where it could not be read; the refusals then say why. */
  readonly balancer: BalancerFacts | null;
  readonly pools: Readonly<Record<Pool, LookedUp>>;
  /** With one of these, nothing may begin. */
  readonly refusals: readonly string[];
  readonly warnings: readonly string[];
};

type Given = {
  readonly client: CloudClient;
  readonly settings: Settings;
  readonly signal?: AbortSignal;
};

const limitMs = 30_000;

/** Changes nothing, never rejects. */
export async function inspectBalancer({ client, settings, signal }: Given): Promise<Inspection> {
  const troubles: string[] = [];
  const orTrouble = async <T>(work: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      troubles.push(because(error));
      return otherwise;
    }
  };
  const pool = (spec: Settings['pools'][Pool]) =>
    orTrouble<LookedUp | null>(
      client.patiently({ limitMs, signal }, (turn) => dropletsOfPool(client, spec, turn)),
      null,
    );
  const [balancer, a, b] = await Promise.all([
    orTrouble<BalancerFacts | null>(
      client.patiently({ limitMs, signal }, (turn) =>
        findBalancer(client, settings.cloud.balancer, turn),
      ),
      null,
    ),
    pool(settings.pools.a),
    pool(settings.pools.b),
  ]);
  const seen = { balancer, pools: { a, b }, settings };
  const nobody: LookedUp = { found: [], lost: [] };
  return {
    balancer,
    pools: { a: a ?? nobody, b: b ?? nobody },
    refusals: [...new Set(troubles), ...refusals(seen)],
    warnings: warnings(seen),
  };
}
