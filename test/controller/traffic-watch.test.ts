// Who answers through the balancer's own address, and when that is not known.
import { describe, expect, test } from 'vitest';
import { TrafficWatch } from '../../src/controller/traffic-watch.ts';
import { Failure } from '../../src/lib/failure.ts';
import type { Sighting } from '../../src/world.ts';
import { anEnvironment } from '../builders/release.ts';
import { ManualClock } from './clock.ts';

const blue = anEnvironment('r41', 'blue');
const green = anEnvironment('r42', 'green');

describe('the watch through the balancer', () => {
  test('tells each droplet that answered, and when', async () => {
    const { clock, watch } = aScene(() => ({ droplet: 1 }));
    watch.see([blue]);
    await clock.pass(250);
    expect(watch.see([blue])).toEqual({
      known: true,
      at: 250,
      value: { since: 0, seen: { 1: 200 }, trouble: null, unnamed: 0 },
    });
  });

  test('a bad answer is no sighting of a droplet, and its trouble is kept for people', async () => {
    const { clock, watch } = aScene(() => ({ droplet: 1, trouble: 'HTTP 503' }));
    watch.see([blue]);
    await clock.pass(1_000);
    expect(watch.see([blue])).toHaveProperty('value', {
      since: 0,
      seen: {},
      trouble: 'HTTP 503',
      unnamed: 0,
    });
  });

  test('answers that name an environment count for all its droplets once there are three a droplet', async () => {
    const { clock, watch } = aScene(() => ({ environment: 'shop-r42' }));
    watch.see([blue, green]);
    await clock.pass(499);
    expect(watch.see([blue, green])).toHaveProperty('value.seen', {});
    await clock.pass(2);
    expect(watch.see([blue, green])).toHaveProperty('value.seen', { 3: 500, 4: 500 });
  });

  test('I5: answers without a name say of none that it serves, unless one environment is alone', async () => {
    const { clock, watch } = aScene(() => ({}));
    watch.see([blue, green]);
    await clock.pass(2_000);
    expect(watch.see([blue, green])).toHaveProperty('value', {
      since: 0,
      seen: {},
      trouble: null,
      unnamed: 2_000,
    });
    watch.see([blue], { sole: blue });
    await clock.pass(1_000);
    expect(watch.see([blue], { sole: blue })).toHaveProperty('value.seen', { 1: 3_000, 2: 3_000 });
  });

  test('I5: without an answer for three seconds it is unknown who serves, and why', async () => {
    const scene = aScene(() => ({ droplet: 1 }));
    scene.watch.see([blue]);
    await scene.clock.pass(1_000);
    scene.answer = () => {
      throw new Failure('traffic', 'connection refused');
    };
    await scene.clock.pass(3_000);
    expect(scene.watch.see([blue])).toMatchObject({ known: true });
    await scene.clock.pass(1);
    expect(scene.watch.see([blue])).toEqual({
      known: false,
      because: 'connection refused',
      since: 1_000,
    });
  });

  test('has watched without a gap only since the gap ended', async () => {
    const scene = aScene(() => {
      throw new Failure('traffic', 'connection refused');
    });
    scene.watch.see([blue]);
    await scene.clock.pass(5_000);
    scene.watch.see([blue]);
    scene.answer = () => ({ droplet: 1 });
    await scene.clock.pass(1_000);
    expect(scene.watch.see([blue])).toMatchObject({ known: true, value: { since: 5_000 } });
  });

  test('rings for the first answer since traffic was redirected, and after a silence; not for each of many', async () => {
    const scene = aScene(() => ({ droplet: 1 }));
    scene.watch.see([blue]);
    await scene.clock.pass(1_000);
    expect(scene.rung).toBe(1);
    scene.watch.see([blue], { redirectedAt: 1_001 });
    await scene.clock.pass(1_000);
    expect(scene.rung).toBe(2);
    scene.answer = () => ({ droplet: 2 });
    await scene.clock.pass(1_500);
    expect(scene.rung).toBe(3);
    scene.answer = () => ({ droplet: 1 });
    await scene.clock.pass(500);
    expect(scene.rung).toBe(4);
  });

  test('a balancer that never answers is not asked ever more at once', async () => {
    const scene = aScene(() => new Promise<never>(() => undefined));
    scene.watch.see([blue]);
    await scene.clock.pass(60_000);
    expect(scene.asked).toBe(30);
  });

  test('asks no more once it is stopped, and begins anew with nothing seen', async () => {
    const scene = aScene(() => ({ droplet: 1 }));
    scene.watch.see([blue]);
    await scene.clock.pass(1_000);
    scene.watch.stop();
    const { asked } = scene;
    await scene.clock.pass(10_000);
    expect(scene.asked).toBe(asked);
    expect(scene.watch.see([blue])).toHaveProperty('value', {
      since: 11_000,
      seen: {},
      trouble: null,
      unnamed: 0,
    });
  });

  test('an answer to an earlier watch says nothing to the next', async () => {
    const scene = aScene(async () => {
      await scene.clock.sleep(2_000);
      return { droplet: 1 };
    });
    scene.watch.see([blue]);
    await scene.clock.pass(500);
    scene.watch.stop();
    scene.watch.see([green]);
    await scene.clock.pass(1_900);
    expect(scene.watch.see([green])).toHaveProperty('value.seen', {});
  });
});

type Told = Partial<Sighting>;

function aScene(answer: () => Told | Promise<Told>) {
  const clock = new ManualClock();
  const ask = async (): Promise<Sighting> => {
    scene.asked += 1;
    const told = await scene.answer();
    return { at: clock.now(), droplet: null, environment: null, trouble: null, ...told };
  };
  const traffic = { identifies: 'droplet', warmUpMs: async () => 0, ask } as const;
  const ring = () => {
    scene.rung += 1;
  };
  const scene = { clock, asked: 0, rung: 0, answer, watch: new TrafficWatch(traffic, clock, ring) };
  return scene;
}
