import { describe, expect, it } from 'vitest';
import { fastClock } from './clocks.ts';
import { busyText, settingsWith } from './fixtures.ts';
import { clock, failureOf, greenWish, open, ours, useScene, usual } from './scene.ts';

const scene = useScene();

describe('the balancer', () => {
  it('tells who is attached, foreign droplets included, in ascending order', async () => {
    scene.cloud.attached = [9, 2, 1];
    expect(await scene.balancer.attached()).toEqual([1, 2, 9]);
  });

  it('attaches with one look before, one write, one look after', async () => {
    await scene.attachGreen();
    expect(scene.cloud.log).toEqual(['GET balancer', 'POST [3, 4]', 'GET balancer']);
    expect(scene.client.calls()).toBe(3);
  });

  it('detaches likewise', async () => {
    scene.cloud.attached = [4, 3, 2, 1];
    await scene.detachBlue();
    expect(scene.cloud.log).toEqual(['GET balancer', 'DELETE [1, 2]', 'GET balancer']);
    expect(scene.cloud.attached).toEqual([4, 3]);
  });

  it('I7: leaves foreign droplets where they are', async () => {
    scene.cloud.attached = [9, 1, 2];
    await scene.attachGreen();
    await scene.detachBlue();
    expect(scene.cloud.attached).toEqual([9, 3, 4]);
    expect(scene.cloud.log.filter((line) => line.includes('9'))).toEqual([]);
  });

  it('sends only the difference, and nothing where there is none', async () => {
    scene.cloud.attached = [1, 2, 3];
    await scene.balancer.attach({
      droplets: [3, 4],
      expected: [1, 2, 3],
      ...usual,
      signal: open(),
    });
    expect(scene.cloud.log[1]).toBe('POST [4]');
    await scene.attachGreen();
    expect(scene.cloud.log.slice(3)).toEqual(['GET balancer']);
  });

  it('I4: writes nothing when somebody else changed the membership', async () => {
    scene.cloud.attached = [1, 3];
    const failure = await failureOf(scene.attachGreen());
    expect(failure).toMatchObject({ from: 'drift', retry: 'never', ambiguous: false });
    expect(failure.message).toContain('droplet 3 came, droplet 2 went');
    expect(scene.cloud.log).toEqual(['GET balancer']);
  });

  it('I4: sends nothing once another controller may have taken over, however it got here', async () => {
    const failure = await failureOf(scene.balancer.attach({ ...greenWish(), holds: () => false }));
    expect(failure).toMatchObject({ from: 'cloud', retry: 'never', ambiguous: false });
    expect(failure.message).toContain('Another controller may have taken over');
    expect(scene.cloud.log).toEqual(['GET balancer']);
  });

  it('I1: refuses to remove the last droplets, unless that is meant', async () => {
    scene.cloud.attached = [1, 2];
    const last = { droplets: [1, 2], expected: [1, 2], ...usual, signal: open() };
    expect(await failureOf(scene.balancer.detach(last))).toMatchObject({ from: 'drift' });
    expect(scene.cloud.log).toEqual(['GET balancer']);
    await scene.balancer.detach({ ...last, mayEmpty: true });
    expect(scene.cloud.attached).toEqual([]);
  });

  it('waits until the record shows what was accepted', async () => {
    scene.cloud.mishaps.push({ applied: true, meanwhile: () => (scene.cloud.lag = 3) });
    await scene.attachGreen();
    expect(scene.cloud.log).toEqual([
      'GET balancer',
      'POST [3, 4]',
      'GET balancer',
      'GET balancer',
      'GET balancer',
      'GET balancer',
    ]);
  });

  it('says so when a change was accepted and never shown', async () => {
    scene.cloud.mishaps.push({ applied: false, answer: { status: 204, message: '' } });
    const slow = await scene.replace({ clock: fastClock(100) });
    const failure = await failureOf(slow.attach(greenWish()));
    expect(failure).toMatchObject({ from: 'cloud', retry: 'soon', ambiguous: true });
    expect(failure.message).toContain('did not show it in time');
    expect(scene.cloud.log.filter((line) => line.startsWith('POST'))).toHaveLength(1);
  });

  it('leaves no doubt unsaid when the record cannot be read after a write', async () => {
    const meanwhile = () => scene.cloud.readTroubles.push(401);
    scene.cloud.mishaps.push({ applied: true, meanwhile });
    const failure = await failureOf(scene.attachGreen());
    expect(failure).toMatchObject({ from: 'cloud', ambiguous: true });
    expect(failure.message).toContain('does not accept the token');
  });
});

describe('a change of the balancer', () => {
  it('ends when its time is over, whatever is going on', async () => {
    const stop = new AbortController();
    scene.cloud.mishaps.push({ applied: true, end: 'hang', meanwhile: () => stop.abort() });
    const failure = await failureOf(scene.attachGreen(stop.signal));
    expect(failure).toMatchObject({ from: 'cloud', retry: 'soon', ambiguous: true });
    expect(failure.message).toContain('look before repeating');
  });

  it('ends when its time is over while it waits for a busy balancer, and says why it waited', async () => {
    const stop = new AbortController();
    const answer = { status: 403, message: busyText };
    const before = clock.naps.length;
    const pauses = () => clock.naps.slice(before).filter((ms) => ms >= 2_000 && ms <= 18_000);
    scene.cloud.mishaps.push({ answer });
    const waiting = failureOf(scene.attachGreen(stop.signal));
    await expect.poll(pauses).not.toEqual([]);
    stop.abort();
    const failure = await waiting;
    expect(failure).toMatchObject({ retry: 'soon', ambiguous: false });
    expect(failure.message).toContain('earlier change');
  });

  it('waits for an earlier one to end; with its own time over, it does not', async () => {
    const stop = new AbortController();
    scene.cloud.mishaps.push({ applied: true, meanwhile: () => stop.abort() });
    const first = scene.attachGreen();
    const abandoned = failureOf(scene.detachBlue(stop.signal));
    const third = scene.detachBlue();
    expect((await abandoned).message).toContain('Nothing was sent');
    await Promise.all([first, third]);
    expect(scene.cloud.log).toEqual([
      'GET balancer',
      'POST [3, 4]',
      'GET balancer',
      'GET balancer',
      'DELETE [1, 2]',
      'GET balancer',
    ]);
  });

  it('sends nothing when its time was over before it began', async () => {
    await failureOf(scene.attachGreen(AbortSignal.abort()));
    expect(scene.cloud.log).toEqual([]);
  });
});

describe('a change that goes back', () => {
  it('has a reserve of requests that others have not', async () => {
    const limits = { perMinute: 4, perHour: 100, reserve: 3 };
    const scarce = await scene.replace({ limits });
    await scarce.attached();
    const began = clock.now();
    await scarce.attach({ ...greenWish(), goesBack: true });
    expect(clock.now() - began).toBeLessThan(30_000);
    await expect(
      scarce.detach({ ...greenWish(AbortSignal.timeout(100)), expected: ours }),
    ).rejects.toThrow(/It was not sent/);
  });
});

describe('a balancer that stays busy', () => {
  it('is waited for over five minutes, with growing pauses, and no longer', async () => {
    const fast = fastClock(100);
    const slow = await scene.replace({ clock: fast });
    for (let count = 0; count < 100; count += 1) {
      scene.cloud.mishaps.push({ answer: { status: 403, message: busyText } });
    }
    const began = fast.now();
    const failure = await failureOf(slow.attach(greenWish()));
    expect(fast.now() - began).toBeGreaterThan(300_000);
    expect(fast.now() - began).toBeLessThan(345_000);
    expect(failure).toMatchObject({ retry: 'soon', ambiguous: false });
    expect(failure.message).toContain('ask DigitalOcean to look at it');
    const pauses = fast.naps.filter((ms) => ms < 20_000);
    expect(pauses[0]).toBeGreaterThanOrEqual(2000);
    expect(pauses[0]).toBeLessThanOrEqual(2400);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(18_000);
  });

  it('is waited for no longer than the operator says, but for one good try at least', async () => {
    const waited = async (limitMs: number) => {
      const fast = fastClock(100);
      const slow = await scene.replace({ clock: fast });
      for (let count = 0; count < 60; count += 1)
        scene.cloud.mishaps.push({ answer: { status: 403, message: busyText } });
      const began = fast.now();
      await failureOf(slow.attach({ ...greenWish(), limitMs }));
      scene.cloud.mishaps.length = 0;
      return fast.now() - began;
    };
    expect(await waited(60_000)).toBeLessThan(75_000);
    expect(await waited(1_000)).toBeGreaterThan(5_000);
    expect(await waited(1_000)).toBeLessThan(30_000);
    expect(await waited(900_000)).toBeLessThan(345_000);
  });
});

describe('pools and lost droplets', () => {
  it('asks nobody which droplets a pool means when they are named one by one', async () => {
    expect(await scene.balancer.pools()).toEqual({ a: [1, 2], b: [3, 4] });
    expect(scene.client.calls()).toBe(0);
  });

  it('I5: calls a droplet lost only when the cloud says that there is none', async () => {
    scene.cloud.droplets = [1, 3];
    expect(await scene.balancer.lost([1, 2])).toEqual([2]);
    scene.cloud.readTroubles.push(403, 403);
    expect(await failureOf(scene.balancer.lost([1, 2]))).toMatchObject({ from: 'cloud' });
  });

  it('refuses an id that is none before it is put in an address', async () => {
    const settings = settingsWith(scene.cloud.endpoint, {
      cloud: { balancer: { id: '../droplets' } },
    });
    const wrong = await scene.replace({ settings });
    expect((await failureOf(wrong.attached())).message).toContain('is not the id');
    expect(scene.cloud.log).toEqual([]);
  });
});
