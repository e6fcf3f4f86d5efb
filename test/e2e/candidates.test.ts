// Candidates that can never become healthy: noticed soon, removed, and told with their last status, body and log lines.
import { expect, inject, test } from 'vitest';
import { exec } from '../../compose/lab/faults.ts';
import type { Stage } from '../../compose/lab/stage.ts';
import {
  containerOf,
  entered,
  expectEnd,
  given,
  on,
  onStage,
  pools,
  underLoad,
  until,
} from './kit.ts';

/** From the candidate's hopeless state to the decision; its removal takes what Docker takes. */
const noticeMs = 10_000;

test.each([
  {
    version: 'crash',
    hopeless: /^Restarting/,
    tells: [/restarting|exited/, /cannot start: FAULT_CRASH_ON_START is set/],
  },
  {
    version: 'sick',
    hopeless: /\(unhealthy\)/,
    tells: [/unhealthy/, /database schema 41 is older than the 42 this version needs/],
  },
  { version: 'hang', hopeless: /\(unhealthy\)/, tells: [/unhealthy/, /listening on 8000/] },
])(
  '$version is given up within 10 s of being hopeless, is removed, and the end says why',
  ({ version, hopeless, tells }) =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async () => {
        const promotion = stage.start(['promote', version]);
        const since = await firstTime(stage, hopeless, promotion.ended);
        const ended = await promotion.ended;
        const { at } = await entered(stage, 'aborting');
        for (const told of tells) expect(ended.stderr).toMatch(told);
        expect(ended.stderr).toContain('r2 failed and was removed; r1 never lost traffic');
        expect(at - since, ended.stderr).toBeLessThan(noticeMs);
        await expectEnd(stage, { ...stillR1(stage), exits: [[ended, 10]], last: 'failed' });
      });
      await expectEnd(stage, { ...stillR1(stage), load });
      expect(Object.keys(load.byVersion)).toEqual(['v1']);
    }),
);

test('a tag that does not exist is refused before anything is touched', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const before = stage.journal().length;
    const ended = await stage.run('promote', 'nosuch');
    expect(ended.stderr).toContain('nosuch');
    expect(ended.ms).toBeLessThan(noticeMs);
    expect(stage.journal()).toHaveLength(before);
    await expectEnd(stage, { ...stillR1(stage), exits: [[ended, 2]] });
  }));

function stillR1(stage: Stage) {
  return { attached: pools.a, projects: on(stage, 'r1', 'a') };
}

/** When Docker first said so of the candidate on any droplet. */
async function firstTime(
  stage: Stage,
  state: RegExp,
  ended: Promise<{ stderr: string }>,
): Promise<number> {
  const candidates = inject('lab').droplets.filter(({ pool }) => pool === 'b');
  const words = ['docker', 'ps', '-a', '--format', '{{.Status}}', '--filter'];
  let over: string | null = null;
  void ended.then(({ stderr }) => {
    over = `the promotion ended before Docker said so:\n${stderr}`;
  });
  const is = async () => {
    const name = `name=${containerOf(stage, 'r2')}`;
    const all = await Promise.all(candidates.map((droplet) => exec(droplet, [...words, name])));
    return all.some(({ stdout }) => state.test(stdout.trim()));
  };
  await until(`the candidate is ${state}`, is, { stop: () => over });
  return Date.now();
}
