// Looking again and again: what is late, broken, old or forgotten is unknown, never the last known value.
import { describe, expect, test } from 'vitest';
import { Watches } from '../../src/controller/watch.ts';
import { ManualClock } from './clock.ts';

const cadence = { everyMs: 5_000, limitMs: 8_000 };

describe('a thing that is watched', () => {
  test('is unknown until it was first seen', async () => {
    const scene = aScene();
    expect(scene.see()).toEqual({
      known: false,
      because: 'the first look has not ended yet',
      since: 0,
      early: true,
    });
    await scene.clock.pass(0);
    expect(scene.see()).toEqual({ known: true, value: 'look 1', at: 0 });
    expect(scene.rings).toBe(1);
  });

  test('is looked at again when its time has come, and not before', async () => {
    const scene = aScene();
    await scene.seen();
    await scene.clock.pass(4_999);
    expect(await scene.seen()).toMatchObject({ value: 'look 1' });
    await scene.clock.pass(1);
    expect(await scene.seen()).toMatchObject({ value: 'look 2', at: 5_000 });
  });

  test('I5: is unknown with the reason when looking failed, since it was last known', async () => {
    const scene = aScene();
    await scene.seen();
    await scene.clock.pass(6_000);
    scene.fails = 'no route to host';
    expect(await scene.seen()).toEqual({ known: false, because: 'no route to host', since: 6_000 });
    await scene.clock.pass(3_000);
    expect(await scene.seen()).toMatchObject({ known: false, since: 6_000 });
  });

  test('is looked at sooner while it is unknown', async () => {
    const scene = aScene();
    scene.fails = 'no route to host';
    await scene.seen();
    scene.fails = null;
    await scene.clock.pass(1_000);
    expect(await scene.seen()).toMatchObject({ known: true, value: 'look 2' });
  });

  test('I5: is unknown once a look takes longer than its limit', async () => {
    const scene = aScene();
    await scene.seen();
    await scene.clock.pass(5_000);
    scene.hangs = true;
    await scene.seen();
    await scene.clock.pass(8_000);
    expect(scene.see()).toMatchObject({ known: true, value: 'look 1' });
    await scene.clock.pass(1);
    expect(scene.see()).toMatchObject({ known: false, because: 'no answer within 8 s' });
  });

  test('is never looked at twice at once', async () => {
    const scene = aScene();
    scene.hangs = true;
    for (let turn = 0; turn < 50; turn += 1) {
      scene.see();
      await scene.clock.pass(1_000);
    }
    expect(scene.looks).toBe(1);
  });

  test('I4: is looked at anew where what was seen is older than the last write', async () => {
    const scene = aScene();
    await scene.seen();
    await scene.clock.pass(2_000);
    expect(await scene.seen(1_000)).toEqual({ known: true, value: 'look 2', at: 2_000 });
  });

  test('counts as seen when the look began, not when it ended', async () => {
    const scene = aScene();
    scene.takesMs = 3_000;
    scene.see();
    await scene.clock.pass(3_000);
    expect(scene.see()).toMatchObject({ known: true, at: 0 });
  });

  test('that was forgotten is unknown, and a look begun before says nothing of it', async () => {
    const scene = aScene();
    scene.takesMs = 3_000;
    scene.see();
    await scene.clock.pass(1_000);
    scene.watches.forget('thing');
    scene.takesMs = 5_000;
    expect(scene.see()).toMatchObject({ known: false });
    await scene.clock.pass(2_500);
    expect(scene.see()).toMatchObject({ known: false });
    await scene.clock.pass(2_500);
    expect(scene.see()).toMatchObject({ known: true, value: 'look 2' });
  });
});

function aScene() {
  const clock = new ManualClock();
  const scene = {
    clock,
    rings: 0,
    looks: 0,
    fails: null as string | null,
    hangs: false,
    takesMs: 0,
    watches: new Watches(clock, () => {
      scene.rings += 1;
    }),
    see: (notBefore?: number) =>
      scene.watches.see(
        'thing',
        notBefore === undefined ? cadence : { ...cadence, notBefore },
        look,
      ),
    /** After the look that this begins, if any, has ended. */
    async seen(notBefore?: number) {
      scene.see(notBefore);
      await clock.pass(0);
      return scene.see(notBefore);
    },
  };
  const look = async () => {
    scene.looks += 1;
    const value = `look ${scene.looks}`;
    if (scene.hangs) await new Promise(() => undefined);
    if (scene.takesMs > 0) await clock.sleep(scene.takesMs);
    if (scene.fails !== null) throw new Error(scene.fails);
    return value;
  };
  return scene;
}
