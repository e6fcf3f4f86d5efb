// Keeping a lease alive: when it is lost, when an outage is no loss, and how it is let go.
import { describe, expect, test } from 'vitest';
import { type Lease, takeLease } from '../../src/controller/lease.ts';
import { ManualClock } from './clock.ts';
import { MemoryJournal } from './journal.ts';

describe('a lease', () => {
  test('outlives its time while it is renewed', async () => {
    const { clock, journal, lease } = await taken();
    await clock.pass(120_000);
    expect(lease.lost.aborted).toBe(false);
    expect((await journal.holder())?.until).toBeGreaterThan(clock.now());
  });

  test('I4: is lost as soon as a renewal finds somebody else', async () => {
    const { clock, journal, lease } = await taken();
    await clock.pass(12_000);
    journal.give('ben', 20_000);
    await clock.pass(5_000);
    expect(lease.lost.aborted).toBe(true);
  });

  test('is not lost while the journal is out of reach for less than its time', async () => {
    const { clock, journal, lease } = await taken();
    journal.reachable = false;
    await clock.pass(14_000);
    journal.reachable = true;
    await clock.pass(60_000);
    expect(lease.lost.aborted).toBe(false);
  });

  test('I4: is given up when the journal stays out of reach for all of its time: somebody may have it', async () => {
    const { clock, journal, lease } = await taken();
    journal.reachable = false;
    await clock.pass(19_000);
    expect(lease.lost.aborted).toBe(false);
    await clock.pass(2_000);
    expect(lease.lost.aborted).toBe(true);
  });

  test('I4: is given up in time where a renewal never answers', async () => {
    const { clock, journal, lease } = await taken();
    journal.mute = true;
    await clock.pass(19_000);
    expect(lease.lost.aborted).toBe(false);
    await clock.pass(2_000);
    expect(lease.lost.aborted).toBe(true);
  });

  test('I4: nothing more is sent to the cloud well before somebody whose clock is ahead may take it', async () => {
    const { clock, journal, lease } = await taken();
    await clock.pass(60_000);
    expect(lease.holds()).toBe(true);
    journal.reachable = false;
    await clock.pass(6_000);
    expect(lease.holds()).toBe(true);
    await clock.pass(7_000);
    expect(lease.holds()).toBe(false);
    expect(lease.lost.aborted).toBe(false);
    journal.reachable = true;
    await clock.pass(5_000);
    expect(lease.holds()).toBe(true);
  });

  test('is free at once when it ends, and is renewed no more', async () => {
    const { clock, journal, lease } = await taken();
    await lease.end();
    expect(await journal.holder()).toBeNull();
    await clock.pass(60_000);
    expect(lease.lost.aborted).toBe(false);
  });

  test('that was lost is left to the one who has it', async () => {
    const { clock, journal, lease } = await taken();
    journal.give('ben', 60_000);
    await clock.pass(6_000);
    await lease.end();
    expect(await journal.holder()).toMatchObject({ who: 'ben' });
  });

  test('ends without complaint where the journal cannot be told', async () => {
    const { journal, lease } = await taken();
    journal.reachable = false;
    await expect(lease.end()).resolves.toBeUndefined();
  });

  test('that is held is not given a second time: the holder is named', async () => {
    const { clock, journal } = await taken();
    expect(await takeLease(journal, 'ben', clock)).toMatchObject({ holder: { who: 'anna' } });
  });
});

async function taken(): Promise<{ clock: ManualClock; journal: MemoryJournal; lease: Lease }> {
  const clock = new ManualClock();
  const journal = new MemoryJournal(clock);
  const lease = await takeLease(journal, 'anna', clock);
  if (!('epoch' in lease)) throw new Error('the lease was not free');
  return { clock, journal, lease };
}
