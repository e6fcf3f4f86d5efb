// Switching: green joins and is seen to serve; then the commit point; then blue leaves.
import { describe, expect, test } from 'vitest';
import { known } from '../../src/promotion/observation.ts';
import { step } from '../../src/promotion/step.ts';
import { acted, anApp, attach, continued, detach, done, failed } from '../builders/app.ts';
import { abort } from '../builders/command.ts';
import { anObservation } from '../builders/observation.ts';
import { aPolicy } from '../builders/policy.ts';

const asked = { type: 'asked', by: 'anna', command: abort() } as const;

describe('green joins', () => {
  const app = anApp().in('switching');
  const joined = anApp().joined();

  test('it is attached, on what the journal expects', () => {
    expect(step(app, anObservation(app).seen)).toMatchObject({
      is: 'act',
      effects: [
        {
          kind: 'attach-droplets',
          droplets: [3, 4],
          expected: [1, 2],
          ours: [1, 2, 3, 4],
          mayEmpty: false,
        },
      ],
    });
  });

  test('a write that got no answer is repeated, although its droplets are seen in the balancer', () => {
    const doubtful = continued(app, acted(attach(3, 4)), failed(attach(3, 4)));
    const seen = anObservation(doubtful).withAttached(1, 2, 3, 4).withServing(1, 2, 3, 4);
    expect(step(doubtful, seen.seen)).toMatchObject({
      is: 'act',
      effects: [{ droplets: [3, 4], expected: [1, 2, 3, 4] }],
    });
  });

  test('the commit point is written only when every droplet of green was seen to serve', () => {
    expect(step(joined, anObservation(joined).withServing(1, 2, 3).seen)).toMatchObject({
      is: 'wait',
    });
    expect(step(joined, anObservation(joined).seen)).toMatchObject({ is: 'commit' });
  });

  test('I5: a sighting from before the last redirection, or an old one, proves nothing', () => {
    const seenAt = (afterMs: number, last: (now: number) => number) => {
      const seen = anObservation(joined, afterMs);
      const sighted = last(seen.seen.at);
      const serving = { since: 0, seen: { 3: sighted, 4: sighted }, trouble: null };
      return step(joined, seen.with({ serving: known(serving, seen.seen.at) }).seen);
    };
    expect(seenAt(1_000, () => joined.redirectedAt - 1)).toMatchObject({ is: 'wait' });
    expect(seenAt(1_000, () => joined.redirectedAt)).toMatchObject({ is: 'commit' });
    expect(seenAt(10_000, (now) => now - 5_001)).toMatchObject({ is: 'wait' });
    expect(seenAt(10_000, (now) => now - 5_000)).toMatchObject({ is: 'commit' });
  });

  test.each(['attached', 'serving'] as const)('I5: no commit point while %s is unknown', (part) => {
    expect(step(joined, anObservation(joined).without(part).seen)).toMatchObject({ is: 'wait' });
  });

  test('I5: no commit point while a droplet of green cannot be looked at', () => {
    const seen = anObservation(joined).withoutDroplets([3]);
    expect(step(joined, seen.seen)).toMatchObject({ is: 'wait' });
  });

  test('I5: what was read before the last write says nothing of now', () => {
    const seen = anObservation(joined);
    const stale = seen.with({ attached: known([1, 2, 3, 4], joined.wroteAt - 1) });
    expect(step(joined, stale.seen)).toMatchObject({ is: 'wait' });
    const just = seen.with({ attached: known([1, 2, 3, 4], joined.wroteAt) });
    expect(step(joined, just.seen)).toMatchObject({ is: 'commit' });
  });

  test('I7: a write names all droplets that are ours, each once, in order, and no other', () => {
    const loose = anObservation(app).with({ pools: known({ a: [2, 1], b: [9, 4] }, 0) });
    const blind = anObservation(app).without('pools');
    const first = anApp({ first: true }).in('switching');
    const ours = (one: typeof app, seen: typeof blind) => {
      const next = step(one, seen.seen);
      return next.is === 'act' && next.effects.map((effect) => 'ours' in effect && effect.ours);
    };
    expect(ours(app, loose)).toEqual([[1, 2, 3, 4, 9]]);
    expect(ours(app, blind)).toEqual([[1, 2, 3, 4]]);
    expect(ours(first, anObservation(first).without('pools'))).toEqual([[3, 4]]);
  });

  test('attaching failed as often as the policy allows: back', () => {
    const tries = [1, 2, 3].flatMap(() => [acted(attach(3, 4)), failed(attach(3, 4), 'busy')]);
    const tired = continued(app, ...tries);
    expect(step(tired, anObservation(tired).withAttached(1, 2).seen)).toMatchObject({
      is: 'enter',
      phase: 'aborting',
      because: 'attach-droplets 3,4 failed 3 times, last: busy',
    });
  });
});

describe('blue leaves', () => {
  const app = anApp().committed();
  const draining = anApp({ drains: true }).committed();
  const silenced = [1, 2].map((droplet) => ({ project: 'shop-r41', droplet }));

  test('it is detached once enough of the new one serves', () => {
    expect(step(app, anObservation(app).seen)).toMatchObject({
      is: 'act',
      effects: [{ kind: 'detach-droplets', droplets: [1, 2], mayEmpty: false }],
    });
  });

  test('I1: not below the floor', () => {
    const policy = aPolicy({ switch: { limitMs: 40_000, floor: 2 } });
    const two = anApp({ policy }).committed();
    expect(step(two, anObservation(two).withServing(1, 2, 3).seen)).toMatchObject({ is: 'wait' });
    expect(step(two, anObservation(two).seen)).toMatchObject({ is: 'act' });
  });

  test('what cannot be reached is not told: it must not hold the others up', () => {
    expect(step(draining, anObservation(draining).withoutDroplets([1]).seen)).toMatchObject({
      effects: [{ kind: 'fail-health', droplet: 2 }],
    });
  });

  test('what does not take its order is not told for ever', () => {
    const order = { kind: 'fail-health', project: 'shop-r41', droplet: 1 } as const;
    const tries = [1, 2, 3].flatMap(() => [acted(order), failed(order)]);
    const deaf = continued(draining, ...tries);
    expect(step(deaf, anObservation(deaf).seen)).toMatchObject({ effects: [{ droplet: 2 }] });
  });

  test('I1: not even told to fail its health check while the new one does not serve', () => {
    const seen = anObservation(draining).withServing(1, 2);
    expect(step(draining, seen.seen)).toMatchObject({ is: 'wait' });
    expect(step(draining, anObservation(draining).seen)).toMatchObject({
      is: 'act',
      effects: [
        { kind: 'fail-health', droplet: 1 },
        { kind: 'fail-health', droplet: 2 },
      ],
    });
  });

  test('I1: a droplet that is seen but is no longer in the balancer does not count', () => {
    const gone = anObservation(app).withAttached(1, 2).withLost(3, 4).withServing(1, 2, 3, 4);
    expect(step(app, gone.seen)).toMatchObject({ phase: 'aborting' });
  });

  test('it waits until nothing is sent to it and nothing is in flight', () => {
    const told = { ...draining, silenced };
    const quiet = anObservation(told, 10_000).withServing(3, 4);
    const busy = quiet.withConnections('shop-r41', 3, 1, [1]);
    const sent = anObservation(told, 10_000);
    expect(step(told, sent.seen).because).toContain('still sends requests');
    expect(step(told, busy.seen).because).toContain('1 request is in flight');
    expect(step(told, quiet.withoutDroplets([1]).seen).because).toContain('cannot be counted');
    expect(step(told, quiet.seen)).toMatchObject({
      is: 'act',
      effects: [{ kind: 'detach-droplets' }],
    });
  });

  test('a count that began before the last request was sent proves nothing of it: they are counted once more', () => {
    const told = { ...draining, silenced };
    const quiet = anObservation(told, 10_000).withServing(3, 4);
    const { at: now, serving, connections } = quiet.seen;
    if (!serving.known) throw new Error('the builder sees who serves');
    const lastSentAt = now - 3_000;
    const sentTo = { ...serving.value.seen, 1: lastSentAt };
    const then = quiet.with({ serving: known({ ...serving.value, seen: sentTo }, now) });
    const counted = (began: number) => {
      const old = known({ open: 0, busy: 0 }, began);
      const one = Object.keys(connections)[0] ?? '';
      return step(told, then.with({ connections: { ...connections, [one]: old } }).seen);
    };
    expect(counted(lastSentAt - 1)).toMatchObject({
      is: 'wait',
      because: 'requests in flight on shop-r41 are counted once more',
      until: Math.max(told.since, told.redirectedAt) + told.policy.drain.limitMs,
    });
    expect(counted(lastSentAt + told.policy.drain.quietMs / 2 - 1)).toMatchObject({ is: 'wait' });
    expect(counted(lastSentAt + told.policy.drain.quietMs / 2)).toMatchObject({ is: 'act' });
  });

  test('I6: an order whose controller died before it was answered may never have arrived: it is given again', () => {
    const order = (droplet: number) => {
      return { kind: 'fail-health', project: 'shop-r41', droplet } as const;
    };
    const killed = continued(draining, acted(order(1)), acted(order(2)), done(order(2)));
    const resumed = continued(killed, { type: 'leased', by: 'anna', epoch: 2 });
    expect(step(resumed, anObservation(resumed).seen)).toMatchObject({
      is: 'act',
      effects: [order(1)],
    });
    const told = continued(resumed, acted(order(1)), done(order(1)));
    expect(step(told, anObservation(told).seen)).toMatchObject({ is: 'wait' });
  });

  test('I5: an answer that names nobody may be its own: that is not quiet', () => {
    const told = { ...draining, silenced };
    const { at } = anObservation(told, 10_000).seen;
    const heard = (unnamed: number) => {
      const serving = { since: 0, seen: { 3: at, 4: at }, trouble: null, unnamed };
      return step(told, anObservation(told, 10_000).with({ serving: known(serving, at) }).seen);
    };
    expect(heard(at - 2_000)).toMatchObject({ is: 'wait' });
    expect(heard(at - 2_001)).toMatchObject({ is: 'act', effects: [{ kind: 'detach-droplets' }] });
  });

  test('I5: quiet is only what was watched for so long, and heard nothing of it', () => {
    const told = { ...draining, silenced };
    const { at } = anObservation(told, 10_000).seen;
    const watched = (since: number, last: number) => {
      const serving = { since, seen: { 1: last, 3: at, 4: at }, trouble: null };
      return step(told, anObservation(told, 10_000).with({ serving: known(serving, at) }).seen).is;
    };
    expect(watched(at - 1_999, 0)).toBe('wait');
    expect(watched(at - 2_000, 0)).toBe('act');
    expect(watched(0, at - 2_000)).toBe('wait');
    expect(watched(0, at - 2_001)).toBe('act');
  });

  test('… up to the drain limit, counted from the last order', () => {
    const told = { ...draining, silenced, redirectedAt: 60_000 };
    const at = (time: number) =>
      step(
        told,
        anObservation(told, time - told.seq * 1_000)
          .withConnections('shop-r41', 3, 1, [1])
          .withServing(3, 4).seen,
      );
    expect(at(79_000)).toMatchObject({ is: 'wait', until: 80_000 });
    expect(at(80_000)).toMatchObject({ is: 'act', effects: [{ kind: 'detach-droplets' }] });
  });

  test('a new environment that stops serving has the switch limit, watched, before it goes back', () => {
    const at = (afterMs: number, since: number) => {
      const seen = anObservation(app, afterMs);
      const serving = { since, seen: {}, trouble: null };
      return step(app, seen.with({ serving: known(serving, seen.seen.at) }).seen);
    };
    const hour = 3_600_000;
    expect(at(39_000, 0)).toMatchObject({ is: 'wait' });
    expect(at(40_000, 0)).toMatchObject({ is: 'enter', phase: 'aborting' });
    // Resumed an hour later, it was watched for one second: that is no evidence.
    expect(at(hour, hour - 1_000)).toMatchObject({ is: 'wait' });
  });

  test('detaching failed as often as the policy allows: it stops here, and resume tries again', () => {
    const tries = [1, 2, 3].flatMap(() => [acted(detach(1, 2)), failed(detach(1, 2), '503')]);
    const tired = continued(app, ...tries);
    const seen = (one: typeof app) => anObservation(one).withAttached(1, 2, 3, 4).withServing(3, 4);
    expect(step(tired, seen(tired).seen)).toMatchObject({ is: 'yield' });
    const resumed = continued(tired, { type: 'leased', by: 'anna', epoch: 2 });
    expect(step(resumed, seen(resumed).seen)).toMatchObject({ is: 'act' });
  });

  test('the balancer cannot be read: it waits as long as the policy says, then stops here', () => {
    const blind = (forMs: number) =>
      step(app, anObservation(app, 60_000).without('attached', forMs).seen);
    expect(blind(29_000)).toMatchObject({ is: 'wait' });
    expect(blind(30_000)).toMatchObject({ is: 'yield' });
  });
});

describe('the first release ever', () => {
  const first = anApp({ first: true }).joined();
  const aborted = continued(first, asked);

  test('aborted while it serves: held', () => {
    expect(step(aborted, anObservation(aborted).seen)).toMatchObject({
      is: 'enter',
      phase: 'held',
    });
  });

  test('aborted before it was attached: it goes, whatever the address says', () => {
    const early = continued(anApp({ first: true }).in('switching'), asked);
    expect(step(early, anObservation(early).without('serving').seen)).toMatchObject({
      phase: 'aborting',
    });
  });

  test('I5: just attached, not having been seen yet is no proof that it does not serve', () => {
    const at = (time: number) =>
      step(aborted, anObservation(aborted, time - aborted.seq * 1_000).withServing().seen);
    expect(at(aborted.redirectedAt + 4_999)).toMatchObject({ is: 'wait' });
    expect(at(aborted.redirectedAt + 5_000)).toMatchObject({ is: 'enter', phase: 'aborting' });
  });

  test('half attached it may serve already: held', () => {
    const half = { ...aborted, attached: [3], unsure: [4] };
    const seen = anObservation(half).withAttached(3).withServing(3);
    expect(step(half, seen.seen)).toMatchObject({ is: 'enter', phase: 'held' });
  });

  test('failing while it serves: held, because there is nothing to go back to', () => {
    const seen = anObservation(first).withProject('shop-r42', 'exited', [4]).withServing(3);
    expect(step(first, seen.seen)).toMatchObject({ is: 'enter', phase: 'held', held: 'choice' });
  });
});
