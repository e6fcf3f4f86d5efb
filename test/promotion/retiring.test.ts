// Retiring: warm long enough, nobody refers to it, nobody is connected; then it is removed.
import { expect, test } from 'vitest';
import { known } from '../../src/promotion/observation.ts';
import { step } from '../../src/promotion/step.ts';
import { acted, anApp, continued, failed } from '../builders/app.ts';
import { anObservation } from '../builders/observation.ts';
import { aPolicy } from '../builders/policy.ts';

const app = anApp().in('retiring');
const warm = 20_000;
const removals = [1, 2].map((droplet) => ({
  kind: 'remove-project',
  project: 'shop-r41',
  droplet,
}));

test('the old environment stays warm as long as the policy says, whatever else holds', () => {
  const committedAt = app.committedAt ?? 0;
  const at = (time: number) => step(app, anObservation(app, time - app.seq * 1_000).seen);
  expect(at(committedAt + 11_999)).toMatchObject({ is: 'wait', until: committedAt + 12_000 });
  expect(at(committedAt + 12_000)).toMatchObject({ is: 'act', effects: removals });
});

test('I2: open connections are waited for, up to the drain limit', () => {
  const open = (afterMs: number) =>
    step(app, anObservation(app, afterMs).withConnections('shop-r41', 1, 0, [2]).seen);
  expect(open(15_000)).toMatchObject({ is: 'wait', until: app.since + 20_000 });
  expect(open(15_000).because).toBe('1 connection to shop-r41 still open');
  expect(open(20_000)).toMatchObject({ is: 'act', effects: removals });
});

test('I5: connections that cannot be counted are not none', () => {
  const blind = anObservation(app, 15_000).withoutDroplets([2]);
  expect(step(app, blind.seen)).toMatchObject({ is: 'wait' });
});

test('I5: while the balancer cannot be read nothing is removed; then it stops here', () => {
  const blind = (forMs: number) =>
    step(app, anObservation(app, 60_000).without('attached', forMs).seen);
  expect(blind(10_000)).toMatchObject({ is: 'wait' });
  expect(blind(30_000)).toMatchObject({ is: 'yield' });
});

test('I2: a late write of ours put it back into the balancer: it is taken out first', () => {
  const doubtful = { ...app, unsure: [2] };
  const seen = anObservation(doubtful, warm).withAttached(2, 3, 4);
  expect(step(doubtful, seen.seen)).toMatchObject({
    is: 'act',
    effects: [{ kind: 'detach-droplets', droplets: [2], expected: [2, 3, 4], mayEmpty: false }],
  });
});

test('I2: nor is a project removed on a droplet that was left out of it and that people reach', () => {
  const stray = { project: 'shop-r41', droplet: 5 };
  const odd = { ...app, unsure: [5], present: [...app.present, stray] };
  const seen = anObservation(odd, warm).withAttached(3, 4, 5);
  expect(step(odd, seen.seen)).toMatchObject({
    effects: [{ kind: 'detach-droplets', droplets: [5] }],
  });
});

test('I2: what was read a while ago does not do: somebody may have put a droplet back since', () => {
  const read = (agoMs: number) => {
    const { seen } = anObservation(app, warm);
    return step(app, { ...seen, attached: known([3, 4], seen.at - agoMs) });
  };
  expect(read(10_001)).toMatchObject({
    is: 'wait',
    because: 'the load balancer is read once more',
  });
  expect(read(10_000)).toMatchObject({ is: 'act', effects: removals });
});

test('I2: nor what was read before the phase began, however short it is', () => {
  const hasty = anApp({ policy: aPolicy({ drain: { limitMs: 20_000, quietMs: 0, warmMs: 0 } }) });
  const retiring = hasty.in('retiring');
  const read = (at: number) => {
    const { seen } = anObservation(retiring, 1_000);
    return step(retiring, { ...seen, attached: known([3, 4], at) });
  };
  expect(read(retiring.since - 1)).toMatchObject({ is: 'wait', readAgain: true });
  expect(read(retiring.since)).toMatchObject({ is: 'act', effects: removals });
});

test('a droplet where it cannot be removed does not keep the app from resting', () => {
  const [one, two] = removals as [never, never];
  const tries = [1, 2, 3].flatMap(() => [acted(two), failed(two, 'no route')]);
  const tired = continued(app, ...tries);
  expect(step(tired, anObservation(tired, warm).seen)).toMatchObject({ is: 'act', effects: [one] });
  const alone = { ...tired, present: tired.present.filter((place) => place.droplet !== 1) };
  expect(step(alone, anObservation(alone, warm).seen)).toMatchObject({ phase: 'idle' });
});

test('the first release has nothing to retire', () => {
  const first = anApp({ first: true }).in('retiring');
  expect(step(first, anObservation(first).seen)).toMatchObject({ is: 'enter', phase: 'idle' });
});
