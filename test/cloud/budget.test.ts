import { describe, expect, it } from 'vitest';
import { requestBudget, usualLimits } from '../../src/cloud/budget.ts';
import { Failure } from '../../src/lib/failure.ts';
import { manualClock } from './clocks.ts';

const limits = { perMinute: 5, perHour: 20, reserve: 2 };

function taker(clock = manualClock(), given = limits) {
  const budget = requestBudget(clock, given);
  const order: string[] = [];
  const take = (name: string, goesBack = false) =>
    budget.take({ goesBack }).then(() => order.push(name));
  return { budget, clock, order, take };
}

describe('the budget of requests', () => {
  it('stays below what DigitalOcean allows a minute and an hour', () => {
    expect(usualLimits.perMinute).toBeLessThan(250);
    expect(usualLimits.perHour).toBeLessThan(5000);
  });

  it('lets requests out at once while there is room, then one by one as the oldest expire', async () => {
    const { clock, order, take } = taker();
    for (const name of ['one', 'two', 'three', 'four']) void take(name);
    await clock.advance(1000);
    expect(order).toEqual(['one', 'two', 'three']);
    await clock.advance(58_900);
    expect(order).toHaveLength(3);
    await clock.advance(200);
    expect(order).toEqual(['one', 'two', 'three', 'four']);
  });

  it('keeps a reserve for requests that go back, and serves them before the others', async () => {
    const { clock, order, take } = taker();
    for (let count = 0; count < 3; count += 1) void take('forward');
    void take('late forward');
    await clock.advance(10);
    void take('back', true);
    void take('back', true);
    await clock.advance(10);
    expect(order.slice(3)).toEqual(['back', 'back']);
    void take('last back', true);
    await clock.advance(61_000);
    expect(order.slice(5)).toEqual(['last back', 'late forward']);
  });

  it('counts the hour too', async () => {
    const { clock, order, take } = taker(manualClock(), {
      perMinute: 100,
      perHour: 10,
      reserve: 2,
    });
    for (let count = 0; count < 9; count += 1) void take('one');
    await clock.advance(30 * 60_000);
    expect(order).toHaveLength(8);
    await clock.advance(30 * 60_000);
    expect(order).toHaveLength(9);
  });

  it('lets nobody out while the API has had enough', async () => {
    const { budget, clock, order, take } = taker();
    budget.pause(clock.now() + 7000);
    void take('forward');
    void take('back', true);
    await clock.advance(6999);
    expect(order).toEqual([]);
    await clock.advance(1);
    expect(order).toEqual(['back', 'forward']);
  });

  it('gives up with a Failure as soon as its caller does, and lets the next one through', async () => {
    const { budget, clock, order, take } = taker();
    budget.pause(clock.now() + 5000);
    const stop = new AbortController();
    const stopped = budget.take({ signal: stop.signal });
    void take('next');
    stop.abort();
    await expect(stopped).rejects.toThrow(Failure);
    await expect(stopped).rejects.toThrow(/not sent/);
    await expect(budget.take({ signal: stop.signal })).rejects.toThrow(/not sent/);
    await clock.advance(5000);
    expect(order).toEqual(['next']);
  });
});
