// Releases that fail after they were healthy, and what bgctl does about it by itself: goes back, or holds where no side is safe.
import { describe, expect, test } from 'vitest';
import type { Stage } from '../../compose/lab/stage.ts';
import { abortOf, backOn, orderFault } from './back.ts';
import {
  containerOf,
  dockerOn,
  entered,
  expectEnd,
  expectExit,
  given,
  on,
  onStage,
  pools,
  servedBy,
  underLoad,
  until,
  usePolicy,
} from './kit.ts';
import { quickPolicy } from './quick.ts';

/** Time enough to do something in verifying, on a busy machine too. */
const longVerify = quickPolicy({ verifyMinimum: '25s', verifyLimit: '60s' });

/** A gate that takes its time to notice, so that a person is quicker. */
const patient = {
  verifyGates: `[{ name: up, probe: { http: { of: droplets, path: / } }, every: 2s,
    judge: { consecutive: { passes: 5, failures: 20 } } }]`,
};

describe('I3: a green that is dead, hung or half-dead in verifying neither delays nor prevents going back', () => {
  test.each([
    { state: 'dead', words: ['kill'], droplets: [3, 4] },
    { state: 'half-dead', words: ['kill'], droplets: [3] },
    { state: 'hung', words: ['pause'], droplets: [3, 4] },
    { state: 'half-hung', words: ['pause'], droplets: [4] },
  ])('$state: it goes back by itself', ({ words, droplets }) =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      usePolicy(stage, longVerify);
      let tookMs = 0;
      const load = await underLoad(stage, async () => {
        const promotion = stage.start(['promote', 'v2']);
        await entered(stage, 'verifying', 2);
        // From the first moment on: the first target is damaged before the command on the last has ended.
        const damaged = performance.now();
        await dockerOn(droplets, ...words, containerOf(stage, 'r2'));
        await until('the old environment serves again', async () => {
          return stage.attached().then((now) => now.includes(1) && servesOnly(stage, 'r1'));
        });
        tookMs = performance.now() - damaged;
        const ended = await promotion.ended;
        expectExit(ended, 11);
        expect(ended.stderr).toContain('r2 was rolled back; r1 serves again');
        // Finding out takes seconds, and so does the balancer's trust: 2 checks of 1 s.
        expect(tookMs).toBeLessThan(20_000);
      });
      // Who was sent to damaged targets while there were no others, or none known to be better, got no answer.
      await expectEnd(stage, backOn('r1', stage, { load, last: 'rolled-back', failed: 'may be' }));
      expect(load.failed).toBeLessThan((40 * tookMs * 1.2) / 1000 + 20);
    }),
  );

  test('hung: an abort by hand goes back without asking it', () =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      usePolicy(stage, quickPolicy({ ...patient, verifyMinimum: '25s', verifyLimit: '60s' }));
      const promotion = stage.start(['promote', 'v2']);
      await entered(stage, 'verifying', 2);
      await Promise.all(pools.b.map((droplet) => orderFault(stage, droplet, { hang: true })));
      await abortOf(stage, promotion);
      await expectEnd(stage, backOn('r1', stage, { last: 'aborted' }));
    }));
});

describe('held in verifying', () => {
  /** Each droplet answers every other request, so neither good nor bad answers come in a row. */
  const torn = `[{ name: torn, probe: { http: { of: balancer, path: /, expect: '"droplet":"3"' } },
    every: 100ms, judge: { consecutive: { passes: 40, failures: 40 } } }]`;
  const policy = quickPolicy({ verifyGates: torn, verifyMinimum: '1s', verifyLimit: '6s' });

  test.each([
    { keep: 'r2', pool: 'b' as const },
    { keep: 'r1', pool: 'a' as const },
  ])(
    'a gate inconclusive at its limit holds with both warm, and $keep can be kept',
    ({ keep, pool }) =>
      onStage({}, async (stage) => {
        await given(stage, 'v1');
        usePolicy(stage, policy);
        const load = await underLoad(stage, async () => {
          const ended = await stage.run('promote', 'v2');
          expect(ended.stderr).toContain('bgctl resolve --keep r1');
          expect(ended.stderr).toContain('bgctl resolve --keep r2');
          await expectEnd(stage, {
            exits: [[ended, 13]],
            attached: pools.b,
            projects: [...on(stage, 'r1', 'a'), ...on(stage, 'r2', 'b')],
            phase: 'held',
          });
          expectExit(await stage.run('resolve', '--keep', keep), 0);
        });
        await expectEnd(stage, { load, attached: pools[pool], projects: on(stage, keep, pool) });
      }),
  );

  test('with the old environment sick too there is no safe side: nothing is removed, and green goes on', () =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      usePolicy(stage, longVerify);
      const load = await underLoad(stage, async () => {
        const promotion = stage.start(['promote', 'v2']);
        await entered(stage, 'verifying', 2);
        await dockerOn(pools.a, 'kill', containerOf(stage, 'r1'));
        const aborted = await stage.run('abort');
        const ended = await promotion.ended;
        // Known to be dead it stays out; not yet known, it is attached, waited for and found not to serve.
        const attached = await stage.attached();
        expect([pools.b, [...pools.a, ...pools.b]]).toContainEqual(attached);
        await expectEnd(stage, {
          exits: [
            [aborted, 13],
            [ended, 13],
          ],
          attached,
          projects: [...on(stage, 'r1', 'a'), ...on(stage, 'r2', 'b')],
          phase: 'held',
        });
        expect(aborted.stderr + ended.stderr).toContain('no safe side');
        expectExit(await stage.run('resolve', '--keep', 'r2'), 0);
      });
      await expectEnd(stage, { load, attached: pools.b, projects: on(stage, 'r2', 'b') });
    }));
});

describe('a gate that fails', () => {
  test('before the commit point: exit 10, and nobody met the bad release', () =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async () => {
        const ended = await stage.run('promote', 'v3');
        expectExit(ended, 10);
        expect(ended.stderr).toMatch(/r2 failed and was removed; r1 never lost traffic\. .*errors/);
      });
      await expectEnd(stage, backOn('r1', stage, { load, last: 'failed' }));
    }));

  test('after it: exit 11, rolled back, and only the answers that the app spoilt were bad', () =>
    onStage({ policy: quickPolicy({ verifyMinimum: '8s' }) }, async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async () => {
        const ended = await stage.run('promote', 'v4');
        expectExit(ended, 11);
        expect(ended.stderr).toMatch(/r2 was rolled back; r1 serves again\. .*errors/);
      });
      await expectEnd(stage, backOn('r1', stage, { load, last: 'rolled-back', bad: 'some' }));
    }));
});

/** Several answers in a row, because a balancer with two sides answers from both. */
async function servesOnly(stage: Stage, release: string): Promise<boolean> {
  for (let n = 0; n < 4; n += 1) if ((await servedBy(stage)) !== release) return false;
  return true;
}
