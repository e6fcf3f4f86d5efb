// The containers as samples: health, what happened to them in this phase, and what they use of their limits.
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { Failure } from '../../src/lib/failure.ts';
import type { ContainerProbe } from '../../src/policy/probe-spec.ts';
import { probes } from '../../src/probes/probe.ts';
import type { ProjectHealth } from '../../src/promotion/observation.ts';
import type { ContainerSeen, ContainersSeen, Usage } from '../../src/world.ts';
import { environment, parts, phase, sample } from './parts.ts';

const plain: ContainerProbe = { kind: 'container' };

function container(changes: Partial<ContainerSeen> = {}): ContainerSeen {
  return {
    id: 'c1',
    name: 'shop-r7-web-1',
    running: true,
    restarts: 0,
    startedAt: 1_000,
    exitCode: 0,
    oomKilled: false,
    usage: null,
    ...changes,
  };
}

function usage(changes: Partial<Usage> = {}): Usage {
  return { memory: 50, memoryLimit: 100, cpuMs: 0, cpus: 1, readAt: 0, ...changes };
}

function looking(
  containers: readonly ContainerSeen[],
  is: ProjectHealth['is'] = 'healthy',
  detail = '',
): ContainersSeen {
  return { health: { is, detail, restarts: 0 }, containers };
}

/** What is seen at one look after the other. */
function given(...looks: readonly ContainersSeen[]) {
  const asked: unknown[] = [];
  const left = [...looks];
  const containers = async (place: unknown, how: unknown) => {
    asked.push([place, how]);
    const [next = looks.at(-1)] = left.splice(0, 1);
    if (next === undefined) throw new Error('nothing to see');
    return next;
  };
  const all = parts(1);
  return { asked, parts: { ...all, insides: { ...all.insides, containers } } };
}

describe("the containers' own health", () => {
  test.each([
    ['healthy', 'ok'],
    ['unhealthy', 'error'],
    ['exited', 'error'],
    ['restarting', 'error'],
    ['starting', 'error'],
    ['absent', 'error'],
  ] as const)('%s is %s', async (is, outcome) => {
    const seen = await sample(plain, given(looking([], is)).parts);
    expect(seen).toMatchObject({ outcome, droplet: 7, detail: is });
  });

  test('is asked of the environment on that droplet, without statistics, and tells why it is bad', async () => {
    const { asked, parts: all } = given(looking([], 'exited', 'web exited with 3'));
    const seen = await sample(plain, all);
    expect(asked).toEqual([[{ project: 'shop-r7', droplet: 7 }, { usage: false }]]);
    expect(seen.detail).toBe('exited: web exited with 3');
  });

  test('I5: that cannot be looked at is unknown', async () => {
    const all = parts(1);
    const containers = () => Promise.reject(new Failure('host', 'Docker is gone'));
    const seen = await sample(plain, { ...all, insides: { ...all.insides, containers } });
    expect([seen.outcome, seen.detail]).toEqual(['unknown', 'Docker is gone']);
  });

  test('I9: that is never told is unknown at a limit', async () => {
    const all = parts(1);
    const containers = () => new Promise<never>(() => undefined);
    const clock = { ...systemClock, now: () => 0, sleep: async () => undefined };
    const seen = await sample(plain, { ...all, clock, insides: { ...all.insides, containers } });
    expect(seen.outcome).toBe('unknown');
  });
});

describe('what happens to a container within a phase', () => {
  test.each<[string, Partial<ContainerSeen>, string]>([
    ['a restart by Docker', { restarts: 1, startedAt: 9_000 }, 'was restarted in this phase'],
    ['a start by hand', { startedAt: 9_000 }, 'was started again in this phase'],
    ['another container in its place', { id: 'c2' }, 'was started again in this phase'],
    ['no memory left', { oomKilled: true }, 'ran out of memory'],
    ['an end', { running: false, exitCode: 137 }, 'ended with exit code 137'],
  ])('%s is an error, and stays one although it is healthy again', async (_, then, told) => {
    const before = looking([container()]);
    const during = looking([container(then)]);
    const after = looking([container({ restarts: then.restarts ?? 0 })]);
    const asking = probes(given(before, during, after).parts);
    const ask = () => asking.sample(plain, environment, 7, phase(2_000));
    expect((await ask())?.outcome).toBe('ok');
    for (const _look of [1, 2]) {
      const seen = await ask();
      expect(seen?.outcome).toBe('error');
      expect(seen?.detail).toContain(told);
    }
  });

  test('counts for the phase, not for the next one', async () => {
    const asking = probes(
      given(looking([container()]), looking([container({ restarts: 1 })])).parts,
    );
    await asking.sample(plain, environment, 7, phase(2_000));
    expect((await asking.sample(plain, environment, 7, phase(2_000)))?.outcome).toBe('error');
    expect((await asking.sample(plain, environment, 7, phase(9_000)))?.outcome).toBe('ok');
  });

  test('is seen by a controller that takes over in the middle of it', async () => {
    const all = given(looking([container({ startedAt: 60_000 })])).parts;
    const seen = await sample(plain, all, phase(50_000));
    expect([seen.outcome, seen.detail]).toEqual([
      'error',
      'shop-r7-web-1 was started again in this phase; healthy',
    ]);
    const early = given(looking([container({ startedAt: 51_000 })])).parts;
    expect((await sample(plain, early, phase(50_000))).outcome).toBe('ok');
  });
});

describe('the use of limits', () => {
  const memory: ContainerProbe = { kind: 'container', memoryMax: 0.9 };

  test.each([
    [90, 'ok', 0.9],
    [91, 'error', 0.91],
  ])('%i of 100 bytes, at most 90 %%, is %s', async (bytes, outcome, value) => {
    const { asked, parts: all } = given(looking([container({ usage: usage({ memory: bytes }) })]));
    const seen = await sample(memory, all);
    expect(seen).toMatchObject({ outcome, value });
    expect(asked).toEqual([[{ project: 'shop-r7', droplet: 7 }, { usage: true }]]);
    if (outcome === 'error')
      expect(seen.detail).toBe('shop-r7-web-1 uses 91 % of its memory, more than 90 %; healthy');
  });

  test('the container that uses most speaks for all', async () => {
    const many = [20, 70, 40].map((bytes, index) =>
      container({ id: `c${index}`, name: `web-${index}`, usage: usage({ memory: bytes }) }),
    );
    expect((await sample(memory, given(looking(many)).parts)).value).toBe(0.7);
  });

  test('of processors is known from the second look on, and until then unknown', async () => {
    const at = (cpuMs: number, readAt: number) =>
      looking([container({ usage: usage({ cpuMs, readAt, cpus: 2 }) })]);
    const asking = probes(given(at(1_000, 0), at(3_000, 2_000), at(7_000, 4_000)).parts);
    const spec: ContainerProbe = { kind: 'container', cpuMax: 0.9, value: 'cpu' };
    const ask = () => asking.sample(spec, environment, 7, phase());
    expect(await ask()).toMatchObject({ outcome: 'unknown' });
    expect(await ask()).toMatchObject({ outcome: 'ok', value: 0.5 });
    expect(await ask()).toMatchObject({ outcome: 'error', value: 1 });
  });

  test.each<[string, Usage | null]>([
    ['nothing at all', null],
    ['no memory', usage({ memory: null })],
    ['no limit', usage({ memoryLimit: null })],
  ])('I5: where Docker says %s is unknown, never little', async (_, told) => {
    const seen = await sample(memory, given(looking([container({ usage: told })])).parts);
    expect(seen.outcome).toBe('unknown');
    expect(seen.value).toBe(undefined);
  });
});
