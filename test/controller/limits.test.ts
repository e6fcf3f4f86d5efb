// Effects that never answer, their controller alive or dead: each is settled at its limit, none is forgotten.
import { describe, expect, test } from 'vitest';
import { type Effect, effectLimitMs } from '../../src/promotion/effect.ts';
import type { Entry } from '../../src/promotion/entry.ts';
import { acted, attach, storyOf } from '../builders/app.ts';
import { promote } from '../builders/command.ts';
import { pools } from '../builders/release.ts';
import { MemoryWorld } from './world.ts';

const limitMs = effectLimitMs['start-project'];

describe('an effect that never answers', () => {
  test('I9: is settled at its limit, and the journal says that it may still land', async () => {
    const world = await asked();
    world.fake.fateOf = (effect) => (isStartOf(effect, 3) ? 'hangs' : 'done');
    const ending = await world.clock.until(world.controller().drive(way()));
    const [begun] = entriesOf(world, 'acted').filter((one) => isStartOf(one.effect, 3));
    const [settled] = entriesOf(world, 'settled').filter((one) => isStartOf(one.effect, 3));
    expect(settled).toMatchObject({
      ok: false,
      because: 'no answer within 600 s; it may still land',
    });
    expect((settled?.at ?? 0) - (begun?.at ?? 0)).toBeLessThan(limitMs + 1_000);
    expect(begun?.until).toBe((begun?.at ?? 0) + limitMs);
    expect(ending).toMatchObject({ is: 'rest', app: { phase: 'idle', last: { is: 'failed' } } });
  });

  test('is not begun a second time before that', async () => {
    const world = await asked();
    world.fake.fateOf = (effect) => (isStartOf(effect, 3) ? 'hangs' : 'done');
    void world.controller().drive(way());
    await world.clock.pass(limitMs / 2);
    const starts = world.begun.filter((one) => one === 'start shop-r42 on droplet 3');
    expect(starts).toHaveLength(1);
  });
});

describe('what a dead controller had begun', () => {
  test('I9: a write to the balancer is settled at its limit by whoever takes over, not before', async () => {
    const world = orphaned(attach(3, 4), 5_000);
    await world.clock.until(world.controller('ben').drive(way()));
    const settled = entriesOf(world, 'settled').find(
      (one) => one.effect.kind === 'attach-droplets',
    );
    expect(settled).toMatchObject({
      ok: false,
      because: 'its controller ended before it answered',
    });
    expect(settled?.at).toBeGreaterThanOrEqual(5_000);
    expect(settled?.at).toBeLessThan(6_000);
  });

  test('I4: nothing is written to the balancer before that', async () => {
    const world = orphaned(attach(3, 4), 5_000);
    void world.controller('ben').drive(way());
    await world.clock.pass(4_900);
    expect(world.begun).toEqual([]);
    await world.clock.pass(2_000);
    expect(world.begun).toEqual(['attach droplets 3, 4 to the load balancer']);
  });

  test('a command on a droplet need not be waited for: the droplet refuses the dead one', async () => {
    const world = orphaned({ kind: 'restore-health', project: 'shop-r41', droplet: 1 }, 600_000);
    const ending = await world.clock.until(world.controller('ben').drive(way()), 120_000);
    expect(ending).toMatchObject({ is: 'rest', app: { last: { is: 'promoted' } } });
  });

  test('I6: whoever takes over drives the promotion to its end', async () => {
    const world = orphaned(attach(3, 4), 5_000);
    const ending = await world.clock.until(world.controller('ben').drive(way()));
    expect(ending).toMatchObject({ is: 'rest', app: { last: { is: 'promoted' }, unsettled: [] } });
    expect(world.ours()).toEqual([3, 4]);
  });
});

/** Anna's controller was switching to r42, wrote that it begins an effect, and died. */
function orphaned(effect: Effect, until: number): MemoryWorld {
  const world = new MemoryWorld();
  const known = world.journal.entries.length;
  for (const fact of storyOf('switching', {}).slice(known)) world.journal.write(fact, 0);
  world.fake.run('shop-r42', pools.b);
  world.journal.write(acted(effect, until), 0);
  return world;
}

async function asked(): Promise<MemoryWorld> {
  const world = new MemoryWorld();
  await world.controller().ask(() => promote('r42'));
  return world;
}

function way() {
  return { until: 'verified', stop: new AbortController().signal } as const;
}

function isStartOf(effect: { kind: string; droplet?: number }, droplet: number): boolean {
  return effect.kind === 'start-project' && effect.droplet === droplet;
}

function entriesOf<T extends Entry['type']>(world: MemoryWorld, type: T) {
  return world.journal.entries.filter(
    (entry): entry is Extract<Entry, { type: T }> => entry.type === type,
  );
}
