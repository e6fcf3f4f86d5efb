// bgctl check on the way back: images of what is live and of what was before it, on the droplets that each would run on.
import { describe, expect, test } from 'vitest';
import { ofWayBack } from '../../../src/cli/checks/way-back.ts';
import type { Entry, Fact } from '../../../src/promotion/entry.ts';
import { fold } from '../../../src/promotion/fold.ts';
import { entered, storyOf } from '../../builders/app.ts';
import { adopt } from '../../builders/command.ts';
import { aPolicy } from '../../builders/policy.ts';
import { anEnvironment, appName, aRelease } from '../../builders/release.ts';

const image = (id: string) => `registry.example/shop/web@sha256:${id}`;

/** Droplet → what is on it; one that is left out cannot be asked. */
type There = Readonly<Record<number, readonly string[]>>;

async function told(facts: readonly Fact[], there: There): Promise<readonly string[]> {
  const entries = facts.map((fact, index) => ({ ...fact, seq: index + 1, at: index }) as Entry);
  const policy = aPolicy();
  const wired = {
    images: async (droplet: number) => {
      const found = there[droplet];
      if (found === undefined) throw new Error('SSH is lost');
      return found;
    },
  };
  const findings = await ofWayBack(wired, { app: fold(appName, policy, entries), policy, entries });
  return findings.map(({ verdict, what, detail }) => `${verdict} ${what}: ${detail}`);
}

const earlier = (id: number) => `droplet ${id}: images of r41, the release before it`;
const live = (id: number) => `droplet ${id}: images of r42, the live release`;
const all = { 1: [image('r41')], 2: [image('r41'), 'x'], 3: [image('r42')], 4: [image('r42')] };

describe('going back is', () => {
  test('possible where the images of both are there', async () => {
    expect(await told(storyOf('verifying', {}), all)).toEqual([
      `ok ${live(3)}: all there`,
      `ok ${live(4)}: all there`,
      `ok ${earlier(1)}: all there`,
      `ok ${earlier(2)}: all there`,
    ]);
  });

  test('warned of, by droplet and image, where one is gone, even if another of its repository is there', async () => {
    const found = await told(storyOf('verifying', {}), { ...all, 2: [image('r40')], 3: [] });
    const pull = 'going back to it would have to pull first';
    expect(found).toContain(`warn ${live(3)}: gone: ${image('r42')}; ${pull}`);
    expect(found).toContain(`warn ${earlier(2)}: gone: ${image('r41')}; ${pull}`);
    expect(found.filter((line) => line.startsWith('ok'))).toHaveLength(2);
  });

  test('warned of where a droplet cannot be asked', async () => {
    const { 4: _, ...rest } = all;
    expect(await told(storyOf('verifying', {}), rest)).toContain(`warn ${live(4)}: SSH is lost`);
  });

  test('not known of what bgctl did not start', async () => {
    const adopted = anEnvironment('r41', 'blue', { release: aRelease('r41', { images: {} }) });
    const asked: Fact = { type: 'asked', by: 'anna', command: adopt(adopted) };
    const facts = [entered('held', { held: 'genesis' }), asked, entered('idle')];
    expect(await told(facts, all)).toEqual([
      expect.stringMatching(/^warn droplet 1: images of r41, the live release: not known/),
      expect.stringMatching(/^warn droplet 2: /),
    ]);
  });

  test('told of the first release without one before it, and not at all before that', async () => {
    expect(await told(storyOf('verifying', { first: true }), all)).toEqual([
      `ok ${live(3)}: all there`,
      `ok ${live(4)}: all there`,
    ]);
    expect(await told([], all)).toEqual([]);
  });
});
