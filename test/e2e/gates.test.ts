// Gates on little traffic: a release that is a little worse is caught, one that is as good as blue is not; each leaves its report.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../compose/lab/model.ts';
import type { Stage } from '../../compose/lab/stage.ts';
import { backOn, orderFault } from './back.ts';
import {
  entered,
  expectEnd,
  expectExit,
  given,
  on,
  onStage,
  pools,
  underLoad,
  usePolicy,
} from './kit.ts';
import { quickPolicy } from './quick.ts';

/** Two droplets, each asked ten times a second: 20 requests/s. */
const judged = (shares: string) =>
  quickPolicy({
    verifyLimit: '150s',
    verifyGates: `[{ name: errors, probe: { http: { of: droplets, path: / } }, every: 100ms,
      judge: { errorRate: { ${shares}, confidence: 99% } } }]`,
  });

const spoil = (stage: Stage, droplets: readonly number[], errorRate: number) =>
  Promise.all(droplets.map((droplet) => orderFault(stage, droplet, { errorRate })));

/** For whoever wants to look at them: they outlive the stage. */
async function reportOf(stage: Stage, release: string, name: string): Promise<void> {
  const folder = join(root, '.lab', 'reports');
  await mkdir(folder, { recursive: true });
  expectExit(await stage.run('report', release, '--output', join(folder, `${name}.html`)), 0);
}

describe('under 20 requests a second', () => {
  test('a release with 3 % errors is caught and rolled back', () =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      usePolicy(stage, judged('acceptable: 0.5%, unacceptable: 3%'));
      const load = await underLoad(
        stage,
        async () => {
          const promotion = stage.start(['promote', 'v2']);
          await entered(stage, 'verifying', 2);
          await spoil(stage, pools.b, 0.03);
          const ended = await promotion.ended;
          expectExit(ended, 11);
          expect(ended.stderr).toMatch(/errors fails: \d+ of \d+ requests failed/);
        },
        20,
      );
      await reportOf(stage, 'r2', 'three-percent');
      await expectEnd(stage, backOn('r1', stage, { load, last: 'rolled-back', bad: 'may be' }));
    }));

  test('a release with 1 % errors is not, where blue has as many', () =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      usePolicy(stage, judged('acceptable: 1%, unacceptable: 8%, against: blue'));
      await spoil(stage, pools.a, 0.01);
      const load = await underLoad(
        stage,
        async () => {
          const promotion = stage.start(['promote', 'v2']);
          await entered(stage, 'verifying', 2);
          await spoil(stage, pools.b, 0.01);
          const ended = await promotion.ended;
          expectExit(ended, 0);
          expect(ended.stderr).toMatch(/errors passes: .*blue/);
        },
        20,
      );
      await reportOf(stage, 'r2', 'as-good-as-blue');
      await expectEnd(stage, {
        load,
        attached: pools.b,
        projects: on(stage, 'r2', 'b'),
        last: 'promoted',
        bad: 'may be',
      });
    }));
});
