// Time in the simulation: it moves only when nobody has anything left to do, and stops at everything that is due.
import { describe, expect, test } from 'vitest';
import { Bell } from '../../src/lib/deferred.ts';
import { VirtualClock } from '../../src/simulator/clock.ts';

const never = () => false;

describe('virtual time', () => {
  test('stands still while anything is left to do now, however many promises that takes', async () => {
    const clock = new VirtualClock();
    let done = 0;
    const longWay = async () => {
      for (let n = 0; n < 1_000; n += 1) await null;
      done = clock.now();
    };
    clock.after(5, () => void longWay());
    clock.after(6, () => undefined);
    await clock.run(never, 100, () => undefined);
    expect(done).toBe(5);
  });

  test('stops at every instant at which something is due, in order, and tells of each', async () => {
    const clock = new VirtualClock();
    const woken: number[] = [];
    const moved: number[] = [];
    for (const ms of [30, 10, 20, 10]) clock.after(ms, () => woken.push(clock.now()));
    expect(await clock.run(never, 100, () => moved.push(clock.now()))).toBe('limit');
    expect(woken).toEqual([10, 10, 20, 30]);
    expect(moved).toEqual([10, 20, 30]);
    expect(clock.now()).toBe(100);
  });

  test('an alarm that was called off does not ring', async () => {
    const clock = new VirtualClock();
    let rung = 0;
    const callOff = clock.alarm(10, () => {
      rung += 1;
    });
    clock.alarm(20, () => {
      rung += 10;
    });
    clock.after(5, callOff);
    await clock.run(never, 100, () => undefined);
    expect(rung).toBe(10);
  });

  test('a mistake of whoever is woken ends the run', async () => {
    const clock = new VirtualClock();
    clock.after(1, () => {
      throw new Error('a bug');
    });
    await expect(clock.run(never, 10, () => undefined)).rejects.toThrow('a bug');
  });
});

describe('a bell', () => {
  test('wakes who waits, at once where it rang before, and else at the limit', async () => {
    const clock = new VirtualClock();
    const bell = new Bell();
    const woken: number[] = [];
    const listen = async () => {
      for (let n = 0; n < 3; n += 1) {
        await bell.wait(clock, 50);
        woken.push(clock.now());
      }
    };
    bell.ring();
    void listen();
    clock.after(20, () => bell.ring());
    await clock.run(
      () => woken.length === 3,
      1_000,
      () => undefined,
    );
    expect(woken).toEqual([0, 20, 70]);
  });
});
