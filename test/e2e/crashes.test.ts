// kill -9 between any two instructions, a journal that was damaged, a machine that is gone: `resume` goes on as if nothing had been.
import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../compose/lab/model.ts';
import type { Bgctl, Stage } from '../../compose/lab/stage.ts';
import type { Fault } from '../../src/emulator/faults.ts';
import { changes } from './cloud.ts';
import {
  expectEnd,
  expectExit,
  given,
  linesOf,
  on,
  onStage,
  type Pool,
  pools,
  said,
  underLoad,
} from './kit.ts';
import { began, commits, enters, type Moment, settled, startedUntil } from './moments.ts';

/** `slowed`: so that the killed one is caught in the middle of its call. */
type Kill = Moment & { readonly slowed?: 'POST' | 'DELETE' };

const beforeCommit: readonly Kill[] = [
  { when: 'asked, not begun', is: (entry) => entry.type === 'asked' },
  { when: 'pulling and starting', is: began('start-project') },
  { when: 'gating', is: enters('gating') },
  { when: 'switching, attach under way', is: began('attach-droplets'), slowed: 'POST' },
  { when: 'switching, attached', is: settled('attach-droplets') },
];
const afterCommit: readonly Kill[] = [
  { when: 'switching, just committed', is: commits },
  { when: 'switching, blue told to fail its health check', is: began('fail-health') },
  { when: 'switching, detach under way', is: began('detach-droplets'), slowed: 'DELETE' },
  { when: 'switching, detached', is: settled('detach-droplets') },
  { when: 'verifying', is: enters('verifying') },
  { when: 'retiring', is: enters('retiring') },
  { when: 'retiring, removing', is: began('remove-project') },
];

test.each([
  { side: 'before the commit point', moments: beforeCommit },
  { side: 'after the commit point', moments: afterCommit },
])(
  'I6: bgctl killed at any moment $side: resume ends the promotion and nobody noticed',
  ({ moments }) =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      let pool: Pool = 'a';
      for (const [index, moment] of moments.entries()) {
        pool = pool === 'a' ? 'b' : 'a';
        const load = await underLoad(stage, async () => {
          await killedAt(stage, ['promote', index % 2 === 0 ? 'v2' : 'v5'], moment);
          const resumed = await stage.run('resume');
          expect(resumed.code, `${moment.when}\n${resumed.stderr}`).toBe(0);
        });
        await expectEnd(stage, {
          load,
          attached: pools[pool],
          projects: on(stage, `r${index + 2}`, pool),
          last: 'promoted',
        });
      }
    }),
);

test('I6: killed twice in one promotion, in gating and again after the commit point, it ends all the same', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      await killedAt(stage, ['promote', 'v2'], { when: 'gating', is: enters('gating') });
      await killedAt(stage, ['resume'], { when: 'committed', is: commits });
      expectExit(await stage.run('resume'), 0);
    });
    const app = await expectEnd(stage, {
      load,
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
    expect(app.released).toBe(2);
  }));

test.each<Kill>([
  { when: 'starting', is: began('start-project') },
  { when: 'attach under way', is: began('attach-droplets'), slowed: 'POST' },
  { when: 'just committed', is: commits },
  { when: 'detach under way', is: began('detach-droplets'), slowed: 'DELETE' },
  { when: 'verifying', is: enters('verifying') },
])('killed ($when) and then aborted: the old environment serves, the new one is gone', (moment) =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      await killedAt(stage, ['promote', 'v2'], moment);
      expectExit(await stage.run('abort'), 0);
    });
    await expectEnd(stage, {
      load,
      attached: pools.a,
      projects: on(stage, 'r1', 'a'),
      last: 'aborted',
    });
  }),
);

test.each([
  { why: 'it failed', version: 'sick', last: 'failed', code: 10 },
  { why: 'somebody asked for it', version: 'v2', last: 'aborted', code: 0 },
] as const)(
  'killed while going back because $why: resume ends going back',
  ({ version, last, code }) =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async () => {
        const aborting = { when: 'aborting', is: enters('aborting') };
        const first = last === 'aborted' ? { when: 'committed', is: commits } : aborting;
        const promotion = await startedUntil(stage, ['promote', version], first);
        if (last === 'aborted') await killed(await startedUntil(stage, ['abort'], aborting));
        await killed(promotion);
        expectExit(await stage.run('resume'), code);
      });
      await expectEnd(stage, {
        load,
        attached: pools.a,
        projects: on(stage, 'r1', 'a'),
        last,
      });
    }),
);

test.each<Kill>([
  { when: 'gating', is: enters('gating') },
  { when: 'verifying', is: enters('verifying') },
])('killed ($when), and the same release promoted again: it goes on, no other begins', (moment) =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      await killedAt(stage, ['promote', 'v2'], moment);
      const again = await stage.run('promote', 'v2');
      expectExit(again, 0);
      expect(again.stderr).toContain('attaching to it');
    });
    const app = await expectEnd(stage, {
      load,
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
    expect(app.released).toBe(2);
  }),
);

test('while one drives, a second is told who and since when, follows, and takes over when the first is killed', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      const gating = { when: 'gating', is: enters('gating') };
      const first = await startedUntil(stage, ['promote', 'v2'], gating);
      const who = new RegExp(`pid ${first.child.pid} .*since \\d\\d:\\d\\d:\\d\\d UTC`);
      const second = stage.start(['resume']);
      await said(second, who);
      const status = await stage.run('status');
      expect(status.stdout).toMatch(
        new RegExp(`driven by .*pid ${first.child.pid} since \\d\\d:\\d\\d:\\d\\d UTC`),
      );
      await killed(first);
      expectExit(await second.ended, 0);
    });
    await expectEnd(stage, {
      load,
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
  }));

test('half a line at the journal’s end, from a crash while writing, is told and counts for nothing', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      await killedAt(stage, ['promote', 'v2'], { when: 'gating', is: enters('gating') });
      const next = linesOf(stage).length + 1;
      appendFileSync(journalOf(stage), `{"v":1,"seq":${next},"at":17954`);
      const status = await stage.run('status');
      expect(status.stderr).toContain('never finished');
      expect(status.stdout).toContain('is gating');
      const resumed = await stage.run('resume');
      expectExit(resumed, 0);
      expect(resumed.stderr).toContain('never finished');
    });
    await expectEnd(stage, {
      load,
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
  }));

test('a journal that a newer bgctl wrote is refused by every command, and nothing is touched', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const before = await changes(stage);
    const line = { v: 3, seq: linesOf(stage).length + 1, at: Date.now(), type: 'blessed' };
    appendFileSync(journalOf(stage), `${JSON.stringify(line)}\n`);
    for (const words of [
      ['promote', 'v2'],
      ['resume'],
      ['abort'],
      ['status'],
      ['resolve', '--adopt'],
    ]) {
      const refused = await stage.run(...words);
      expectExit(refused, 2);
      expect(refused.stderr).toContain('was written by a newer bgctl');
      expect(refused.stderr).toContain('use the newer bgctl');
    }
    expect(await changes(stage)).toEqual(before);
    expect(await stage.attached()).toEqual(pools.a);
    expect(await stage.projects()).toEqual(on(stage, 'r1', 'a'));
  }));

test('with its journal on a droplet, a promotion whose machine is gone is ended from another one', () =>
  onStage({ journal: 'ssh' }, async (stage) => {
    await given(stage, 'v1');
    const elsewhere = mkdtempSync(join(tmpdir(), `${stage.app}-elsewhere-`));
    try {
      const load = await underLoad(stage, async () => {
        const promotion = stage.start(['promote', 'v2']);
        await said(promotion, 'commit point');
        await killed(promotion);
        for (const file of ['bgctl.yml', 'compose.yml', 'policy.yml'])
          cpSync(join(stage.directory, file), join(elsewhere, file));
        const resumed = await onAnotherMachine(stage, elsewhere, ['resume']);
        expect(resumed.code, resumed.said).toBe(0);
        expect(resumed.said).toContain('following');
        expect(resumed.said).toContain('r2 is live and verified');
      });
      await expectEnd(stage, {
        load,
        attached: pools.b,
        projects: on(stage, 'r2', 'b'),
        last: 'promoted',
      });
      const next = await onAnotherMachine(stage, elsewhere, ['promote', 'v5']);
      expect(next.code, next.said).toBe(0);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
    await expectEnd(stage, {
      attached: pools.a,
      projects: on(stage, 'r3', 'a'),
      last: 'promoted',
    });
  }));

/** Starts bgctl, waits for the moment among its own entries, and kills it. */
async function killedAt(stage: Stage, words: readonly string[], kill: Kill): Promise<void> {
  if (kill.slowed !== undefined) await slow(stage, kill.slowed);
  await killed(await startedUntil(stage, words, kill));
  await stage.emulator.admin.clearFaults();
}

async function killed(bgctl: Bgctl): Promise<void> {
  bgctl.child.kill('SIGKILL');
  const { signal, code } = await bgctl.ended;
  expect({ signal, code }, 'it had ended by itself').toEqual({ signal: 'SIGKILL', code: null });
}

function slow(stage: Stage, method: 'POST' | 'DELETE'): Promise<void> {
  const fault: Fault = { kind: 'slow', delayMs: 2_000, method, path: '/droplets', times: 1 };
  return stage.emulator.admin.fault(fault);
}

function journalOf(stage: Stage): string {
  return join(stage.directory, 'journal', `${stage.app}.jsonl`);
}

/** A process namespace of its own: who held the lease cannot be looked up there, as on another machine. */
async function onAnotherMachine(
  stage: Stage,
  directory: string,
  words: readonly string[],
): Promise<{ readonly code: number | null; readonly said: string }> {
  const program = [process.execPath, join(root, 'dist', 'main.js'), ...words];
  const config = ['--config', join(directory, 'bgctl.yml')];
  const child = spawn('unshare', ['-p', '-f', '--mount-proc', ...program, ...config], {
    env: { ...process.env, DIGITALOCEAN_TOKEN: stage.token },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const hear = (part: Buffer) => {
    text += part.toString('utf8');
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, said: text };
}
