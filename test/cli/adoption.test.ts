// What `resolve --adopt` takes as live: what the balancer serves from now, or a refusal that says what to do first.
import { describe, expect, test } from 'vitest';
import { adoption } from '../../src/cli/adoption.ts';
import type { Connection } from '../../src/cli/connect.ts';
import { exit } from '../../src/cli/exit.ts';
import type { App } from '../../src/promotion/app.ts';
import { anApp } from '../builders/app.ts';
import { aPolicy } from '../builders/policy.ts';
import { pools } from '../builders/release.ts';

const empty = anApp({ first: true }).in('idle');
const foreign = 900;

describe('adopting', () => {
  test('a project that bgctl did not start: blue on the droplets that are attached, never started again', async () => {
    const command = await adopt([1, 2, foreign], { 1: ['shop'], 2: ['shop'] });
    expect(command).toMatchObject({
      kind: 'adopt',
      attached: [1, 2],
      drains: true,
      blue: {
        project: 'shop',
        pool: 'a',
        droplets: [1, 2],
        state: 'blue',
        release: { id: 'r0', composeHash: '', key: 'adopted shop', requestedBy: 'anna' },
      },
    });
  });

  test('a numbered project of a lost journal keeps its number', async () => {
    const command = await adopt([3, 4], { 3: ['shop-r7'], 4: ['shop-r7'] });
    expect(command).toMatchObject({ blue: { pool: 'b', release: { id: 'r7' } } });
  });

  test('an environment that the journal knows keeps its release, on the droplets that serve', async () => {
    const app = anApp().in('verifying');
    const command = await adopt([3], { 3: ['shop-r42'] }, app);
    expect(command).toMatchObject({ blue: { droplets: [3], state: 'blue' } });
    expect(command).toHaveProperty('blue.release', app.blue.release);
  });

  test('the environment that was draining is blue again where it is what serves', async () => {
    const command = await adopt(
      [1, 2],
      { 1: ['shop-r41'], 2: ['shop-r41'] },
      anApp().in('verifying'),
    );
    expect(command).toMatchObject({ blue: { project: 'shop-r41', state: 'blue', pool: 'a' } });
  });

  test('I7: nothing of ours in the balancer is adopted as nothing; foreign droplets stay foreign', async () => {
    expect(await adopt([foreign], {})).toMatchObject({ blue: null, attached: [] });
  });

  test('is refused while both pools serve: what is live is not clear', async () => {
    await refuses(adopt([1, 3], { 1: ['shop'], 3: ['shop'] }), 'droplets of both pools', '1, 3');
  });

  test('is refused where nothing of the app runs on what is attached', async () => {
    await refuses(adopt([1], {}), 'no compose project of shop runs on them', 'droplets 1 ');
  });

  test('is refused between several projects of the app, all named', async () => {
    const several = adopt([1, 2], { 1: ['shop'], 2: ['shop-r7'] });
    await refuses(several, 'shop, shop-r7', 'stop all but the live one first');
  });
});

function adopt(
  attached: readonly number[],
  running: Readonly<Record<number, readonly string[]>>,
  app: App = empty,
) {
  const world = {
    balancer: { attached: async () => attached, pools: async () => pools },
    hosts: { projects: async (droplet: number) => running[droplet] ?? [] },
  };
  const settings = { traffic: { drain: {} } };
  // Only what adopting reads of a connection.
  const given = { wired: { world }, settings, policy: aPolicy(), who: 'anna' };
  return adoption(given as unknown as Connection, app);
}

async function refuses(asked: Promise<unknown>, ...words: readonly string[]): Promise<void> {
  const error: unknown = await asked.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ conclusion: { code: exit.refused } });
  for (const word of words) expect(String(error)).toContain(word);
}
