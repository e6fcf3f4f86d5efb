// What is claimed a mode: removal that drains or cuts, backend keep-alive on or off, with and without the health step; identities.
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import type { Stage } from '../../compose/lab/stage.ts';
import {
  entered,
  expectEnd,
  expectExit,
  given,
  journaled,
  linesOf,
  on,
  onStage,
  pools,
  said,
  underLoad,
} from './kit.ts';
import { quickPolicy } from './quick.ts';

const keepalives = [{ keepAlive: true }, { keepAlive: false }];
/** Requests a second: here what is lost is the subject. */
const rate = 40;
const warned = 'without traffic.drain requests in flight may be cut';

describe.each(keepalives)('backend keep-alive $keepAlive', ({ keepAlive }) => {
  const balancer = { enableBackendKeepalive: keepAlive };

  test.each([{ removal: 'drain' }, { removal: 'cut' }] as const)(
    'with the health step nothing is lost where removal means $removal',
    ({ removal }) =>
      onStage({ balancer, knobs: { removal } }, async (stage) => {
        await given(stage, 'v1');
        const load = await underLoad(
          stage,
          async () => {
            const ended = await given(stage, 'v2');
            expect(ended.stderr).not.toContain(warned);
          },
          rate,
        );
        await expectEnd(stage, promotedTo('r2', stage, load));
      }),
  );

  test('without the health step nothing is lost where removal drains', () =>
    onStage({ balancer, drains: false, knobs: { removal: 'drain' } }, async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async () => void (await given(stage, 'v2')), rate);
      await expectEnd(stage, promotedTo('r2', stage, load));
    }));

  test('without the health step the loss where removal cuts is foretold by check, plan and promote', () =>
    onStage({ balancer, drains: false, knobs: { removal: 'cut' } }, async (stage) => {
      await given(stage, 'v1');
      for (const command of ['check', 'plan'])
        expect((await stage.run(command)).stdout).toContain(warned);
      const load = await underLoad(
        stage,
        async () => {
          const ended = await given(stage, 'v2');
          expect(ended.stderr.indexOf(warned)).toBeGreaterThanOrEqual(0);
          expect(ended.stderr.indexOf(warned)).toBeLessThan(ended.stderr.indexOf('commit point'));
        },
        rate,
      );
      await expectEnd(stage, { ...promotedTo('r2', stage, load), failed: 'may be' });
      // Only what was in flight when it was cut: not a share of all that was sent.
      expect(load.failed).toBeLessThan(load.requests / 50);
    }));
});

test.each([
  {
    title: 'a header that names the environment only',
    identity: 'identity: { header: x-bgctl-environment, path: / }',
  },
  { title: 'a path whose body names it', identity: 'identity: { path: / }' },
  { title: 'nothing: connections stand for answers', identity: 'identity: none' },
])('an app is promoted where its answers tell their environment by $title', ({ identity }) =>
  onStage({ identity }, async (stage) => {
    const first = stage.start(['promote', 'v1']);
    // Before, nobody could be served.
    await said(first, 'verifying: ');
    const load = await underLoad(stage, async () => {
      expectExit(await first.ended, 0);
      await given(stage, 'v2');
    });
    await expectEnd(stage, promotedTo('r2', stage, load));
  }),
);

test('a request that is held open when its environment drains is waited for, and ends well', () =>
  onStage({ policy: quickPolicy({ drainLimit: '60s' }) }, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      const promotion = stage.start(['promote', 'v2']);
      await entered(stage, 'switching', 2);
      const held = slow(stage.front, 20_000);
      await said(promotion, /requests? (is|are) in flight on/);
      const answer = await held;
      expect(answer.status).toBe(200);
      expect(answer.body).toContain(`${stage.app}-r1`);
      expectExit(await promotion.ended, 0);
      const detached = await journaled(stage, 'the detach of r1', isDetach);
      expect(answer.at).toBeLessThanOrEqual(detached.at);
    });
    await expectEnd(stage, promotedTo('r2', stage, load));
  }));

test('a connection that is held open to a detached environment is waited for before that is removed', () =>
  onStage(
    { drains: false, knobs: { removal: 'drain' }, policy: quickPolicy({ drainLimit: '60s' }) },
    async (stage) => {
      await given(stage, 'v1');
      const promotion = stage.start(['promote', 'v2']);
      await entered(stage, 'switching', 2);
      const held = slow(`http://127.0.1.1:${stage.port}`, 28_000);
      await said(promotion, /connections? to \S+-r1 still open/);
      expect(await stage.projects()).toEqual([...on(stage, 'r1', 'a'), ...on(stage, 'r2', 'b')]);
      const answer = await held;
      expect(answer.status).toBe(200);
      expectExit(await promotion.ended, 0);
      const removals = linesOf(stage).filter(
        (line) => line.type === 'acted' && line.effect.kind === 'remove-project',
      );
      expect(removals).toHaveLength(2);
      for (const removal of removals) expect(answer.at).toBeLessThanOrEqual(removal.at);
      await expectEnd(stage, promotedTo('r2', stage));
    },
  ));

function promotedTo(release: string, stage: Stage, load?: Awaited<ReturnType<typeof underLoad>>) {
  return {
    attached: pools.b,
    projects: on(stage, release, 'b'),
    last: 'promoted' as const,
    ...(load === undefined ? {} : { load }),
  };
}

function isDetach(line: ReturnType<typeof linesOf>[number]): boolean {
  return line.type === 'acted' && line.effect.kind === 'detach-droplets';
}

/** One request that takes so long, on a connection of its own. `at`: when its answer was complete. */
function slow(origin: string, ms: number): Promise<{ status: number; body: string; at: number }> {
  return new Promise((resolve, reject) => {
    const asked = get(`${origin}/slow?ms=${ms}`, { agent: false }, (answer) => {
      text(answer).then(
        (body) => resolve({ status: answer.statusCode ?? 0, body, at: Date.now() }),
        reject,
      );
    });
    asked.on('error', reject);
  });
}
