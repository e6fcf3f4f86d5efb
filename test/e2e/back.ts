// What rows about going back share: the end with the old release, an abort and what it ended, lines of the journal.
import { expect } from 'vitest';
import type { Bgctl, Stage } from '../../compose/lab/stage.ts';
import type { Entry } from '../../src/promotion/entry.ts';
import { type End, expectExit, on, pools } from './kit.ts';

export function backOn(release: string, stage: Stage, more: Partial<End> = {}): End {
  return { attached: pools.a, projects: on(stage, release, 'a'), ...more };
}

/** Aborts, and waits until both the abort and the promotion that it ended have said how it ended. */
export async function abortOf(stage: Stage, promotion: Bgctl): Promise<void> {
  expectExit(await stage.run('abort', '--reason', 'a test wants it'), 0);
  expectExit(await promotion.ended, 12);
}

/** Whether a line says that an effect on r2 or its droplets ended well; r1 has pool a. */
export const done = (kind: string, subject: 'r1' | 'r2') => (line: Entry) =>
  line.type === 'settled' &&
  line.ok &&
  line.effect.kind === kind &&
  ('project' in line.effect
    ? line.effect.project.endsWith(`-${subject}`)
    : 'droplets' in line.effect && line.effect.droplets.includes(subject === 'r1' ? 1 : 3));

export function isDetachOf(droplet: number) {
  return (line: Entry): boolean =>
    line.type === 'acted' &&
    line.effect.kind === 'detach-droplets' &&
    line.effect.droplets.includes(droplet);
}

/** Tells the app on a droplet to misbehave, or to behave again. */
export async function orderFault(stage: Stage, droplet: number, fault: object): Promise<void> {
  const answer = await fetch(`http://127.0.1.${droplet}:${stage.port}/fault`, {
    method: 'POST',
    body: JSON.stringify(fault),
  });
  expect(answer.status, await answer.text()).toBe(200);
}
