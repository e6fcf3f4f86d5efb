// The loop against a world in memory: promotions to their end, and every way in which driving ends early.
import { getEventListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import type { DriveOptions } from '../../src/controller/controller.ts';
import { awaited, type Phase } from '../../src/promotion/app.ts';
import { fold } from '../../src/promotion/fold.ts';
import { abort, approve, promote } from '../builders/command.ts';
import { aPolicy, aPolicyWithApproval, aPolicyWithHooks } from '../builders/policy.ts';
import { appName } from '../builders/release.ts';
import { MemoryWorld, Witness } from './world.ts';

describe('a promotion that is driven', () => {
  test('ends with the new release alone in the balancer, verified, and the old one removed', async () => {
    const world = await asked();
    const ending = await world.clock.until(world.controller().drive(way()));
    expect(ending.is).toBe('rest');
    expect(world.app()).toMatchObject({ phase: 'idle', last: { is: 'promoted', release: 'r42' } });
    expect(world.phases().slice(2)).toEqual([
      'starting',
      'gating',
      'switching',
      'verifying',
      'retiring',
      'idle',
    ]);
    expect(world.ours()).toEqual([3, 4]);
    expect(projects(world)).toEqual(['shop-r42']);
  });

  test('begins each effect once: what was seen before it says nothing after it', async () => {
    const world = await asked();
    await world.clock.until(world.controller().drive(way()));
    expect(world.begun).toEqual([
      'start shop-r42 on droplet 3',
      'start shop-r42 on droplet 4',
      'attach droplets 3, 4 to the load balancer',
      'detach droplets 1, 2 from the load balancer',
      'remove shop-r41 on droplet 1',
      'remove shop-r41 on droplet 2',
    ]);
  });

  test('of an app that cannot say who it is switches although its requests are short: not every count meets one', async () => {
    const world = await asked();
    world.traffic = { ...world.traffic, identifies: 'nothing' };
    let count = 0;
    vi.spyOn(world.fake, 'connections').mockImplementation(({ droplet }) => {
      count += 1;
      return { open: world.fake.serves(droplet) && count % 5 === 0 ? 1 : 0, busy: 0 };
    });
    await world.clock.until(world.controller().drive(way()));
    expect(world.app()).toMatchObject({ phase: 'idle', last: { is: 'promoted', release: 'r42' } });
  });

  test('is told whole, in order and once to who watches', async () => {
    const world = await asked();
    const before = world.journal.entries.length;
    const witness = new Witness();
    await world.clock.until(world.controller('anna', witness).drive(way()));
    expect(witness.entries).toEqual(world.journal.entries.slice(before + 1));
    expect(witness.last?.app.phase).toBe('idle');
  });

  test('leaves nobody listening when it has ended: Node would keep all of it for as long as the process lives', async () => {
    const made: AbortSignal[] = [];
    const any = AbortSignal.any.bind(AbortSignal);
    const spy = vi.spyOn(AbortSignal, 'any').mockImplementation((signals) => {
      made.push(any(signals));
      return made.at(-1) as AbortSignal;
    });
    const world = await asked();
    await world.clock.until(world.controller().drive(way()));
    spy.mockRestore();
    expect(made).not.toEqual([]);
    expect(made.flatMap((signal) => getEventListeners(signal, 'abort'))).toEqual([]);
  });

  test('I6: what was held in memory at the end is what the journal folds to', async () => {
    const world = await asked();
    const ending = await world.clock.until(world.controller().drive(way()));
    expect(fold(appName, aPolicy(), world.journal.entries)).toEqual(ending.app);
  });

  test('lets go of its lease at the end, so that the next command need not wait', async () => {
    const world = await asked();
    await world.clock.until(world.controller().drive(way()));
    expect(await world.journal.holder()).toBeNull();
  });

  test('is removed where its gate fails, and the live release never left the balancer', async () => {
    const world = await asked();
    world.fake.wrong.add('shop-r42');
    await world.clock.until(world.controller().drive(way()));
    expect(world.app()).toMatchObject({ phase: 'idle', last: { is: 'failed' } });
    expect(world.begun.filter((one) => one.includes('load balancer'))).toEqual([]);
    expect(projects(world)).toEqual(['shop-r41']);
  });

  test('goes back when another controller asks for an abort', async () => {
    const world = await asked();
    const driving = world.controller().drive(way());
    await world.clock.when(() => world.app().phase === 'verifying');
    const answer = await world.controller('ben').ask(() => abort('too slow'));
    expect(answer).toHaveProperty('asked');
    const ending = await world.clock.until(driving);
    expect(ending).toMatchObject({ is: 'rest', app: { last: { is: 'aborted' } } });
    expect(world.app().last?.because).toContain('too slow');
    expect(world.ours()).toEqual([1, 2]);
    expect(projects(world)).toEqual(['shop-r41']);
  });

  test('hears of an abort within a second, although nothing else happens', async () => {
    const world = await asked();
    void world.controller().drive(way());
    await world.clock.when(() => world.app().phase === 'verifying');
    await world.clock.pass(1_000);
    await world.controller('ben').ask(() => abort('too slow'));
    await world.clock.pass(1_000);
    expect(world.app().phase).toBe('aborting');
  });

  test('hears of an abort at once where the journal tells that somebody wrote', async () => {
    const world = await asked();
    void world.controller().drive(way());
    await world.clock.when(() => world.app().phase === 'verifying');
    for (let n = 0; n < 5; n += 1) {
      await world.clock.pass(130);
      if (n === 4) await world.controller('ben').ask(() => abort('too slow'));
    }
    await world.clock.pass(1);
    expect(world.app().phase).toBe('aborting');
  });

  test('I6: stops where the journal has become shorter under its hands: an older copy was put back', async () => {
    const world = await asked();
    const driving = world.controller().drive(way());
    await world.clock.when(() => world.app().phase === 'gating');
    world.journal.entries.splice(-2);
    await expect(world.clock.until(driving)).rejects.toThrow('replaced by an older copy');
  });

  test('I4: begins nothing that could not be recorded because somebody else wrote first', async () => {
    const world = await asked();
    let quicker = 0;
    world.journal.beforeAppend = (facts) => {
      const attaches = facts.some(
        (fact) => fact.type === 'acted' && fact.effect.kind === 'attach-droplets',
      );
      if (!attaches || quicker > 0) return;
      quicker += 1;
      world.journal.write({ type: 'asked', by: 'ben', command: abort() }, world.clock.now());
    };
    const ending = await world.clock.until(world.controller().drive(way()));
    expect(quicker).toBe(1);
    expect(ending).toMatchObject({ is: 'rest', app: { last: { is: 'aborted' } } });
    expect(world.begun.filter((one) => one.includes('load balancer'))).toEqual([]);
  });
});

describe('--wait', () => {
  test('ready: green is proven and has no traffic yet', async () => {
    const world = await asked();
    const ending = await world.clock.until(world.controller().drive(way({ until: 'ready' })));
    expect(ending).toMatchObject({ is: 'reached', what: 'ready', app: { phase: 'gating' } });
    expect(world.ours()).toEqual([1, 2]);
  });

  test('switched: green has all traffic, and the old environment still stands', async () => {
    const world = await asked();
    const ending = await world.clock.until(world.controller().drive(way({ until: 'switched' })));
    expect(ending).toMatchObject({ is: 'reached', what: 'switched', app: { phase: 'verifying' } });
    expect(world.ours()).toEqual([3, 4]);
    expect(projects(world)).toEqual(['shop-r41', 'shop-r42']);
  });

  test('switched, taken over past the switch: the old environment is not retired unasked', async () => {
    const world = await asked();
    await world.clock.until(world.controller().drive(way({ until: 'switched' })));
    const again = world.controller('ben').drive(way({ until: 'switched' }));
    expect(await world.clock.until(again)).toMatchObject({ is: 'reached', what: 'switched' });
    expect(projects(world)).toEqual(['shop-r41', 'shop-r42']);
  });

  test('an abort is carried out, whatever was waited for', async () => {
    const world = await asked();
    await world.clock.until(world.controller().drive(way({ until: 'switched' })));
    await world.controller().ask(() => abort());
    const ending = await world.clock.until(world.controller().drive(way({ until: 'switched' })));
    expect(ending).toMatchObject({ is: 'rest', app: { last: { is: 'aborted' } } });
  });

  test('what was reached goes on from there to the end', async () => {
    const world = await asked();
    await world.clock.until(world.controller().drive(way({ until: 'ready' })));
    const ending = await world.clock.until(world.controller().drive(way()));
    expect(ending).toMatchObject({ is: 'rest', app: { last: { is: 'promoted' } } });
  });
});

describe('an approval', () => {
  const policy = aPolicyWithApproval(600_000);
  const begun = async () => {
    const world = new MemoryWorld({ policy });
    await world.controller().ask(() => promote('r42', { policy }));
    return world;
  };

  test('is waited for, and the one who drives hears of it', async () => {
    const world = await begun();
    const driving = world.controller().drive(way());
    await world.clock.when(() => awaited(world.app()) !== null);
    await world.clock.pass(60_000);
    expect(world.ours()).toEqual([1, 2]);
    await world.controller('ben').ask(() => approve('r42', world.clock.now()));
    expect(await world.clock.until(driving)).toMatchObject({ app: { last: { is: 'promoted' } } });
  });

  test('--wait ready returns once it is asked for; who approves later is told to go on', async () => {
    const world = await begun();
    const ending = await world.clock.until(world.controller().drive(way({ until: 'ready' })));
    expect(ending).toMatchObject({ is: 'reached', what: 'ready' });
    expect(awaited(ending.app)).not.toBeNull();
    await world.controller('ben').ask(() => approve('r42', world.clock.now()));
    const rest = await world.clock.until(world.controller('ben').drive(way()));
    expect(rest).toMatchObject({ app: { last: { is: 'promoted' } } });
  });

  test('--wait ready of one who only follows returns as well', async () => {
    const world = await begun();
    void world.controller().drive(way());
    await world.clock.when(() => awaited(world.app()) !== null);
    const following = world.controller('ben').drive(way({ until: 'ready' }));
    expect(await world.clock.until(following)).toMatchObject({ is: 'reached', what: 'ready' });
  });
});

describe('driving that has to stop', () => {
  test('a signal begins nothing new, records what ended within seconds and says why it stopped', async () => {
    const world = await asked();
    const stop = new AbortController();
    const driving = world.controller().drive(way({ stop: stop.signal }));
    await world.clock.when(() => world.begun.length > 0);
    const begun = [...world.begun];
    stop.abort(new Error('SIGTERM'));
    const ending = await world.clock.until(driving);
    expect(ending).toMatchObject({ is: 'interrupted', because: 'SIGTERM' });
    expect(world.begun).toEqual(begun);
    expect(ending.app.unsettled).toEqual([]);
    await world.clock.pass(60_000);
    expect(world.begun).toEqual(begun);
    expect(await world.journal.holder()).toBeNull();
  });

  test('a hook that still runs then is called off: it must not keep the process', async () => {
    const policy = aPolicyWithHooks('gate', {});
    const world = new MemoryWorld({ policy });
    await world.controller().ask(() => promote('r42', { policy }));
    const signals: AbortSignal[] = [];
    vi.spyOn(world.hooks, 'run').mockImplementation((_hook, _call, signal) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    const stop = new AbortController();
    const driving = world.controller().drive(way({ stop: stop.signal }));
    await world.clock.when(() => signals.length === 1);
    stop.abort(new Error('SIGTERM'));
    expect(await world.clock.until(driving)).toMatchObject({ is: 'interrupted' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('an effect that takes longer than those seconds stays in the journal for resume', async () => {
    const world = await asked();
    world.fake.takesMs = () => 20_000;
    const stop = new AbortController();
    const driving = world.controller().drive(way({ stop: stop.signal }));
    await world.clock.when(() => world.begun.length > 0);
    const stoppedAt = world.clock.now();
    stop.abort(new Error('SIGINT'));
    const ending = await world.clock.until(driving);
    expect(world.clock.now() - stoppedAt).toBeLessThan(5_000);
    expect(ending.app.unsettled).toHaveLength(2);
    world.fake.takesMs = () => 1_000;
    const resumed = await world.clock.until(world.controller().drive(way()));
    expect(resumed).toMatchObject({ is: 'rest', app: { last: { is: 'promoted' } } });
  });

  test('I9: a cloud that cannot be reached ends driving as unreachable, with nothing removed', async () => {
    const world = await asked();
    world.fake.takesMs = (effect) => {
      if (effect.kind === 'detach-droplets') world.fake.readable = false;
      return 1_000;
    };
    const ending = await world.clock.until(world.controller().drive(way()), 600_000);
    expect(ending).toMatchObject({ is: 'unreachable', app: { phase: 'switching' } });
    expect(projects(world)).toEqual(['shop-r41', 'shop-r42']);
    world.fake.readable = true;
    world.fake.takesMs = () => 1_000;
    const resumed = await world.clock.until(world.controller().drive(way()));
    expect(resumed).toMatchObject({ is: 'rest', app: { last: { is: 'promoted' } } });
  });

  test('a controller whose machine slept for long looks again before it gives the world up', async () => {
    const world = await asked();
    world.fake.takesMs = (effect) => {
      if (effect.kind === 'detach-droplets') world.fake.readable = false;
      return 1_000;
    };
    const driving = world.controller().drive(way());
    await world.clock.when(() => !world.fake.readable);
    await world.clock.pass(10_000);
    world.clock.suspend(world.app().policy.unreachableMs);
    world.fake.readable = true;
    world.fake.takesMs = () => 1_000;
    const ending = await world.clock.until(driving);
    expect(ending).toMatchObject({ is: 'rest', app: { last: { is: 'promoted' } } });
  });

  test('I4: a lost lease ends driving as replaced, and nothing further is written or begun', async () => {
    const world = await asked();
    const epoch = world.journal.give('anna', 20_000);
    const driving = world.loop(epoch).run();
    await world.clock.when(() => world.app().phase === 'switching');
    world.journal.give('ben', 20_000);
    const written = world.journal.entries.length;
    const begun = [...world.begun];
    const ending = await world.clock.until(driving);
    expect(ending.is).toBe('replaced');
    await world.clock.pass(60_000);
    expect(world.journal.entries).toHaveLength(written);
    expect(world.begun).toEqual(begun);
  });

  describe.each([
    { phase: 'starting', when: 'before the switch' },
    { phase: 'retiring', when: 'after it' },
  ] as const)('I4: a droplet that has heard of a later controller $when', ({ phase }) => {
    test('ends driving although the lease is held: the app has a second journal, and the other one goes on', async () => {
      const { world, driving } = await fencedIn(phase);
      const ending = await world.clock.until(driving);
      expect(ending).toMatchObject({ is: 'fenced', because: expect.stringContaining('epoch') });
      const begun = [...world.begun];
      await world.clock.pass(60_000);
      expect(world.begun).toEqual(begun);
      expect(world.phases().at(-1)).toBe(phase);
    });

    test('of the same journal is followed, and taken over from when it is gone', async () => {
      const { world, driving } = await fencedIn(phase);
      world.journal.give('ben', 3_000);
      await world.clock.pass(2_000);
      expect(world.phases().at(-1)).toBe(phase === 'starting' ? 'idle' : phase);
      world.epochThere = 0;
      expect(await world.clock.until(driving)).toMatchObject({
        is: 'rest',
        app: { last: { is: 'promoted' } },
      });
    });
  });
});

async function fencedIn(phase: Phase) {
  const world = await asked();
  const driving = world.controller().drive(way());
  if (phase !== 'starting') await world.clock.when(() => world.app().phase === phase);
  world.epochThere = Number.MAX_SAFE_INTEGER;
  return { world, driving };
}

async function asked(): Promise<MemoryWorld> {
  const world = new MemoryWorld();
  await world.controller().ask(() => promote('r42'));
  return world;
}

function way(changes: Partial<DriveOptions> = {}): DriveOptions {
  return { until: 'verified', stop: new AbortController().signal, ...changes };
}

function projects(world: MemoryWorld): readonly string[] {
  return [...new Set([...world.fake.projects.values()].map((one) => one.project))].sort();
}
