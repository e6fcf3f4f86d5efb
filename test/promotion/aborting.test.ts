// Aborting: traffic returns to the environment kept; the other leaves and is removed.
import { describe, expect, test } from 'vitest';
import { known } from '../../src/promotion/observation.ts';
import { step } from '../../src/promotion/step.ts';
import { acted, anApp, attach, continued, detach, done, entered, failed } from '../builders/app.ts';
import { keep } from '../builders/command.ts';
import { anObservation } from '../builders/observation.ts';
import { aPolicy } from '../builders/policy.ts';

const away = anApp().in('aborting');
const home = continued(away, acted(attach(1, 2)), done(attach(1, 2)));
const floorOfTwo = { policy: aPolicy({ switch: { limitMs: 40_000, floor: 2 } }) };

describe('the kept environment comes back', () => {
  test('it is attached before anything leaves', () => {
    expect(step(away, anObservation(away).seen)).toMatchObject({
      is: 'act',
      effects: [{ kind: 'attach-droplets', droplets: [1, 2], expected: [3, 4] }],
    });
  });

  test('its health is restored in the same stroke, where we made it fail', () => {
    const silenced = [{ project: 'shop-r41', droplet: 2 }];
    const quiet = { ...away, silenced };
    expect(step(quiet, anObservation(quiet).seen)).toMatchObject({
      effects: [
        { kind: 'restore-health', project: 'shop-r41', droplet: 2 },
        { kind: 'attach-droplets', droplets: [1, 2] },
      ],
    });
  });

  test('a health check that cannot be restored does not keep it out', () => {
    const order = { kind: 'restore-health', project: 'shop-r41', droplet: 2 } as const;
    const tries = [1, 2, 3].flatMap(() => [acted(order), failed(order)]);
    const deaf = continued({ ...away, silenced: [{ project: 'shop-r41', droplet: 2 }] }, ...tries);
    expect(step(deaf, anObservation(deaf).seen)).toMatchObject({
      effects: [{ kind: 'attach-droplets', droplets: [1, 2] }],
    });
  });

  test('what was told to pass its health check again is waited for like the rest', () => {
    const quiet = { ...home, silenced: [{ project: 'shop-r41', droplet: 2 }] };
    const next = step(quiet, anObservation(quiet).withServing(1).seen);
    expect(next).toMatchObject({ is: 'act', effects: [{ kind: 'restore-health', droplet: 2 }] });
  });

  test('writes that failed do not matter once it is in the balancer all the same', () => {
    const tries = [1, 2, 3].flatMap(() => [acted(attach(1, 2)), failed(attach(1, 2), '503')]);
    const tired = continued(away, ...tries);
    const seen = anObservation(tired).withAttached(1, 2, 3, 4).withServing(1, 2);
    expect(step(tired, seen.seen)).toMatchObject({ effects: [{ kind: 'detach-droplets' }] });
  });

  test('I1: nothing leaves before every droplet of it was seen to serve', () => {
    expect(step(home, anObservation(home).withServing(1, 3, 4).seen)).toMatchObject({ is: 'wait' });
    expect(step(home, anObservation(home).withServing(1, 2).seen)).toMatchObject({
      is: 'act',
      effects: [{ kind: 'detach-droplets', droplets: [3, 4], mayEmpty: false }],
    });
  });

  test('at the limit the floor is enough', () => {
    const late = anObservation(home, 40_000);
    expect(step(home, late.withServing(1, 3, 4).seen)).toMatchObject({ is: 'act' });
    expect(step(home, late.withServing(3, 4).seen)).toMatchObject({
      phase: 'held',
      held: 'choice',
    });
  });

  test('a droplet of it that is known to be down is not waited for', () => {
    const down = anObservation(home).withServing(1, 3, 4).withProject('shop-r41', 'exited', [2]);
    expect(step(home, down.seen)).toMatchObject({ is: 'act', effects: [{ droplets: [3, 4] }] });
    const sick = anObservation(home).withServing(1, 3, 4).withProject('shop-r41', 'unhealthy', [2]);
    expect(step(home, sick.seen)).toMatchObject({ is: 'wait' });
  });

  test('I5: while it is not known who serves, nothing leaves; then it stops here', () => {
    const blind = (forMs: number) =>
      step(home, anObservation(home, 60_000).without('serving', forMs).seen);
    expect(blind(10_000)).toMatchObject({ is: 'wait' });
    expect(blind(30_000)).toMatchObject({ is: 'yield' });
  });

  test('it cannot be attached as often as the policy allows: it stops here', () => {
    const tries = [1, 2, 3].flatMap(() => [acted(attach(1, 2)), failed(attach(1, 2), '503')]);
    const tired = continued(away, ...tries);
    expect(step(tired, anObservation(tired).withAttached(3, 4).seen)).toMatchObject({
      is: 'yield',
    });
  });

  test('a droplet of it that was destroyed meanwhile is left out', () => {
    const tried = continued(away, acted(attach(1, 2)), failed(attach(1, 2), '422'));
    const seen = anObservation(tried).withAttached(3, 4);
    expect(step(tried, seen.without('lost').seen)).toMatchObject({ is: 'wait' });
    expect(step(tried, seen.withLost(1).seen)).toMatchObject({ effects: [{ droplets: [2] }] });
    expect(step(tried, seen.withLost(1, 2).seen)).toMatchObject({ phase: 'held' });
  });

  test('I1: fewer left of it than the floor is no safe side', () => {
    const strict = anApp(floorOfTwo).in('aborting');
    const tried = continued(strict, acted(attach(1, 2)), failed(attach(1, 2), '422'));
    const back = continued(tried, acted(attach(2)), done(attach(2)));
    expect(step(back, anObservation(back).withAttached(2, 3, 4).withLost(1).seen)).toMatchObject({
      phase: 'held',
    });
  });

  test('I1: as many as the floor are enough', () => {
    const strict = continued(
      anApp(floorOfTwo).in('aborting'),
      acted(attach(1, 2)),
      done(attach(1, 2)),
    );
    expect(step(strict, anObservation(strict).withServing(1, 2).seen)).toMatchObject({
      effects: [{ kind: 'detach-droplets', droplets: [3, 4] }],
    });
    const late = anObservation(strict, 40_000).withServing(1);
    expect(step(strict, late.seen)).toMatchObject({ phase: 'held' });
  });
});

describe('the other one leaves', () => {
  const drains = anApp({ drains: true }).in('aborting');
  const back = continued(drains, acted(attach(1, 2)), done(attach(1, 2)));
  const seen = (app: typeof back) => anObservation(app).withServing(1, 2);

  test('healthy, it finishes what it has in flight', () => {
    expect(step(back, seen(back).seen)).toMatchObject({
      effects: [
        { kind: 'fail-health', droplet: 3 },
        { kind: 'fail-health', droplet: 4 },
      ],
    });
  });

  test.each([
    ['unhealthy', seen(back).withProject('shop-r42', 'unhealthy', [3])],
    ['dead', seen(back).withProject('shop-r42', 'exited', [3, 4])],
    ['unseen', seen(back).withoutDroplets([3, 4])],
    ['half-unseen', seen(back).withoutDroplets([4])],
  ])('I3: %s, it is taken out at once', (_, one) => {
    expect(step(back, one.seen)).toMatchObject({
      effects: [{ kind: 'detach-droplets', droplets: [3, 4] }],
    });
  });

  test('who has just taken over looks at it first, for as long as a look may take', () => {
    const early = {
      known: false,
      because: 'the first look has not ended yet',
      since: 0,
      early: true,
    } as const;
    const looking = (afterMs: number) =>
      step(
        back,
        anObservation(back, afterMs)
          .withServing(1, 2)
          .with({ projects: { ...seen(back).seen.projects, 'shop-r42@4': early } }).seen,
      );
    expect(looking(1_000)).toMatchObject({
      is: 'wait',
      because: 'shop-r42 is looked at before it leaves',
    });
    expect(looking(9_999)).toMatchObject({ is: 'wait', until: back.redirectedAt + 10_000 });
    expect(looking(10_000)).toMatchObject({ effects: [{ kind: 'detach-droplets' }] });
    const cuts = home;
    const unseen = { ...seen(cuts).seen.projects, 'shop-r42@4': early };
    expect(step(cuts, seen(cuts).with({ projects: unseen }).seen)).toMatchObject({
      effects: [{ kind: 'detach-droplets' }],
    });
  });

  test('where nothing came before it, or nothing is to be removed with it, it leaves at once', () => {
    const first = anApp({ first: true, drains: true }).joined();
    const aborted = continued(first, entered('aborting', { cause: 'asked' }));
    expect(step(aborted, anObservation(aborted).seen)).toMatchObject({
      effects: [{ kind: 'detach-droplets', droplets: [3, 4] }],
    });
    const alone = { ...back, drop: null };
    expect(step(alone, seen(alone).seen)).toMatchObject({
      effects: [{ kind: 'detach-droplets', droplets: [3, 4] }],
    });
  });

  test('an order that a dead controller gave, and nobody heard of, is given once more', () => {
    const order = { kind: 'fail-health', project: 'shop-r42', droplet: 3 } as const;
    const leased = { type: 'leased', by: 'ben', epoch: 9 } as const;
    const taken = continued(back, acted(order), leased, { ...leased, epoch: 10 });
    expect(step(taken, seen(taken).seen)).toMatchObject({
      effects: [
        { kind: 'fail-health', droplet: 3 },
        { kind: 'fail-health', droplet: 4 },
      ],
    });
  });

  test('I3: where it does not take the order, it is taken out at once', () => {
    const order = { kind: 'fail-health', project: 'shop-r42', droplet: 3 } as const;
    const deaf = continued(back, acted(order), failed(order));
    expect(step(deaf, seen(deaf).seen)).toMatchObject({ effects: [{ kind: 'detach-droplets' }] });
  });

  test('I3: why a droplet of it left the balancer is not asked', () => {
    const gone = seen(back).withAttached(1, 2, 4).without('lost').withoutDroplets([3]);
    expect(step(back, gone.seen)).toMatchObject({
      effects: [{ kind: 'detach-droplets', droplets: [4], expected: [1, 2, 4] }],
    });
  });

  test('but a foreign hand that puts it in again is drift', () => {
    const left = continued(back, acted(detach(3, 4)), done(detach(3, 4)));
    const put = seen(left).withAttached(1, 2, 3);
    expect(step(left, put.seen)).toMatchObject({ phase: 'held', held: 'drift' });
  });

  test('I2: it is not removed until the balancer was quiet about it since it was detached: the record is ahead', () => {
    const left = continued(home, acted(detach(3, 4)), done(detach(3, 4)));
    const then = (afterMs: number, ...serving: number[]) =>
      step(left, anObservation(left, afterMs).withServing(...serving).seen);
    expect(then(1_900, 1, 2)).toMatchObject({
      is: 'wait',
      because: 'the load balancer may still send requests to shop-r42',
    });
    expect(then(2_000, 1, 2, 4)).toMatchObject({ is: 'wait', until: left.wroteAt + 20_000 });
    expect(then(2_000, 1, 2)).toMatchObject({ effects: [{ kind: 'remove-project' }, {}] });
  });

  test('I2: it is removed when people have gone, up to the drain limit counted from its detaching', () => {
    const left = continued(home, acted(detach(3, 4)), done(detach(3, 4)));
    const open = (afterMs: number) =>
      step(
        left,
        anObservation(left, afterMs).withServing(1, 2).withConnections('shop-r42', 2, 0, [3]).seen,
      );
    expect(open(19_000)).toMatchObject({ is: 'wait', until: left.wroteAt + 20_000 });
    expect(open(20_000)).toMatchObject({
      is: 'act',
      effects: [{ kind: 'remove-project', project: 'shop-r42' }, { kind: 'remove-project' }],
    });
  });
});

describe('before the commit point', () => {
  const app = anApp().abortingFrom('gating');

  test('green that was never in the balancer is removed without waiting for anybody to serve', () => {
    expect(step(app, anObservation(app).withServing().seen)).toMatchObject({
      effects: [
        { kind: 'remove-project', droplet: 3 },
        { kind: 'remove-project', droplet: 4 },
      ],
    });
  });

  test('I1: green that is half in the balancer takes traffic with it: blue must serve first', () => {
    const half = { ...app, attached: [1, 2, 3] };
    const seen = anObservation(half);
    expect(step(half, seen.withServing().seen)).toMatchObject({ is: 'wait' });
    expect(step(half, seen.withServing(1, 2).seen)).toMatchObject({
      effects: [{ kind: 'detach-droplets', droplets: [3] }],
    });
  });

  test('I2: green that was taken out before anybody was sent to it is not removed until the change that put it in must have come true', () => {
    const joined = anApp().joined();
    const wrote = [acted(detach(3, 4)), done(detach(3, 4))] as const;
    const left = continued(joined, entered('aborting'), ...wrote);
    expect(left.wroteAt).toBeGreaterThan(left.since);
    const then = (afterMs: number, sentTo: readonly number[]) => {
      const { seen } = anObservation(left, afterMs).withServing(1, 2);
      const once = Object.fromEntries(sentTo.map((droplet) => [droplet, left.since - 5_000]));
      const serving = seen.serving.known
        ? {
            ...seen.serving,
            value: { ...seen.serving.value, seen: { ...once, ...seen.serving.value.seen } },
          }
        : seen.serving;
      return step(left, { ...seen, serving });
    };
    const waits = { because: 'the load balancer may still send requests to shop-r42' };
    expect(then(9_900, [])).toMatchObject(waits);
    expect(then(9_900, [3])).toMatchObject(waits);
    expect(then(10_000, [])).toMatchObject({ effects: [{ kind: 'remove-project' }, {}] });
    expect(then(2_000, [3, 4])).toMatchObject({ effects: [{ kind: 'remove-project' }, {}] });
  });

  test('I1: a green that a person made blue must serve before the old one is given up', () => {
    const by = 'anna';
    const asks = { type: 'asked', by, command: keep('shop-r42') } as const;
    const kept = continued(anApp().joined(), entered('held'), asks, entered('aborting'));
    const alone = { ...kept, attached: [3, 4] };
    expect(step(alone, anObservation(alone).withServing().seen)).toMatchObject({ is: 'wait' });
    expect(step(alone, anObservation(alone).withServing(3, 4).seen)).toMatchObject({
      effects: [{ kind: 'remove-project', project: 'shop-r41' }, {}],
    });
  });

  test('I2: the first release is not removed while it is not known whether it is still sent requests', () => {
    const first = continued(
      anApp({ first: true }).joined(),
      entered('aborting', { cause: 'asked' }),
      acted(detach(3, 4)),
      done(detach(3, 4)),
    );
    const blind = (afterMs: number) =>
      step(first, anObservation(first, afterMs).without('serving').seen);
    expect(blind(19_999)).toMatchObject({ is: 'wait', until: first.wroteAt + 20_000 });
    expect(blind(20_000)).toMatchObject({ effects: [{ kind: 'remove-project' }, {}] });
  });

  test('I2: it is not removed while an attach that got no answer may still put it into the balancer', () => {
    const tried = continued(
      anApp().in('switching'),
      acted(attach(3, 4)),
      failed(attach(3, 4), 'no answer'),
      entered('aborting', { cause: 'failed' }),
    );
    const seen = (sinceWriteMs: number) =>
      anObservation(tried, tried.wroteAt + sinceWriteMs - tried.seq * 1_000);
    expect(step(tried, seen(19_900).seen)).toMatchObject({
      is: 'wait',
      because: 'a change that got no answer may still put droplets 3, 4 into the load balancer',
      until: tried.wroteAt + 20_000,
    });
    // Then a record is wanted that was read after that time, not one that is merely fresh.
    const read = (atMs: number) => ({ attached: known([1, 2], tried.wroteAt + atMs) });
    const later = seen(22_000);
    expect(step(tried, later.with(read(19_000)).seen)).toMatchObject({ readAgain: true });
    expect(step(tried, later.with(read(20_000)).seen)).toMatchObject({
      effects: [{ kind: 'remove-project' }, { kind: 'remove-project' }],
    });
  });

  test('the first release leaves the balancer empty: nothing of ours ever served', () => {
    const first = continued(
      anApp({ first: true }).joined(),
      entered('aborting', { cause: 'asked' }),
    );
    expect(step(first, anObservation(first).without('serving').seen)).toMatchObject({
      effects: [{ kind: 'detach-droplets', droplets: [3, 4], mayEmpty: true }],
    });
  });

  test('only what bgctl began to start is removed', () => {
    const one = { ...app, present: app.present.filter((place) => place.droplet !== 4) };
    expect(step(one, anObservation(one).seen)).toMatchObject({ effects: [{ droplet: 3 }] });
    const none = { ...app, present: [] };
    expect(step(none, anObservation(none).seen)).toMatchObject({ phase: 'idle' });
  });
});
