// Idle: blue is live and alone in the balancer; bgctl keeps house after itself and touches nothing else.
import { describe, expect, test } from 'vitest';
import { known } from '../../src/promotion/observation.ts';
import { step } from '../../src/promotion/step.ts';
import { acted, anApp, continued, entered, failed } from '../builders/app.ts';
import { promote } from '../builders/command.ts';
import { anObservation } from '../builders/observation.ts';

const app = anApp().in('idle');
const empty = anApp({ first: true }).in('idle');
const asked = { type: 'asked', by: 'anna', command: promote('r42') } as const;
const leftover = { project: 'shop-r40', droplet: 3 };

test('it waits to be asked, without a limit', () => {
  expect(step(app, anObservation(app).seen)).toMatchObject({
    is: 'wait',
    until: null,
    because: 'shop-r41 is live',
  });
  expect(step(empty, anObservation(empty).seen)).toMatchObject({ is: 'wait', until: null });
});

test('asked to promote, it goes to starting', () => {
  const wanted = continued(app, asked);
  expect(step(wanted, anObservation(wanted).seen)).toMatchObject({ phase: 'starting' });
});

test('I5: while it is not known which droplets are ours, drift cannot be told: it waits, and does not rest', () => {
  const seen = anObservation(app).without('pools');
  expect(step(app, seen.seen)).toMatchObject({ is: 'wait', until: expect.any(Number) });
  const wanted = continued(app, asked);
  expect(step(wanted, anObservation(wanted).without('pools').seen)).toMatchObject({ is: 'wait' });
});

test('I5: asked while the balancer cannot be read, it waits, and then stops here', () => {
  const wanted = continued(app, asked);
  const blind = (forMs: number) =>
    step(wanted, anObservation(wanted, 60_000).without('attached', forMs).seen);
  expect(blind(29_000)).toMatchObject({ is: 'wait' });
  expect(blind(30_000)).toMatchObject({ is: 'yield' });
});

describe('an empty journal proves nothing', () => {
  test('droplets of ours in the balancer are held, not swept', () => {
    const seen = anObservation(empty).withAttached(1, 2);
    expect(step(empty, seen.seen)).toMatchObject({ phase: 'held', held: 'genesis' });
  });

  test('projects of ours on the pools are held, not swept', () => {
    const seen = anObservation(empty).with({ strangers: known(['shop'], 0) });
    expect(step(empty, seen.seen)).toMatchObject({ phase: 'held', held: 'genesis' });
  });

  test.each(['pools', 'strangers', 'attached'] as const)('I5: %s unknown is not none', (part) => {
    const wanted = continued(empty, asked);
    expect(step(wanted, anObservation(wanted).without(part).seen)).toMatchObject({ is: 'wait' });
  });

  test('what bgctl itself began to start is no stranger', () => {
    const left = { ...empty, present: [{ project: 'shop-r42', droplet: 3 }] };
    const seen = anObservation(left).with({ strangers: known(['shop-r42'], 0) });
    expect(step(left, seen.seen)).toMatchObject({
      effects: [{ kind: 'remove-project', project: 'shop-r42', droplet: 3 }],
    });
  });

  test('a foreign droplet in the balancer is nobody of ours', () => {
    const seen = anObservation(empty).withAttached(900);
    expect(step(empty, seen.seen)).toMatchObject({ is: 'wait', until: null });
  });
});

describe('keeping house', () => {
  test('a project that could not be removed is removed', () => {
    const left = { ...app, present: [...app.present, leftover] };
    expect(step(left, anObservation(left).seen)).toMatchObject({
      effects: [{ kind: 'remove-project', ...leftover }],
    });
  });

  test('not at once again after it failed: the app rests; whoever drives it next tries again', () => {
    const removal = { kind: 'remove-project', project: 'shop-r42', droplet: 4 } as const;
    const tries = [1, 2, 3].flatMap(() => [acted(removal), failed(removal)]);
    const rested = continued(anApp().abortingFrom('gating'), ...tries, entered('idle'));
    const alone = { ...rested, present: rested.present.filter((one) => one.droplet !== 3) };
    expect(step(alone, anObservation(alone).seen)).toMatchObject({ is: 'wait', until: null });
    const again = continued(alone, { type: 'leased', by: 'anna', epoch: 3 });
    expect(step(again, anObservation(again).seen)).toMatchObject({ is: 'act', effects: [removal] });
  });

  test('a write that landed late is undone before anything else', () => {
    const late = { ...app, unsure: [3], present: [...app.present, leftover] };
    expect(step(late, anObservation(late).withAttached(1, 2, 3).seen)).toMatchObject({
      effects: [{ kind: 'detach-droplets', droplets: [3], expected: [1, 2, 3], mayEmpty: false }],
    });
  });

  test('a write that is only feared needs no undoing', () => {
    const doubtful = { ...app, unsure: [3] };
    expect(step(doubtful, anObservation(doubtful).seen)).toMatchObject({ is: 'wait', until: null });
  });

  test('also where nothing else is in the balancer: an aborted first release', () => {
    const late = { ...empty, unsure: [3] };
    expect(step(late, anObservation(late).withAttached(3).seen)).toMatchObject({
      effects: [{ kind: 'detach-droplets', droplets: [3], mayEmpty: true }],
    });
  });

  test('I2: while that fails nothing is removed, and nothing is started on droplets that people reach', () => {
    const out = {
      kind: 'detach-droplets',
      droplets: [3],
      expected: [],
      ours: [],
      mayEmpty: false,
    } as const;
    const tries = [1, 2, 3].flatMap(() => [acted(out), failed(out)]);
    const stuck = { ...continued(app, ...tries), present: [...app.present, leftover] };
    const seen = anObservation(stuck).withAttached(1, 2, 3);
    expect(step(stuck, seen.seen)).toMatchObject({ is: 'wait', until: null });
    const wanted = continued(stuck, asked);
    expect(step(wanted, anObservation(wanted).withAttached(1, 2, 3).seen)).toMatchObject({
      is: 'yield',
    });
  });

  test('blue whose health check still fails by our order gets it back', () => {
    const silenced = [{ project: 'shop-r41', droplet: 2 }];
    const quiet = { ...app, silenced };
    expect(step(quiet, anObservation(quiet).seen)).toMatchObject({
      effects: [{ kind: 'restore-health', project: 'shop-r41', droplet: 2 }],
    });
  });

  test('not for ever, and not where something else than blue was told', () => {
    const silenced = [{ project: 'shop-r41', droplet: 2 }];
    const order = { kind: 'restore-health', project: 'shop-r41', droplet: 2 } as const;
    const tries = [1, 2, 3].flatMap(() => [acted(order), failed(order)]);
    const other = [{ project: 'shop-r42', droplet: 3 }];
    for (const deaf of [
      continued({ ...app, silenced }, ...tries),
      { ...app, silenced: other },
      { ...empty, silenced: other },
    ])
      expect(step(deaf, anObservation(deaf).seen)).toMatchObject({ is: 'wait', until: null });
  });
});

test('at rest, what cannot be seen is waited for as long as the policy says; then it rests all the same', () => {
  for (const part of ['attached', 'pools', 'strangers'] as const) {
    const blind = (forMs: number) =>
      step(empty, anObservation(empty, 60_000).without(part, forMs).seen);
    expect(blind(0)).toMatchObject({ is: 'wait', until: 90_000 });
    expect(blind(30_000)).toMatchObject({ is: 'wait', until: null });
  }
});
