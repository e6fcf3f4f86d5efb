// SSH is lost while the old side drains: a bad day that was measured on other deployers. Nobody who visits may notice it.
import { describe, expect, inject, test } from 'vitest';
import { blockSsh, cutSsh, unblockSsh } from '../../compose/lab/faults.ts';
import type { Stage } from '../../compose/lab/stage.ts';
import {
  expectEnd,
  expectExit,
  folded,
  given,
  journaled,
  on,
  onStage,
  pools,
  servedBy,
  underLoad,
} from './kit.ts';
import { quickPolicy } from './quick.ts';

describe('SSH is lost while the old side drains', () => {
  /** Long enough in draining to lose the connection there; 2 s requests are open all the time. */
  const policy = quickPolicy({ quiet: '3s', drainLimit: '20s' });
  const draining = (stage: Stage) =>
    journaled(
      stage,
      'blue draining',
      (line) => line.type === 'settled' && line.effect.kind === 'fail-health' && line.ok,
    );

  test.each([
    { side: 'old', droplets: pools.a },
    { side: 'new', droplets: pools.b },
    { side: 'old and new', droplets: [...pools.a, ...pools.b] },
  ])('connections to the $side side are cut: it goes on and ends well', ({ droplets }) =>
    onStage({ policy, breaksDroplets: true }, async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async () => {
        const promotion = stage.start(['promote', 'v2']);
        await draining(stage);
        await Promise.all(chosen(droplets).map(cutSsh));
        expectExit(await promotion.ended, 0);
      });
      await expectEnd(stage, { ...onR2(stage), load, last: 'promoted' });
    }),
  );

  test.each([
    { side: 'old', droplets: pools.a },
    { side: 'new', droplets: pools.b },
  ])(
    'the $side side stays out of reach: nothing that serves is stopped, and resume ends it',
    ({ droplets }) =>
      onStage({ policy, breaksDroplets: true }, async (stage) => {
        await given(stage, 'v1');
        const load = await underLoad(stage, async () => {
          const promotion = stage.start(['promote', 'v2']);
          await draining(stage);
          await Promise.all(chosen(droplets).map((droplet) => blockSsh(droplet, 'silence')));
          const ended = await promotion.ended;
          expect([0, 13, 16], ended.stderr).toContain(ended.code);
          expect(['r1', 'r2']).toContain(await servedBy(stage));
          await Promise.all(chosen(droplets).map(unblockSsh));
          if ((await folded(stage)).phase === 'held')
            expectExit(await stage.run('resolve', '--keep', 'r2'), 0);
          expectExit(await stage.run('resume'), 0);
        });
        await expectEnd(stage, { ...onR2(stage), load });
      }),
  );
});

function onR2(stage: Stage) {
  return { attached: pools.b, projects: on(stage, 'r2', 'b') };
}

function chosen(droplets: readonly number[]) {
  return inject('lab').droplets.filter(({ id }) => droplets.includes(id));
}
