// Droplets on which nobody logs in as root: a user who may do everything by sudo, and one who may not.
import { expect, test } from 'vitest';
import { expectEnd, expectExit, given, on, onStage, pools, underLoad } from './kit.ts';

test('a user who may only sudo promotes, goes back and keeps the journal on a droplet', () =>
  onStage({ login: { user: 'deploy', sudo: true }, journal: 'ssh' }, async (stage) => {
    const check = await stage.run('check');
    expectExit(check, 0);
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      await given(stage, 'v2');
      expectExit(await stage.run('promote', 'v3'), 10);
    });
    await expectEnd(stage, {
      load,
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'failed',
    });
  }));

test('a user who may not use Docker is told so before anything is begun', () =>
  onStage({ login: { user: 'deploy', sudo: false } }, async (stage) => {
    const check = await stage.run('check');
    expectExit(check, 2);
    expect(check.stdout).toContain('hosts.sudo');
    const promote = await stage.run('promote', 'v1');
    expectExit(promote, 2);
    expect(promote.stderr).toContain('hosts.sudo');
    await expectEnd(stage, { attached: [], projects: [] });
  }));
