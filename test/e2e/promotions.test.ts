// Promotions that go well, on real droplets: the first, under load, alternating pools, twice the same, two at once, in parts.
import { expect, test } from 'vitest';
import type { Stage } from '../../compose/lab/stage.ts';
import {
  entered,
  expectEnd,
  expectExit,
  given,
  on,
  onStage,
  pools,
  said,
  underLoad,
  until,
} from './kit.ts';
import { quickPolicy } from './quick.ts';

test('the first release ever is promoted onto empty pools', () =>
  onStage({}, async (stage) => {
    const promoted = await stage.run('promote', 'v1');
    const load = await underLoad(stage, async (load) => settled(load, 3));
    await expectEnd(stage, {
      exits: [[promoted, 0]],
      load,
      attached: pools.a,
      projects: on(stage, 'r1', 'a'),
      last: 'promoted',
    });
    expect(Object.keys(load.byVersion)).toEqual(['v1']);
  }));

test('v1 becomes v2 under load and nobody notices', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const ends: Awaited<ReturnType<typeof stage.run>>[] = [];
    const load = await underLoad(stage, async () => {
      ends.push(await stage.run('promote', 'v2'));
    });
    await expectEnd(stage, {
      exits: ends.map((end) => [end, 0]),
      load,
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
    expect(load.byVersion.v1).toBeGreaterThan(0);
    expect(load.byVersion.v2).toBeGreaterThan(0);
  }));

test('three promotions in a row alternate the pools', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      for (const [index, version] of ['v2', 'v5', 'v6'].entries()) {
        const pool = index % 2 === 0 ? 'b' : 'a';
        await given(stage, version);
        expect(await stage.attached()).toEqual(pools[pool]);
        expect(await stage.projects()).toEqual(on(stage, `r${index + 2}`, pool));
      }
    });
    await expectEnd(stage, {
      load,
      attached: pools.b,
      projects: on(stage, 'r4', 'b'),
      last: 'promoted',
    });
  }));

test('promoting the release that is under way attaches to it; promoting the live one has nothing to do', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const first = stage.start(['promote', 'v2']);
    await entered(stage, 'starting', 2);
    const second = stage.start(['promote', 'v2']);
    await said(second, 'under way: attaching to it');
    const [one, two] = await Promise.all([first.ended, second.ended]);
    const third = await stage.run('promote', 'v2');
    expect(third.stdout).toContain('nothing to do');
    const app = await expectEnd(stage, {
      exits: [
        [one, 0],
        [two, 0],
        [third, 0],
      ],
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
    expect(app.released).toBe(2);
  }));

test('of two different releases at once one is refused and told who is at what', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const first = stage.start(['promote', 'v2']);
    await entered(stage, 'starting', 2);
    const second = await stage.run('promote', 'v5');
    expect(second.stderr).toMatch(/(starting|gating|switching) r2/);
    expect(second.stderr).toContain(`pid ${first.child.pid}`);
    expect(second.stderr).toContain('bgctl abort');
    await expectEnd(stage, {
      exits: [
        [await first.ended, 0],
        [second, 14],
      ],
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
  }));

test('two different releases asked for in the same instant: exactly one goes, nothing is mixed', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const both = await Promise.all([stage.run('promote', 'v2'), stage.run('promote', 'v5')]);
    const codes = both.map((end) => end.code).sort();
    expect(codes[0], both.map((end) => end.stderr).join('\n---\n')).toBe(0);
    // Refused as busy, or (when both prepared the same number) before anything was touched.
    expect([2, 14]).toContain(codes[1]);
    const app = await expectEnd(stage, {
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
    expect(app.released).toBe(2);
  }));

test.each([
  {
    wait: 'ready',
    shows: 'ready to be switched to',
    attached: pools.a,
  },
  {
    wait: 'switched',
    shows: 'has all traffic',
    attached: pools.b,
  },
])(
  '--wait=$wait ends there with both environments standing, and resume goes on from there',
  ({ wait, shows, attached }) =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async () => {
        const part = await stage.run('promote', 'v2', `--wait=${wait}`);
        expectExit(part, 0);
        expect(part.stdout).toContain(shows);
        expect(part.stdout).toContain('bgctl resume');
        expect(await stage.attached()).toEqual(attached);
        const both = [...on(stage, 'r1', 'a'), ...on(stage, 'r2', 'b')];
        expect(await stage.projects()).toEqual(both);
        expectExit(await stage.run('resume'), 0);
      });
      await expectEnd(stage, {
        load,
        attached: pools.b,
        projects: on(stage, 'r2', 'b'),
        last: 'promoted',
      });
    }),
);

test('--timeout stops watching, not the release: exit 17, and resume ends it', () =>
  onStage({ policy: quickPolicy({ verifyMinimum: '5s' }) }, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      const watched = await stage.run('promote', 'v2', '--timeout=5s');
      expectExit(watched, 17);
      expect(watched.stderr).toContain('bgctl resume');
      expectExit(await stage.run('resume'), 0);
    });
    await expectEnd(stage, {
      load,
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
  }));

/** Waits until the load has counted for so many seconds. */
async function settled(load: Awaited<ReturnType<Stage['load']>>, seconds: number): Promise<void> {
  await until('the load has counted', () => (load.snapshot()?.requests ?? 0) >= seconds * 40);
}
