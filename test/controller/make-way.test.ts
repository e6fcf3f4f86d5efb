// A second promotion beside one under way: it waits its turn, or takes the place of one that was not switched to yet.
import { describe, expect, test } from 'vitest';
import { makeWay } from '../../src/controller/make-way.ts';
import { promote } from '../builders/command.ts';
import { MemoryWorld } from './world.ts';

describe('waiting for the app to be free', () => {
  test('ends when the release under way is verified, and asks for nothing itself', async () => {
    const world = await driven();
    const way = waits(world);
    expect(await world.clock.until(way)).toEqual({ is: 'free' });
    expect(world.app()).toMatchObject({ phase: 'idle', last: { is: 'promoted', release: 'r42' } });
    expect(askers(world)).toEqual(['anna']);
  });

  test('goes on with what nobody drives any more: a lost controller keeps nobody out', async () => {
    const world = await asked();
    const way = waits(world);
    expect(await world.clock.until(way)).toEqual({ is: 'free' });
    expect(world.app()).toMatchObject({ last: { is: 'promoted', release: 'r42' } });
  });

  test('is over at once where nothing is under way', async () => {
    const world = new MemoryWorld();
    expect(await world.clock.until(waits(world), 100)).toEqual({ is: 'free' });
  });

  test('ends as held where a person must choose first', async () => {
    const world = new MemoryWorld();
    world.journal.write(
      { type: 'entered', phase: 'held', because: 'somebody was here', held: 'drift' },
      0,
    );
    const way = await world.clock.until(waits(world));
    expect(way).toMatchObject({ is: 'rest', app: { phase: 'held' } });
  });

  test('stops at a signal, and what is under way goes on without it', async () => {
    const world = await driven();
    const stop = new AbortController();
    const way = makeWay(world.controller('ben'), 'wait', { ...how(), stop: stop.signal });
    await world.clock.pass(700);
    stop.abort(new Error('SIGTERM'));
    expect(await world.clock.until(way, 2_000)).toMatchObject({ is: 'interrupted' });
    await world.clock.when(() => world.app().phase === 'idle');
    expect(world.app()).toMatchObject({ last: { is: 'promoted', release: 'r42' } });
  });
});

describe('replacing a release', () => {
  test.each(['starting', 'gating'] as const)(
    'that is %s aborts it, says by whom, and ends when it is gone',
    async (phase) => {
      const world = await driven();
      await world.clock.when(() => world.app().phase === phase);
      expect(await world.clock.until(replaces(world))).toEqual({ is: 'free' });
      expect(world.app()).toMatchObject({
        phase: 'idle',
        last: { is: 'aborted', release: 'r42', because: 'ben replaces it with another release' },
      });
      expect(world.begun.filter((one) => one.includes('load balancer'))).toEqual([]);
    },
  );

  test('that was asked for and not begun aborts it', async () => {
    const world = await asked();
    expect(await world.clock.until(replaces(world))).toEqual({ is: 'free' });
    expect(world.app().last).toMatchObject({ is: 'aborted', release: 'r42' });
  });

  test.each(['switching', 'verifying', 'retiring'] as const)(
    'that is %s is refused as busy, and it goes on to its end',
    async (phase) => {
      const world = await driven();
      await world.clock.when(() => world.app().phase === phase);
      const way = await world.clock.until(replaces(world), 1_000);
      expect(way).toMatchObject({ is: 'refused', why: { why: 'busy' } });
      expect(JSON.stringify(way)).toContain(`${phase} r42: only a release before its switch`);
      await world.clock.when(() => world.app().phase === 'idle');
      expect(world.app()).toMatchObject({ last: { is: 'promoted', release: 'r42' } });
    },
  );

  test('that reached its switch while the abort was being written is refused: it is never aborted by surprise', async () => {
    const world = await driven();
    await world.clock.when(() => world.app().phase === 'gating');
    let between = true;
    world.journal.beforeAppend = (facts) => {
      if (!between || facts[0]?.type !== 'asked') return;
      between = false;
      world.journal.write({ type: 'entered', phase: 'switching', because: 'proven' }, 1);
    };
    const way = await world.clock.until(replaces(world), 1_000);
    expect(way).toMatchObject({ is: 'refused', why: { why: 'busy' } });
    expect(askers(world)).toEqual(['anna']);
  });

  test('by two at once: one abort or two, the app is free for both, and only the release meant is aborted', async () => {
    const world = await driven();
    await world.clock.when(() => world.app().phase === 'gating');
    const ways = [replaces(world), makeWay(world.controller('cleo'), 'replace', how())];
    const ends = await Promise.all(ways.map((way) => world.clock.until(way)));
    expect(ends).toEqual([{ is: 'free' }, { is: 'free' }]);
    expect(world.app().last).toMatchObject({ is: 'aborted', release: 'r42' });
  });
});

/** r42 was asked for; nobody drives it yet. */
async function asked(): Promise<MemoryWorld> {
  const world = new MemoryWorld();
  await world.controller('anna').ask(() => promote('r42'));
  return world;
}

async function driven(): Promise<MemoryWorld> {
  const world = await asked();
  void world.controller('anna').drive(how());
  await world.clock.when(() => world.app().phase !== 'idle');
  return world;
}

function waits(world: MemoryWorld) {
  return makeWay(world.controller('ben'), 'wait', how());
}

function replaces(world: MemoryWorld) {
  return makeWay(world.controller('ben'), 'replace', how());
}

function how() {
  return { until: 'verified', stop: new AbortController().signal, by: 'ben' } as const;
}

function askers(world: MemoryWorld): readonly string[] {
  return world.journal.entries.flatMap((entry) =>
    entry.type === 'asked' && entry.command.kind !== 'adopt' ? [entry.by] : [],
  );
}
