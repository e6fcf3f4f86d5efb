// What is recorded of a drive for reports, where it is kept, and that no promotion ever waits for it or fails by it.
import { describe, expect, test, vi } from 'vitest';
import { decodeRecording, type Recording } from '../../src/report/recording.ts';
import { totalOf } from '../../src/report/series.ts';
import { abort, promote } from '../builders/command.ts';
import { aPolicy } from '../builders/policy.ts';
import { MemoryWorld } from './world.ts';

describe('a promotion that is driven', () => {
  test('leaves a recording under its own name: answers, health, waits, what each gate said', async () => {
    const world = await asked();
    await driven(world);
    expect([...world.journal.kept.keys()]).toEqual(['r42.1']);
    const { series, containers, waits, verdicts, logs } = kept(world, 'r42.1');
    expect(series.map(({ gate, project }) => [gate, project])).toEqual([['healthy', 'shop-r42']]);
    expect(totalOf(series[0] ?? fail()).ok).toBeGreaterThan(10);
    expect(
      containers.filter(({ project }) => project === 'shop-r42').map(({ is }) => is),
    ).toContain('healthy');
    expect(waits.map(({ phase }) => phase)).toContain('switching');
    expect(verdicts.map(({ phase, gate, is }) => `${phase} ${gate} ${is}`)).toEqual([
      'gating healthy pass',
      'verifying healthy pass',
    ]);
    expect(verdicts[0]?.because).toMatch(/^healthy passes: every droplet gave 3 good answers/);
    expect(logs).toEqual([]);
  });

  test('is written at each phase and every quarter of a minute, not at each turn', async () => {
    const world = await asked();
    const keep = vi.spyOn(world.journal, 'keep');
    await driven(world);
    const phases = world.phases().slice(2).length;
    expect(keep.mock.calls.length).toBeGreaterThanOrEqual(4);
    expect(keep.mock.calls.length).toBeLessThanOrEqual(phases + 1 + world.clock.now() / 15_000);
  });

  test('that another controller goes on with has a part of each: neither overwrites the other', async () => {
    const world = await asked();
    const stop = new AbortController();
    const first = world.controller('anna').drive({ until: 'verified', stop: stop.signal });
    await world.clock.when(() => world.phases().includes('gating'));
    stop.abort(new Error('SIGTERM'));
    await world.clock.until(first);
    await driven(world, 'bert');
    expect([...world.journal.kept.keys()]).toEqual(['r42.1', 'r42.2']);
    expect(kept(world, 'r42.2').verdicts.map(({ phase }) => phase)).toEqual([
      'gating',
      'verifying',
    ]);
  });
});

describe('what fails', () => {
  test('is heard once more before it is removed, whatever it said is masked and cut', async () => {
    const world = await asked();
    world.fake.wrong.add('shop-r42');
    const order: string[] = [];
    const { remove } = world.hosts;
    Object.assign(world.hosts, {
      logs: async () => {
        order.push('logs');
        return `${'x'.repeat(40_000)} token hunter2-canary`;
      },
      remove: (...given: Parameters<typeof remove>) => {
        order.push('remove');
        return remove(...given);
      },
    });
    await driven(world, 'anna', (text) => text.replaceAll('hunter2-canary', '[redacted]'));
    expect(world.app().last?.is).toBe('failed');
    expect(order).toEqual(['logs', 'logs', 'remove', 'remove']);
    const { logs } = kept(world, 'r42.1');
    expect(logs.map(({ droplet }) => droplet).sort()).toEqual([3, 4]);
    expect(logs[0]?.text.length).toBeLessThanOrEqual(16_000);
    expect(logs[0]?.text).toMatch(/xx token \[redacted\]$/);
    expect(world.journal.kept.get('r42.1')).not.toContain('canary');
  });

  test('by the will of a person is heard too', async () => {
    const world = await asked();
    Object.assign(world.hosts, { logs: async () => 'interrupted' });
    const driving = driven(world);
    await world.clock.when(() => world.phases().includes('gating'));
    await world.controller('bert').ask(() => abort('no'));
    await driving;
    expect(kept(world, 'r42.1').logs.map(({ text }) => text)).toEqual([
      'interrupted',
      'interrupted',
    ]);
  });

  test('I9: where it says nothing within two seconds it is removed all the same', async () => {
    const mute = await asked();
    mute.fake.wrong.add('shop-r42');
    Object.assign(mute.hosts, { logs: () => new Promise(() => undefined) });
    const quick = await asked();
    quick.fake.wrong.add('shop-r42');
    await Promise.all([driven(mute), driven(quick)]);
    expect(mute.app().last?.is).toBe('failed');
    expect(mute.fake.on(3)).toEqual([]);
    expect(lastAt(mute) - lastAt(quick)).toBeLessThanOrEqual(2_500);
  });
});

describe('I3, I9: a report that cannot be kept', () => {
  test.each([
    ['is refused', () => Promise.reject(new Error('the disk is full'))],
    ['gets no answer at all', () => new Promise<void>(() => undefined)],
    [
      'breaks at once',
      () => {
        throw new Error('a mistake');
      },
    ],
  ])('because it %s changes nothing of the promotion', async (_, keep) => {
    const usual = await asked();
    await driven(usual);
    const world = await asked();
    world.journal.keep = keep;
    await driven(world);
    expect(world.journal.entries).toEqual(usual.journal.entries);
  });

  test('nor does a mistake while it is recorded', async () => {
    const world = await asked();
    await driven(world, 'anna', () => {
      throw new Error('a mistake');
    });
    expect(world.app().last?.is).toBe('promoted');
  });
});

async function asked(): Promise<MemoryWorld> {
  const world = new MemoryWorld();
  await world.controller().ask(() => promote('r42', { policy: aPolicy() }));
  return world;
}

async function driven(
  world: MemoryWorld,
  who = 'anna',
  redact: (text: string) => string = (text) => text,
): Promise<void> {
  const stop = new AbortController().signal;
  const controller = world.controller(who, undefined, redact);
  await world.clock.until(controller.drive({ until: 'verified', stop }));
}

function kept(world: MemoryWorld, name: string): Recording {
  const recording = decodeRecording(world.journal.kept.get(name) ?? '');
  return recording ?? fail();
}

function lastAt(world: MemoryWorld): number {
  return world.journal.entries.at(-1)?.at ?? 0;
}

function fail(): never {
  throw new Error('nothing was kept');
}
