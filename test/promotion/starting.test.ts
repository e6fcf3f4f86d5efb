// Starting: green's project on every droplet of the free pool, healthy, or a quick end where that is hopeless.
import { describe, expect, test } from 'vitest';
import { step } from '../../src/promotion/step.ts';
import { acted, anApp, continued, done, failed } from '../builders/app.ts';
import { anObservation } from '../builders/observation.ts';
import { aPolicy } from '../builders/policy.ts';

const app = anApp().begun();
const seen = anObservation(app);
const start = (droplet: number) =>
  ({ kind: 'start-project', project: 'shop-r42', droplet }) as const;
const lenient = aPolicy({ start: { limitMs: 60_000, missingMax: 1, restartsMax: 2 } });

test('green is started where it does not run', () => {
  const half = seen.withProject('shop-r42', 'absent', [4]);
  expect(step(app, half.seen)).toMatchObject({ is: 'act', effects: [start(4)] });
});

test('what stands under its name and was not begun is not taken for it: nobody knows what release that is', () => {
  const untouched = anApp().in('starting');
  const standing = anObservation(untouched);
  const both = { is: 'act', effects: [start(3), start(4)] };
  expect(step(untouched, standing.seen)).toMatchObject(both);
  const sick = standing.withProject('shop-r42', 'exited', [3, 4]);
  expect(step(untouched, sick.seen)).toMatchObject(both);
  const one = continued(untouched, acted(start(3)), done(start(3)));
  expect(step(one, anObservation(one).seen)).toMatchObject({ is: 'act', effects: [start(4)] });
});

test('healthy everywhere, it goes to gating', () => {
  expect(step(app, seen.seen)).toMatchObject({ is: 'enter', phase: 'gating' });
});

test('healthy everywhere, it goes on even when its limit has just passed', () => {
  const late = anObservation(app, 10 * 60_000);
  expect(step(app, late.seen)).toMatchObject({ is: 'enter', phase: 'gating' });
});

test('I5: a droplet that cannot be looked at is waited for, not counted as healthy', () => {
  const step_ = step(app, seen.withoutDroplets([4]).seen);
  expect(step_).toMatchObject({ is: 'wait', until: app.since + 60_000 });
  expect(step_.because).toContain('droplet 4 cannot be looked at');
});

test.each(['exited', 'unhealthy', 'restarting'] as const)(
  'a container that is %s does not mend itself: it ends at once, with what was last seen',
  (is) => {
    const bad = seen.withProject('shop-r42', is, [3], 2);
    expect(step(app, bad.seen)).toMatchObject({
      is: 'enter',
      phase: 'aborting',
      cause: 'failed',
      because: `shop-r42 cannot become healthy: ${is} on droplet 3: ${is} in a test`,
    });
  },
);

test('a container that was restarted less often than the policy bears is still starting', () => {
  const bad = seen.withProject('shop-r42', 'restarting', [3], 1);
  expect(step(app, bad.seen)).toMatchObject({ is: 'wait' });
});

test('not healthy within its limit, it fails', () => {
  const late = anObservation(app, 60_000).withProject('shop-r42', 'starting', [3]);
  expect(step(app, late.seen)).toMatchObject({ is: 'enter', phase: 'aborting', cause: 'failed' });
});

test('a project that could not be started as often as the policy allows is hopeless', () => {
  const twice = continued(app, ...[1, 2].flatMap(() => [acted(start(3)), failed(start(3))]));
  const absent = (one: typeof app) => anObservation(one).withProject('shop-r42', 'absent', [3]);
  expect(step(twice, absent(twice).seen)).toMatchObject({ is: 'act' });
  const thrice = continued(twice, acted(start(3)), failed(start(3), 'disk full'));
  const end = step(thrice, absent(thrice).seen);
  expect(end).toMatchObject({ is: 'enter', phase: 'aborting' });
  expect(end.because).toContain('disk full');
});

describe('the policy lets one droplet be missing', () => {
  const easy = anApp({ policy: lenient }).begun();

  test('it goes on without it, and says so', () => {
    const bad = anObservation(easy).withProject('shop-r42', 'exited', [4]);
    expect(step(easy, bad.seen)).toMatchObject({ is: 'enter', phase: 'gating', without: [4] });
  });

  test('also without one that is only slow, when the time is over', () => {
    const slow = anObservation(easy, 60_000).withProject('shop-r42', 'starting', [4]);
    expect(step(easy, slow.seen)).toMatchObject({ is: 'enter', phase: 'gating', without: [4] });
    const early = anObservation(easy, 55_000).withProject('shop-r42', 'starting', [4]);
    expect(step(easy, early.seen)).toMatchObject({ is: 'wait' });
  });

  test('two missing are too many', () => {
    const bad = anObservation(easy).withProject('shop-r42', 'exited', [3, 4]);
    expect(step(easy, bad.seen)).toMatchObject({ is: 'enter', phase: 'aborting' });
  });

  test('fewer than the floor can never carry the traffic: it fails at once', () => {
    const policy = { ...lenient, switch: { limitMs: 40_000, floor: 2 } };
    const strict = anApp({ policy }).begun();
    const bad = anObservation(strict).withProject('shop-r42', 'exited', [4]);
    expect(step(strict, bad.seen)).toMatchObject({ is: 'enter', phase: 'aborting' });
  });
});

test('a late write of ours puts green into the balancer before it is proven: it goes back', () => {
  const doubtful = { ...app, unsure: [3] };
  const inside = anObservation(doubtful).withAttached(1, 2, 3);
  expect(step(doubtful, inside.seen)).toMatchObject({ is: 'enter', phase: 'aborting' });
  const gating = { ...anApp().in('gating'), unsure: [3] };
  expect(step(gating, anObservation(gating).withAttached(1, 2, 3).seen)).toMatchObject({
    phase: 'aborting',
  });
});
