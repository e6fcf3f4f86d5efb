// Droplets on their bad days: dockerd dead, SSH cut or silent, power off. These rows have the lab to themselves.
import { expect, inject, test } from 'vitest';
import {
  blockSsh,
  cutSsh,
  killDockerd,
  startDockerd,
  startDroplet,
  stopDroplet,
  unblockSsh,
} from '../../compose/lab/faults.ts';
import type { LabDroplet } from '../../compose/lab/lab.ts';
import type { Bgctl, Stage } from '../../compose/lab/stage.ts';
import { healthy } from './cloud.ts';
import { expectEnd, expectExit, folded, given, on, onStage, pools, underLoad } from './kit.ts';
import { enters, startedUntil } from './moments.ts';
import { quickPolicy } from './quick.ts';

const slowGate = quickPolicy({ gateMinimum: '4s', gateLimit: '30s', unreachable: '6s' });

test.each([
  { how: 'whose dockerd dies', breaks: killDockerd, mends: startDockerd },
  { how: 'that is powered off', breaks: stopDroplet, mends: startDroplet },
])(
  'a droplet of green $how in gating ends the promotion, blue untouched; what could not be removed goes with the next command',
  ({ breaks, mends }) =>
    onStage({ breaksDroplets: true, policy: slowGate }, async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async () => {
        const promotion = await promoting(stage, 'gating');
        await breaks(droplet(3));
        const failed = await promotion.ended;
        expectExit(failed, 10);
        expect(failed.stderr).toContain('r1 never lost traffic');
        expect(failed.stderr).toContain(
          `Could not be removed yet: ${stage.app}-r2 on droplet 3; the next command tries again`,
        );
        const left = (await folded(stage)).present.map(({ droplet: id }) => id);
        expect(left.sort()).toEqual([1, 2, 3]);
        await mends(droplet(3));
        expect(await stage.projects()).toEqual([...on(stage, 'r1', 'a'), `${stage.app}-r2@3`]);
        const status = await stage.run('status');
        expect(status.stdout).toContain(`left over, to be removed: ${stage.app}-r2 on droplet 3`);
        expectExit(await stage.run('resume'), 10);
      });
      await expectEnd(stage, {
        load,
        attached: pools.a,
        projects: on(stage, 'r1', 'a'),
        last: 'failed',
      });
    }),
);

test('SSH to the droplets of green is cut while switching: the connections come back and nobody noticed', () =>
  onStage({ breaksDroplets: true }, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      const promotion = await promoting(stage, 'switching');
      await Promise.all([cutSsh(droplet(3)), cutSsh(droplet(4))]);
      expectExit(await promotion.ended, 0);
    });
    await expectEnd(stage, {
      load,
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
  }));

test('I5: a droplet of the new blue that SSH cannot reach while it is verified is never a pass: held, the old one warm', () =>
  onStage(
    {
      breaksDroplets: true,
      // What is known of a droplet is as old as its probes' time-out: the verification lasts longer than that.
      policy: quickPolicy({ verifyMinimum: '8s', unreachable: '6s', probeTimeout: '2s' }),
    },
    async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async () => {
        const promotion = await promoting(stage, 'verifying');
        await blockSsh(droplet(3), 'silence');
        const held = await promotion.ended;
        expectExit(held, 13);
        expect(held.stderr).toContain('bgctl resolve --keep r2');
        expect(held.stderr).toContain('bgctl resolve --keep r1');
        await unblockSsh(droplet(3));
        expect(await stage.attached()).toEqual(pools.b);
        expect(await stage.projects()).toEqual([...on(stage, 'r1', 'a'), ...on(stage, 'r2', 'b')]);
        expectExit(await stage.run('resolve', '--keep', 'r2'), 0);
      });
      await expectEnd(stage, {
        load,
        attached: pools.b,
        projects: on(stage, 'r2', 'b'),
      });
    },
  ));

test('a droplet of blue that lost its power does not keep a release back; its project goes when it is there again', () =>
  onStage({ breaksDroplets: true }, async (stage) => {
    await given(stage, 'v1');
    await stopDroplet(droplet(1));
    await healthy(stage, [2]);
    const load = await underLoad(stage, async () => {
      const promoted = await stage.run('promote', 'v2');
      expectExit(promoted, 0);
      expect(promoted.stdout).toContain(
        `Could not be removed yet: ${stage.app}-r1 on droplet 1; the next command tries again`,
      );
    });
    expect(await stage.attached()).toEqual(pools.b);
    await startDroplet(droplet(1));
    expectExit(await stage.run('resume'), 0);
    await expectEnd(stage, {
      load,
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
  }));

/** v2 under way, just in the phase. */
function promoting(stage: Stage, phase: string): Promise<Bgctl> {
  return startedUntil(stage, ['promote', 'v2'], { when: phase, is: enters(phase) });
}

function droplet(id: number): LabDroplet {
  const found = inject('lab').droplets.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no droplet ${id}`);
  return found;
}
