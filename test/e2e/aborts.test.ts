// Every way to go back by hand, on real droplets and under load: the abort table of the design, row by row.
import { describe, expect, test } from 'vitest';
import type { Stage } from '../../compose/lab/stage.ts';
import { abortOf, backOn, done, isDetachOf, orderFault } from './back.ts';
import {
  entered,
  expectEnd,
  given,
  journaled,
  linesOf,
  on,
  onStage,
  pools,
  servedBy,
  underLoad,
  until,
  usePolicy,
} from './kit.ts';
import { quickPolicy } from './quick.ts';

/** A balancer that takes its time to find a target healthy, so that there is an instant to abort in. */
const slowToTrust = { checkIntervalSeconds: 3, healthyThreshold: 6 };
/** Time enough to do something in verifying, on a busy machine too. */
const longVerify = quickPolicy({ verifyMinimum: '25s', verifyLimit: '60s' });

describe('an abort by hand, before the commit point: blue never left, green goes', () => {
  test.each([
    {
      where: 'starting',
      when: 'while green boots',
      version: 'slowboot',
      row: {},
      instant: (stage: Stage) =>
        journaled(stage, 'green started', done('start-project', 'r2')).then(() => undefined),
    },
    {
      where: 'gating',
      when: 'while green is judged',
      version: 'v2',
      row: { policy: quickPolicy({ gateMinimum: '20s', gateLimit: '60s' }) },
      instant: (stage: Stage) => entered(stage, 'gating', 2).then(() => undefined),
    },
    {
      where: 'switching',
      when: 'with green attached and not yet trusted',
      version: 'v2',
      row: { healthCheck: slowToTrust },
      instant: (stage: Stage) =>
        journaled(stage, 'green attached', done('attach-droplets', 'r2')).then(() => undefined),
    },
  ])('in $where, $when', ({ where, version, row, instant }) =>
    onStage(row, async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async () => {
        const promotion = stage.start(['promote', version]);
        await instant(stage);
        await abortOf(stage, promotion);
      });
      await expectEnd(stage, backOn('r1', stage, { load, last: 'aborted' }));
      expect(linesOf(stage).filter((line) => line.type === 'committed')).toHaveLength(1);
      if (where !== 'switching') expect(Object.keys(load.byVersion)).toEqual(['v1']);
    }),
  );
});

describe('an abort by hand, after the commit point: the old environment serves again first', () => {
  test('in switching, while blue drains', () =>
    onStage({ policy: quickPolicy({ quiet: '6s', drainLimit: '20s' }) }, async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async () => {
        const promotion = stage.start(['promote', 'v2']);
        await journaled(stage, 'blue draining', done('fail-health', 'r1'));
        await abortOf(stage, promotion);
      });
      await expectEnd(stage, backOn('r1', stage, { load, last: 'aborted' }));
      expectServedBeforeDetach(stage);
    }));

  test('in switching, while blue is being detached: it is attached again', () =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      // An abort that comes late, on a busy machine, still finds something to take back.
      usePolicy(stage, longVerify);
      const load = await underLoad(stage, async () => {
        await stage.emulator.admin.fault({ kind: 'slow', delayMs: 4000, method: 'DELETE' });
        const promotion = stage.start(['promote', 'v2']);
        await journaled(stage, 'the detach of blue', isDetachOf(1));
        await abortOf(stage, promotion);
      });
      await expectEnd(stage, backOn('r1', stage, { load, last: 'aborted' }));
      expectServedBeforeDetach(stage);
    }));

  test('in verifying, with green healthy', () =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      usePolicy(stage, longVerify);
      const load = await underLoad(stage, async () => {
        const promotion = stage.start(['promote', 'v2']);
        await entered(stage, 'verifying', 2);
        await abortOf(stage, promotion);
      });
      await expectEnd(stage, backOn('r1', stage, { load, last: 'aborted' }));
      expectServedBeforeDetach(stage);
    }));
});

describe('the first release ever', () => {
  test.each([
    {
      where: 'starting',
      version: 'slowboot',
      instant: (stage: Stage) => entered(stage, 'starting'),
    },
    {
      where: 'switching, attached and not serving yet',
      version: 'v1',
      instant: (stage: Stage) => journaled(stage, 'green attached', done('attach-droplets', 'r1')),
    },
  ])('aborted in $where it is removed, and nothing is left', ({ version, instant }) =>
    onStage({ healthCheck: slowToTrust }, async (stage) => {
      const promotion = stage.start(['promote', version]);
      await instant(stage);
      await abortOf(stage, promotion);
      await expectEnd(stage, { attached: [], projects: [], last: 'aborted' });
    }),
  );

  test('aborted in switching while a part of it serves people already the app is held', () =>
    onStage({}, async (stage) => {
      const promotion = stage.start(['promote', 'v1']);
      await entered(stage, 'switching');
      await orderFault(stage, 2, { neverHealthy: true });
      await until('droplet 1 serves', async () => (await servedBy(stage)) === 'r1');
      const aborted = await stage.run('abort');
      const ended = await promotion.ended;
      expect(ended.stderr).toContain('bgctl resolve --keep r1');
      const held = { attached: pools.a, projects: on(stage, 'r1', 'a') };
      await expectEnd(stage, {
        ...held,
        phase: 'held',
        exits: [
          [aborted, 13],
          [ended, 13],
        ],
      });
      expect(await servedBy(stage)).toBe('r1');
      await orderFault(stage, 2, { neverHealthy: false });
      await expectEnd(stage, { ...held, exits: [[await stage.run('resolve', '--keep', 'r1'), 0]] });
    }));

  test('aborted in verifying the app is held: there is nothing to go back to', () =>
    onStage({ policy: longVerify }, async (stage) => {
      const promotion = stage.start(['promote', 'v1']);
      await entered(stage, 'verifying');
      const aborted = await stage.run('abort');
      const ended = await promotion.ended;
      expect(aborted.stderr).toContain('bgctl resolve --keep r1');
      const held = { attached: pools.a, projects: on(stage, 'r1', 'a'), phase: 'held' } as const;
      await expectEnd(stage, {
        ...held,
        exits: [
          [aborted, 13],
          [ended, 13],
        ],
      });
      const refused = await stage.run('promote', 'v2');
      expect(refused.stderr).toContain('bgctl resolve --keep r1');
      await expectEnd(stage, { ...held, exits: [[refused, 13]] });
      const kept = await stage.run('resolve', '--keep', 'r1');
      await expectEnd(stage, { ...held, phase: 'idle', exits: [[kept, 0]] });
    }));
});

test('an abort in retiring is refused and says what to do; the promotion ends well', () =>
  onStage({ policy: quickPolicy({ warm: '25s' }) }, async (stage) => {
    await given(stage, 'v1');
    const promotion = stage.start(['promote', 'v2']);
    await entered(stage, 'retiring', 2);
    const aborted = await stage.run('abort');
    expect(aborted.stderr).toContain('promote the old release again');
    await expectEnd(stage, {
      exits: [
        [aborted, 2],
        [await promotion.ended, 0],
      ],
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
  }));

/** The journal's order: blue's return settled before green's detach began. */
function expectServedBeforeDetach(stage: Stage): void {
  const lines = linesOf(stage);
  const aborting = lines.findIndex((line) => line.type === 'entered' && line.phase === 'aborting');
  const after = lines.slice(aborting);
  const back = after.findIndex(
    (line) =>
      line.type === 'settled' &&
      line.ok &&
      ((line.effect.kind === 'attach-droplets' && line.effect.droplets.includes(1)) ||
        line.effect.kind === 'restore-health'),
  );
  const leaves = after.findIndex(isDetachOf(3));
  expect(back).toBeGreaterThan(0);
  expect(leaves).toBeGreaterThan(back);
}
