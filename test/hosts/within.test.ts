// Limits and lines: what waits, what is given up, and what is said then.
import { describe, expect, test } from 'vitest';
import { demultiplexed } from '../../src/hosts/docker.ts';
import { slots } from '../../src/hosts/slots.ts';
import { within } from '../../src/hosts/within.ts';
import { systemClock as clock } from '../../src/lib/clock.ts';

const never = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('slots', () => {
  test('are given in the order of asking, as they come back', async () => {
    const two = slots(2);
    const [one, other] = [await two.take(never), await two.take(never)];
    const order: string[] = [];
    const take = async (name: string) => {
      const back = await two.take(never);
      order.push(name);
      return back;
    };
    const [third, fourth] = [take('third'), take('fourth')];
    await turn();
    expect(order).toEqual([]);
    one();
    one();
    await turn();
    expect(order).toEqual(['third']);
    other();
    await fourth;
    (await third)();
    await two.take(never);
    expect(order).toEqual(['third', 'fourth']);
  });

  test('leave out who gave up waiting', async () => {
    const single = slots(1);
    const back = await single.take(never);
    const stop = new AbortController();
    const gaveUp = single.take(stop.signal);
    const next = single.take(never);
    stop.abort();
    await expect(gaveUp).rejects.toThrow('given up');
    back();
    await next;
    await expect(single.take(stop.signal)).rejects.toThrow('given up');
  });
});

describe('within a limit', () => {
  test('what ends in time gives its result, and its signal aborts afterwards', async () => {
    let seen: AbortSignal | null = null;
    const result = await within({ clock, ms: 1000, what: 'It' }, (signal) => {
      seen = signal;
      return Promise.resolve(7);
    });
    expect(result).toBe(7);
    expect(seen).toMatchObject({ aborted: true });
  });

  test('what does not is a Failure from the host, worth repeating', async () => {
    const late = within({ clock, ms: 10, what: 'Looking' }, () => new Promise(() => {}));
    await expect(late).rejects.toMatchObject({
      message: 'Looking did not end within 10 ms.',
      from: 'host',
      retry: 'soon',
      ambiguous: false,
    });
  });

  test('what is given up says so', async () => {
    const stop = new AbortController();
    const limit = { clock, ms: 60_000, what: 'Start', signal: stop.signal, ambiguous: true };
    const given = within(limit, () => new Promise(() => {}));
    stop.abort();
    await expect(given).rejects.toMatchObject({ message: 'Start was given up.', ambiguous: true });
    await expect(within(limit, () => Promise.resolve(1))).rejects.toThrow('before it began');
  });
});

test('Docker’s frames become text, a cut one included', () => {
  const frame = (stream: number, text: string) =>
    Buffer.concat([Buffer.from([stream, 0, 0, 0, 0, 0, 0, text.length]), Buffer.from(text)]);
  const whole = Buffer.concat([frame(1, 'out\n'), frame(2, 'err\n')]);
  expect(demultiplexed(whole)).toBe('out\nerr\n');
  expect(demultiplexed(Buffer.concat([whole, frame(1, 'half').subarray(0, 10)]))).toBe(
    'out\nerr\nha',
  );
  expect(demultiplexed(Buffer.alloc(0))).toBe('');
});
