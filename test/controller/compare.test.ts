// What a person who asks for the status is shown: what the journal expects, and what there is.
import { describe, expect, test } from 'vitest';
import { compare } from '../../src/controller/compare.ts';
import { MemoryWorld } from './world.ts';

describe('what the journal expects is compared with what there is', () => {
  test('all is the same where nobody was here', async () => {
    const seen = await compared(aWorld());
    expect(seen).toEqual([
      { what: 'load balancer', expected: 'droplets 1, 2', seen: 'droplets 1, 2', same: true },
      { what: 'shop-r41 on droplet 1', expected: 'healthy', seen: 'healthy', same: true },
      { what: 'shop-r41 on droplet 2', expected: 'healthy', seen: 'healthy', same: true },
    ]);
  });

  test('a foreign edit of the load balancer is shown with both sides', async () => {
    const world = aWorld();
    world.fake.detach([2]);
    expect(differences(await compared(world))).toEqual([
      'load balancer: expected droplets 1, 2; seen droplet 1',
    ]);
  });

  test('a foreign droplet in the load balancer is nobody’s business', async () => {
    const world = aWorld();
    world.fake.attach([99]);
    expect(differences(await compared(world))).toEqual([]);
  });

  test('a project that was removed by hand is shown as absent', async () => {
    const world = aWorld();
    world.fake.land({ kind: 'remove-project', project: 'shop-r41', droplet: 2 });
    expect(differences(await compared(world))).toEqual([
      'shop-r41 on droplet 2: expected healthy; seen absent',
    ]);
  });

  test('I5: what cannot be seen is unknown, neither right nor wrong', async () => {
    const world = aWorld();
    world.fake.readable = false;
    world.fake.unreachable.add(1);
    const seen = await compared(world);
    expect(seen.map(({ same }) => same)).toEqual([null, null, true]);
    expect(seen[1]?.seen).toBe('unknown: no route to host');
  });

  test('what never answers is unknown after 8 s: a person waits for this', async () => {
    const world = aWorld();
    world.hosts.inspect = () => new Promise(() => undefined);
    const seen = await world.clock.until(compare(world, world.app()), 8_100);
    expect(seen[2]).toMatchObject({ same: null, seen: 'unknown: no answer within 8 s' });
  });
});

/** r41 is live on droplets 1 and 2, and was for a minute. */
function aWorld(): MemoryWorld {
  const world = new MemoryWorld();
  world.fake.now = 60_000;
  return world;
}

function compared(world: MemoryWorld) {
  return compare(world, world.app());
}

function differences(compared: Awaited<ReturnType<typeof compare>>): readonly string[] {
  return compared
    .filter(({ same }) => same === false)
    .map(({ what, expected, seen }) => `${what}: expected ${expected}; seen ${seen}`);
}
