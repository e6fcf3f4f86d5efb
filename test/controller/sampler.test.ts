// Probes at their interval on every droplet: windows by gate and phase, slow answers included.
import { describe, expect, test } from 'vitest';
import { Sampler } from '../../src/controller/sampler.ts';
import { blueOf } from '../../src/gates/sample.ts';
import type { GateSpec } from '../../src/policy/policy.ts';
import type { During, Probes } from '../../src/world.ts';
import { aPolicy } from '../builders/policy.ts';
import { anEnvironment } from '../builders/release.ts';
import { ManualClock } from './clock.ts';

const environment = anEnvironment('r42', 'green');
const gates = aPolicy().gate.gates;

describe('the sampler', () => {
  test('asks every droplet at the interval of the gate', async () => {
    const { clock, see } = aScene();
    see();
    await clock.pass(1_100);
    expect(see().map(({ at, droplet }) => [at, droplet])).toEqual([
      [0, 3],
      [0, 4],
      [500, 3],
      [500, 4],
      [1_000, 3],
      [1_000, 4],
    ]);
  });

  test('asks a question of the balancer once, not once a droplet', async () => {
    const ofBalancer = gates.map((gate) => ({ ...gate, probe: { ...gate.probe, of: 'balancer' } }));
    const { clock, see } = aScene(ofBalancer as readonly GateSpec[]);
    see();
    await clock.pass(100);
    expect(see()).toHaveLength(1);
  });

  test("what another environment answered through the balancer's address is no sample of this one", async () => {
    const scene = aScene();
    const answers = ['shop-r41', environment.project, undefined];
    scene.answeredBy = () => answers[(scene.asked - 1) % 3];
    scene.see();
    await scene.clock.pass(1_100);
    expect(scene.asked).toBe(6);
    expect(scene.see().map((sample) => sample.environment)).toEqual([
      environment.project,
      undefined,
      environment.project,
      undefined,
    ]);
  });

  test('a question that was not asked, or does not count yet, is no sample', async () => {
    const scene = aScene();
    scene.counts = () => scene.clock.now() >= 1_000;
    scene.see();
    await scene.clock.pass(1_100);
    expect(scene.asked).toBe(6);
    expect(scene.see().map(({ at }) => at)).toEqual([1_000, 1_000]);
  });

  test('tells its probes which phase they are asked for, and when that is over', async () => {
    const scene = aScene();
    scene.see(700);
    await scene.clock.pass(100);
    expect(scene.during.map(({ since, stop }) => [since, stop.aborted])).toEqual([
      [700, false],
      [700, false],
    ]);
    scene.sampler.stop();
    expect(scene.during.every(({ stop }) => stop.aborted)).toBe(true);
  });

  test('I5: a phase is judged by its own samples: another phase begins with none', async () => {
    const { clock, see } = aScene();
    see(0);
    await clock.pass(2_000);
    expect(see(0)).toHaveLength(10);
    expect(see(2_000)).toEqual([]);
    await clock.pass(100);
    expect(see(2_000).map((sample) => sample.at)).toEqual([2_000, 2_000]);
  });

  test('an answer that was asked for in an earlier phase is not counted in the next', async () => {
    const scene = aScene();
    scene.takesMs = () => 1_000;
    scene.see(0);
    await scene.clock.pass(300);
    scene.see(300);
    await scene.clock.pass(900);
    expect(scene.see(300)).toEqual([]);
  });

  test('keeps the order of asking where answers overtake each other', async () => {
    const scene = aScene();
    scene.takesMs = () => (scene.clock.now() === 0 ? 1_200 : 10);
    scene.see();
    await scene.clock.pass(1_300);
    const times = scene.see().map((sample) => sample.at);
    expect(times).toHaveLength(6);
    expect(times).toEqual([...times].sort((one, other) => one - other));
  });

  test('asks what does not answer no faster than it answers', async () => {
    const scene = aScene();
    scene.takesMs = () => 600_000;
    scene.see();
    await scene.clock.pass(60_000);
    expect(scene.asked).toBe(8);
  });

  test('rings at every sample, so that a gate is judged without delay', async () => {
    const scene = aScene();
    scene.see();
    await scene.clock.pass(600);
    expect(scene.rings).toBe(4);
  });

  test('asks blue the same at the same pace where a gate compares with it', async () => {
    const { clock, sampler } = aScene();
    const wanted = {
      gates: [comparing('droplets')],
      environment,
      baseline: anEnvironment('r41', 'blue'),
    };
    sampler.windows(wanted, 0);
    await clock.pass(1_100);
    const windows = sampler.windows(wanted, 0);
    expect(Object.keys(windows)).toEqual(['healthy', blueOf('healthy')]);
    const asked = (name: string) => windows[name]?.samples.map(({ at, droplet }) => [at, droplet]);
    expect(asked('healthy')).toHaveLength(6);
    expect(asked(blueOf('healthy'))).toEqual([
      [0, 1],
      [0, 2],
      [500, 1],
      [500, 2],
      [1_000, 1],
      [1_000, 2],
    ]);
  });

  test('asks nothing apart where both answer at the balancer, where no gate compares, and where there is no blue', async () => {
    const blue = anEnvironment('r41', 'blue');
    const cases = [
      { gates: [comparing('balancer')], environment, baseline: blue },
      { gates, environment, baseline: blue },
      { gates: [comparing('droplets')], environment, baseline: null },
    ];
    for (const wanted of cases)
      expect(Object.keys(aScene().sampler.windows(wanted, 0))).toEqual(['healthy']);
  });

  test('asks nothing where a phase has no gates, and nothing once it is stopped', async () => {
    const scene = aScene();
    scene.see();
    await scene.clock.pass(100);
    expect(scene.sampler.windows(null, 0)).toEqual({});
    const { asked } = scene;
    await scene.clock.pass(10_000);
    expect(scene.asked).toBe(asked);
  });
});

function comparing(of: 'droplets' | 'balancer'): GateSpec {
  const probe = { kind: 'http', of, path: '/', expect: null, timeoutMs: 1_000 } as const;
  const limits = { acceptable: 0.01, unacceptable: 0.05, confidence: 0.99 };
  const judge = { kind: 'error-rate', ...limits, against: 'blue' } as const;
  return { name: 'healthy', probe, everyMs: 500, judge, unknownMax: 3, dryRun: false };
}

function aScene(given: readonly GateSpec[] = gates) {
  const clock = new ManualClock();
  const sample: Probes['sample'] = async (_, __, droplet, during) => {
    scene.asked += 1;
    if (during !== undefined) scene.during.push(during);
    const at = clock.now();
    const durationMs = scene.takesMs();
    const environment = scene.answeredBy();
    const counts = scene.counts();
    if (durationMs > 0) await clock.sleep(durationMs);
    const named = environment === undefined ? {} : { environment };
    return counts ? { at, droplet, outcome: 'ok', durationMs, detail: '', ...named } : null;
  };
  const ring = () => {
    scene.rings += 1;
  };
  const scene = {
    clock,
    asked: 0,
    rings: 0,
    during: [] as During[],
    takesMs: () => 0,
    answeredBy: (): string | undefined => undefined,
    counts: () => true,
    sampler: new Sampler({ sample }, clock, ring),
    see: (since = 0) =>
      scene.sampler.windows({ gates: given, environment, baseline: null }, since).healthy
        ?.samples ?? [],
  };
  return scene;
}
