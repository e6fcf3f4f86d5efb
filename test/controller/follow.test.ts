// Two controllers, one app: the second follows from the journal, and takes over when the first is gone.
import { describe, expect, test } from 'vitest';
import type { Holder } from '../../src/world.ts';
import { abort, promote } from '../builders/command.ts';
import { MemoryWorld, Witness } from './world.ts';

describe('a controller that finds the lease held', () => {
  test('I4: follows to the end without writing or beginning anything itself', async () => {
    const world = await asked();
    const first = world.controller('anna').drive(way());
    await world.clock.when(() => world.app().phase === 'gating');
    const second = world.controller('ben').drive(way());
    const endings = await Promise.all([world.clock.until(first), world.clock.until(second)]);
    expect(endings.map((ending) => ending.is)).toEqual(['rest', 'rest']);
    expect(endings[1]).toMatchObject({ app: { last: { is: 'promoted' } } });
    expect(drivers(world)).toEqual(['anna']);
  });

  test('is told once who drives', async () => {
    const world = await asked();
    const holders: Holder[] = [];
    void world.controller('anna').drive(way());
    await world.clock.when(() => world.app().phase === 'gating');
    const onHeldBy = (holder: Holder) => holders.push(holder);
    await world.clock.until(world.controller('ben').drive({ ...way(), onHeldBy }));
    expect(holders).toMatchObject([{ who: 'anna' }]);
  });

  test('shows what is written while it follows, not what was written before', async () => {
    const world = await asked();
    void world.controller('anna').drive(way());
    await world.clock.when(() => world.app().phase === 'gating');
    const before = world.journal.entries.length;
    const witness = new Witness();
    await world.clock.until(world.controller('ben', witness).drive(way()));
    expect(witness.entries).toEqual(world.journal.entries.slice(before));
    expect(witness.last?.app.phase).toBe('idle');
  });

  test('takes over when the holder is gone and its time is over', async () => {
    const world = await asked();
    world.journal.give('anna', 20_000);
    const ending = await world.clock.until(world.controller('ben').drive(way()));
    expect(ending).toMatchObject({ is: 'rest', app: { last: { is: 'promoted' } } });
    expect(drivers(world)).toEqual(['ben']);
    const leased = world.journal.entries.find((entry) => entry.type === 'leased');
    expect(leased?.at).toBeGreaterThanOrEqual(20_000);
    expect(leased?.at).toBeLessThan(25_000);
  });

  test('I4: of two that find the holder gone only one drives, and the other is not told again', async () => {
    const world = await asked();
    world.journal.give('anna', 5_000);
    const holders: string[] = [];
    const onHeldBy = ({ who }: Holder) => holders.push(who);
    const both = ['ben', 'carl'].map((who) => world.controller(who).drive({ ...way(), onHeldBy }));
    const endings = await world.clock.until(Promise.all(both));
    expect(endings.map((ending) => ending.is)).toEqual(['rest', 'rest']);
    expect(drivers(world)).toHaveLength(1);
    expect(holders).toEqual(['anna', 'anna']);
  });

  test('reaches --wait switched by what the other does', async () => {
    const world = await asked();
    void world.controller('anna').drive(way());
    await world.clock.when(() => world.app().phase === 'gating');
    const following = world.controller('ben').drive({ ...way(), until: 'switched' });
    const ending = await world.clock.until(following);
    expect(ending).toMatchObject({ is: 'reached', what: 'switched', app: { phase: 'verifying' } });
  });

  test('stops at a signal and says what may be done', async () => {
    const world = await asked();
    void world.controller('anna').drive(way());
    await world.clock.when(() => world.app().phase === 'gating');
    const stop = new AbortController();
    const following = world.controller('ben').drive({ ...way(), stop: stop.signal });
    await world.clock.pass(700);
    stop.abort(new Error('SIGINT'));
    const ending = await world.clock.until(following, 2_000);
    expect(ending).toMatchObject({
      is: 'interrupted',
      followed: true,
    });
  });

  test('I4: whoever loses the lease follows the one who has it', async () => {
    const world = await asked();
    const driving = world.controller('anna').drive(way());
    await world.clock.when(() => world.app().phase === 'gating');
    world.journal.give('ben', 20_000);
    const begun = world.begun.length;
    await world.clock.pass(15_000);
    expect(world.begun).toHaveLength(begun);
    const ending = await world.clock.until(driving);
    expect(ending).toMatchObject({ is: 'rest', app: { last: { is: 'promoted' } } });
  });
});

describe('a controller that was frozen past its lease', () => {
  test('I4: writes nothing when it wakes up and another has ended its promotion', async () => {
    const world = await asked();
    const driving = world.controller('anna').drive(way());
    await world.clock.when(() => world.app().phase === 'gating');
    // While it is frozen another takes its lease, ends the promotion and lets go.
    const epoch = world.journal.give('ben', 20_000);
    const now = world.clock.now();
    for (const phase of ['aborting', 'idle'] as const)
      world.journal.write({ type: 'entered', phase, because: 'ben went back' }, now);
    await world.journal.release(epoch);
    const written = world.journal.entries.length;
    const ending = await world.clock.until(driving);
    expect(ending).toMatchObject({ is: 'rest', app: { phase: 'idle' } });
    expect(world.journal.entries).toHaveLength(written);
  });
});

describe('asking', () => {
  test('what is not admitted is refused with a reason, and nothing is written', async () => {
    const world = await asked();
    const written = world.journal.entries.length;
    const answer = await world.controller('ben').ask(() => promote('r44'));
    expect(answer).toMatchObject({ why: 'busy' });
    expect(world.journal.entries).toHaveLength(written);
  });

  test('is made anew where somebody else wrote in between', async () => {
    const world = new MemoryWorld();
    const seen: number[] = [];
    const answer = await world.controller('ben').ask((app) => {
      seen.push(app.seq);
      if (seen.length === 1)
        world.journal.write({ type: 'asked', by: 'anna', command: promote('r42') }, 0);
      return promote('r44');
    });
    expect(seen).toEqual([3, 4]);
    expect(answer).toMatchObject({ why: 'busy' });
  });

  test('needs no lease: an abort is written while another drives', async () => {
    const world = await asked();
    void world.controller('anna').drive(way());
    await world.clock.when(() => world.app().phase === 'gating');
    await world.controller('ben').ask(() => abort());
    expect(world.app().asked).toMatchObject({ kind: 'abort' });
  });
});

async function asked(): Promise<MemoryWorld> {
  const world = new MemoryWorld();
  await world.controller().ask(() => promote('r42'));
  return world;
}

function way() {
  return { until: 'verified', stop: new AbortController().signal } as const;
}

function drivers(world: MemoryWorld): readonly string[] {
  return world.journal.entries.flatMap((entry) => (entry.type === 'leased' ? [entry.by] : []));
}
