// Cancelled jobs, the deploy after one, and going back to something unknown: bad days that were measured on other deployers.
// Nobody who visits may notice any of them.
import { describe, expect, test } from 'vitest';
import type { Stage } from '../../compose/lab/stage.ts';
import {
  containerOf,
  dockerOn,
  entered,
  expectEnd,
  expectExit,
  given,
  journaled,
  linesOf,
  on,
  onStage,
  pools,
  underLoad,
  until,
} from './kit.ts';

describe('a job is cancelled while its candidate boots', () => {
  test.each([
    {
      signal: 'SIGINT' as const,
      next: 'resume ends the promotion',
      go: (stage: Stage) => stage.run('resume').then((end) => [end]),
      release: 'r2',
    },
    {
      signal: 'SIGTERM' as const,
      next: 'promoting the same again attaches and ends it',
      go: (stage: Stage) => stage.run('promote', 'slowboot').then((end) => [end]),
      release: 'r2',
    },
    {
      signal: 'SIGKILL' as const,
      next: 'abort, then another release',
      go: async (stage: Stage) => [await stage.run('abort'), await stage.run('promote', 'v5')],
      release: 'r3',
    },
  ])('by $signal: nothing switches by itself; next, $next', ({ signal, go, release }) =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async (load) => {
        const promotion = stage.start(['promote', 'slowboot']);
        await journaled(
          stage,
          'the candidate started',
          (line) =>
            line.type === 'settled' && line.effect.kind === 'start-project' && isR2(stage, line),
        );
        const cancelled = performance.now();
        promotion.child.kill(signal);
        const ended = await promotion.ended;
        const tookMs = performance.now() - cancelled;
        expect(tookMs).toBeLessThan(5_000);
        if (signal === 'SIGKILL') expect(ended.signal).toBe('SIGKILL');
        else {
          expectExit(ended, 17);
          expect(ended.stderr).toContain('bgctl resume');
        }
        const lines = linesOf(stage).length;
        await booted(stage);
        const sent = load.snapshot()?.requests ?? 0;
        await until('three more seconds of requests', () => {
          return (load.snapshot()?.requests ?? 0) > sent + 120;
        });
        expect(Object.keys(load.snapshot()?.last.versions ?? {})).toEqual(['v1']);
        expect(await stage.attached()).toEqual(pools.a);
        expect(linesOf(stage)).toHaveLength(lines);
        for (const end of await go(stage)) expectExit(end, 0);
      });
      await expectEnd(stage, {
        load,
        attached: pools.b,
        projects: on(stage, release, 'b'),
        last: 'promoted',
      });
    }),
  );

  test('another release meanwhile is refused, the live side is untouched, and abort makes room', () =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async () => {
        const promotion = stage.start(['promote', 'slowboot']);
        await entered(stage, 'starting', 2);
        promotion.child.kill('SIGKILL');
        await promotion.ended;
        const refused = await stage.run('promote', 'v5');
        expectExit(refused, 14);
        expect(refused.stderr).toContain('bgctl abort');
        expect(await stage.attached()).toEqual(pools.a);
        expectExit(await stage.run('abort'), 0);
        await expectEnd(stage, {
          attached: pools.a,
          projects: on(stage, 'r1', 'a'),
          last: 'aborted',
        });
        expectExit(await stage.run('promote', 'v5'), 0);
      });
      await expectEnd(stage, {
        load,
        attached: pools.b,
        projects: on(stage, 'r3', 'b'),
        last: 'promoted',
      });
    }));
});

test('going back to something unknown is refused in words, whatever the command', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      const before = linesOf(stage).length;
      const rows = [
        { words: ['resolve', '--keep', 'r99'], says: 'there is nothing to resolve' },
        { words: ['show', 'r99'], says: 'r99 is not in the journal; the last are r1' },
        { words: ['abort'], says: 'nothing is under way' },
        { words: ['rollback', 'r99'], says: 'rollback' },
      ];
      for (const { words, says } of rows) {
        const ended = await stage.run(...words);
        expectExit(ended, 2);
        expect(ended.stderr).toContain(says);
      }
      expect(linesOf(stage)).toHaveLength(before);
    });
    await expectEnd(stage, { load, attached: pools.a, projects: on(stage, 'r1', 'a') });
  }));

function isR2(stage: Stage, line: ReturnType<typeof linesOf>[number]): boolean {
  return (
    line.type === 'settled' && 'project' in line.effect && line.effect.project === `${stage.app}-r2`
  );
}

/** Waits until the slow candidate is up and healthy on both droplets, although nobody asked it to be. */
async function booted(stage: Stage): Promise<void> {
  const words = ['ps', '--format', '{{.Status}}', '--filter', `name=${containerOf(stage, 'r2')}`];
  await until('the candidate is healthy', async () => {
    const all = await dockerOn(pools.b, ...words);
    return all.every((status) => status.includes('(healthy)'));
  });
}
