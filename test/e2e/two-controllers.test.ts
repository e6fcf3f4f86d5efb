// Two CI jobs, a laptop and a CI job, a controller that was frozen: one drives, and people notice nothing.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Bgctl, Stage } from '../../compose/lab/stage.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { changes } from './cloud.ts';
import {
  entered,
  expectEnd,
  expectExit,
  given,
  linesOf,
  on,
  onStage,
  pools,
  said,
  underLoad,
  until,
  usePolicy,
} from './kit.ts';
import { began, commits, enters, type Moment, startedUntil } from './moments.ts';
import { quickPolicy } from './quick.ts';

test('--on-busy=wait: the second release begins when the first is verified, and both are promoted', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      const first = stage.start(['promote', 'v2']);
      await entered(stage, 'starting', 2);
      const second = stage.start(['promote', 'v5', '--on-busy=wait']);
      await said(second, `pid ${first.child.pid}`);
      await said(second, '--on-busy=wait: waiting for its end');
      expectExit(await first.ended, 0);
      expectExit(await second.ended, 0);
    });
    const app = await expectEnd(stage, {
      load,
      attached: pools.a,
      projects: on(stage, 'r3', 'a'),
      last: 'promoted',
    });
    expect(app.released).toBe(3);
  }));

test('--on-busy=wait and a time limit: it stops waiting, asks for nothing, and the first goes on', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const first = stage.start(['promote', 'v2']);
    await entered(stage, 'starting', 2);
    const second = await stage.run('promote', 'v5', '--on-busy=wait', '--timeout=3s');
    expect(second.stderr).toContain('The new release was not asked for');
    const app = await expectEnd(stage, {
      exits: [
        [second, 14],
        [await first.ended, 0],
      ],
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
    expect(app.released).toBe(2);
  }));

test('--on-busy=replace: a release before its switch is aborted, told by whom, and the next one is promoted', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      // However long the second needs to come, the first is still before its switch.
      usePolicy(stage, quickPolicy({ gateMinimum: '80s', gateLimit: '170s' }));
      const first = stage.start(['promote', 'v2']);
      await entered(stage, 'starting', 2);
      usePolicy(stage, quickPolicy());
      const second = stage.start(['promote', 'v5', '--on-busy=replace']);
      const [one, two] = await Promise.all([first.ended, second.ended]);
      expectExit(one, 12);
      expect(one.stderr + one.stdout).toContain(`pid ${second.child.pid} replaces it`);
      expectExit(two, 0);
    });
    await expectEnd(stage, {
      load,
      attached: pools.b,
      projects: on(stage, 'r3', 'b'),
      last: 'promoted',
    });
  }));

test('--on-busy=replace: a release that is being switched to is not replaced', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      usePolicy(stage, quickPolicy({ verifyMinimum: '30s', verifyLimit: '70s' }));
      const first = stage.start(['promote', 'v2']);
      await entered(stage, 'switching', 2);
      const second = await stage.run('promote', 'v5', '--on-busy=replace');
      expectExit(second, 14);
      expect(second.stderr).toContain('only a release before its switch is replaced');
      expectExit(await first.ended, 0);
    });
    await expectEnd(stage, {
      load,
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
  }));

test('a promote during an abort is refused, and told what is going on', () =>
  // Blue has left and must be trusted again: the abort lasts until the second has come.
  onStage({ healthCheck: { healthyThreshold: 8 } }, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      usePolicy(stage, quickPolicy({ verifyMinimum: '30s', verifyLimit: '70s' }));
      const first = await startedUntil(stage, ['promote', 'v2'], {
        when: 'verifying',
        is: enters('verifying'),
      });
      const abort = await startedUntil(stage, ['abort'], {
        when: 'aborting',
        is: enters('aborting'),
      });
      const second = await stage.run('promote', 'v5');
      expectExit(second, 14);
      expect(second.stderr).toContain('is aborting r2');
      expectExit(await abort.ended, 0);
      expectExit(await first.ended, 12);
    });
    await expectEnd(stage, {
      load,
      attached: pools.a,
      projects: on(stage, 'r1', 'a'),
      last: 'aborted',
    });
  }));

test.each<Moment>([
  { when: 'gating', is: enters('gating') },
  { when: 'attach under way', is: began('attach-droplets') },
  { when: 'just committed', is: commits },
  { when: 'detach under way', is: began('detach-droplets') },
])(
  'I4: bgctl frozen ($when) past its lease: another ends the promotion, and it writes nothing when it wakes up',
  (moment) =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async () => {
        const frozen = await startedUntil(stage, ['promote', 'v2'], moment);
        await freeze(stage, frozen);
        expectExit(await stage.run('resume'), 0);
        await wakesWithoutWriting(stage, frozen);
      });
      await expectEnd(stage, {
        load,
        attached: pools.b,
        projects: on(stage, 'r2', 'b'),
        last: 'promoted',
      });
    }),
);

/** Not in the middle of a write: then whoever comes is told to end it (test/journal/file.test.ts). */
async function freeze(stage: Stage, { child }: Bgctl): Promise<void> {
  const lock = join(stage.directory, 'journal', `${stage.app}.lock`);
  const isFree = () => spawnSync('flock', ['-n', lock, 'true']).status === 0;
  await until('bgctl is frozen between two writes', async () => {
    child.kill('SIGSTOP');
    // A lock that it had just ordered comes later.
    await systemClock.sleep(200);
    const free = isFree();
    if (!free) child.kill('SIGCONT');
    return free;
  });
}

async function wakesWithoutWriting(stage: Stage, frozen: Bgctl): Promise<void> {
  const before = { journal: linesOf(stage), cloud: await changes(stage) };
  frozen.child.kill('SIGCONT');
  expectExit(await frozen.ended, 0);
  expect({ journal: linesOf(stage), cloud: await changes(stage) }).toEqual(before);
}
