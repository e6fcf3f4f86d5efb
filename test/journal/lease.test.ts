// Taking a lease: who is refused, and that no epoch is lower than one a droplet may have seen.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeLease, encodeLease, type Lease, neverTaken, take } from '../../src/journal/lease.ts';
import type { Instant } from '../../src/lib/clock.ts';

const noon = Date.parse('2026-03-01T12:00:00Z');
const noonSeconds = noon / 1000;
const ttlMs = 60_000;

const place = { host: 'laptop', pid: 4711, machine: 'boot pid:[1]', started: '99' };
const anna = { ...place, who: 'anna' };
const bert = { ...place, pid: 4712, who: 'bert' };

/** What bert gets; `dead` says whether the holder before him is known to be dead. */
const takenBy = (before: Lease, now: Instant, dead = true) =>
  take(before, bert, { now, ttlMs, dead: () => dead });

/** The lease that bert takes from a holder who is dead. */
function leaseAfter(before: Lease, now: Instant): Lease {
  const taken = takenBy(before, now);
  if (!taken.got) throw new Error(`held by ${taken.holder.who}`);
  return taken.lease;
}

function held(epoch: number, until: Instant): Lease {
  return { v: 1, epoch, held: true, holder: { ...anna, since: noon - 5000, until } };
}

describe('taking a lease', () => {
  test('it is held from now for its time, by the one who took it', () => {
    expect(leaseAfter(neverTaken([]), noon)).toMatchObject({
      held: true,
      holder: { ...bert, since: noon, until: noon + ttlMs },
    });
  });

  test('I4: one that is held by the living is refused until its time is over, and told whose it is', () => {
    const before = held(7, noon + 1);
    const { who, host, pid } = anna;
    const holder = { who, host, pid, since: noon - 5000, until: noon + 1, epoch: 7 };
    expect(takenBy(before, noon, false)).toEqual({ got: false, holder });
    expect(takenBy(before, noon + 1, false)).toMatchObject({ got: true });
    expect(takenBy(before, noon, true)).toMatchObject({ got: true });
    expect(takenBy({ ...before, held: false }, noon, false)).toMatchObject({ got: true });
  });
});

describe('the epoch of a lease', () => {
  test.each([
    ['the first one has the seconds of the clock', 0, noon, noonSeconds],
    ['seconds are whole', 0, noon + 999, noonSeconds],
    ['where time went on, it goes on with it', noonSeconds - 60, noon, noonSeconds],
    ['within the same second, it is the next number', noonSeconds, noon + 999, noonSeconds + 1],
    ['of a clock that went back, it is the next number', noonSeconds + 60, noon, noonSeconds + 61],
  ])('%s', (_, before, now, expected) => {
    expect(leaseAfter(held(before, 0), now).epoch).toBe(expected);
  });

  test('whatever the clock does, each is a higher whole number than the one before', () => {
    const times = fc.array(fc.integer({ min: 0, max: 2 * noon }), { minLength: 1 });
    fc.assert(
      fc.property(fc.nat(), times, (first, instants) => {
        let lease = held(first, 0);
        for (const now of instants) {
          const next = leaseAfter(lease, now);
          expect(next.epoch).toBeGreaterThan(lease.epoch);
          expect(decodeLease(encodeLease(next), 'here')).toEqual(next);
          lease = next;
        }
      }),
    );
  });

  test('a lost journal takes a higher one than all that were taken at most once a second', () => {
    const gaps = fc.array(fc.integer({ min: 1000, max: 3_600_000 }), { minLength: 1 });
    fc.assert(
      fc.property(gaps, (waits) => {
        let [lost, now] = [neverTaken([]), noon];
        for (const wait of waits) {
          lost = leaseAfter(lost, now);
          now += wait;
        }
        expect(leaseAfter(neverTaken([]), now).epoch).toBeGreaterThan(lost.epoch);
      }),
    );
  });
});
