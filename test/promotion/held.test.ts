// Held: nothing is changed until a person chooses; every choice leads somewhere, and not back here by itself.
import { describe, expect, test } from 'vitest';
import type { App } from '../../src/promotion/app.ts';
import type { Command } from '../../src/promotion/command.ts';
import { choices } from '../../src/promotion/phases/held.ts';
import { step } from '../../src/promotion/step.ts';
import { acted, anApp, attach, continued, done, entered } from '../builders/app.ts';
import { adopt, keep, restore } from '../builders/command.ts';
import { anObservation } from '../builders/observation.ts';
import { anEnvironment } from '../builders/release.ts';

const held = anApp().in('held');
const drift = entered('held', { held: 'drift' });
const asked = (command: Command) => ({ type: 'asked', by: 'anna', command }) as const;

test('it waits without a limit, and for nothing', () => {
  expect(step(held, anObservation(held).seen)).toMatchObject({ is: 'wait', until: null });
});

test('the choice is between the environments that stand', () => {
  expect(choices(held).map((one) => one.release.id)).toEqual(['r42', 'r41']);
});

test('of a first release that is held there is only itself to choose', () => {
  const first = anApp({ first: true }).in('held');
  expect(choices(first).map((one) => one.release.id)).toEqual(['r42']);
});

test('where everything is as the journal has it, nothing is asked and nothing is in doubt', () => {
  const app = continued(held, asked(keep('shop-r42')));
  const put = continued(app, acted(attach(1, 2)), done(attach(1, 2)));
  expect(step(put, anObservation(put).without('lost').seen)).toEqual({
    is: 'enter',
    phase: 'aborting',
    because: 'kept by hand: shop-r42',
    cause: 'asked',
  });
});

test('what is adopted is gone back to; where nothing was known there is nothing to leave', () => {
  const command = adopt(anEnvironment('r41', 'blue'));
  const leads = (app: App) => step(app, anObservation(app).seen);
  expect(leads(continued(held, asked(command)))).toMatchObject({
    phase: 'aborting',
    cause: 'asked',
  });
  const first = continued(anApp({ first: true }).in('gating'), drift, asked(command));
  expect(leads(first)).toMatchObject({ phase: 'aborting', cause: 'asked' });
  const idle = continued(anApp().in('idle'), drift, asked(command));
  expect(leads(idle)).toMatchObject({ phase: 'aborting', cause: 'asked' });
  const lost = entered('held', { held: 'genesis' });
  const unknown = continued(anApp({ first: true }).in('idle'), lost, asked(command));
  expect(leads(unknown)).toMatchObject({ phase: 'idle' });
});

test('keep the new one: the old one goes', () => {
  const app = continued(held, asked(keep('shop-r42')));
  const next = step(app, anObservation(app).seen);
  expect(next).toMatchObject({ is: 'enter', phase: 'aborting', cause: 'asked' });
  expect(continued(app, entered('aborting'))).toMatchObject({
    keep: { project: 'shop-r42', state: 'blue' },
    drop: { project: 'shop-r41', state: 'draining' },
  });
});

test('keep the old one: it is blue again, the new one drains', () => {
  const app = continued(held, asked(keep('shop-r41')), entered('aborting'));
  expect(app).toMatchObject({
    keep: { project: 'shop-r41', state: 'blue' },
    drop: { project: 'shop-r42', state: 'draining' },
  });
});

test('what was kept is what is left of it: lost droplets are not waited for', () => {
  const app = continued(held, asked(keep('shop-r42')));
  const next = step(app, anObservation(app).withAttached(4).withLost(3).seen);
  expect(next).toMatchObject({ phase: 'aborting', without: [3] });
  expect(continued(app, entered('aborting', { without: [3] }))).toMatchObject({
    keep: { droplets: [4] },
  });
  // All of it where nothing is left: the next look says so.
  expect(continued(app, entered('aborting', { without: [3, 4] }))).toMatchObject({
    keep: { droplets: [3, 4] },
  });
});

test('a droplet of the side that was out of the balancer is asked after, too', () => {
  const app = continued(held, asked(keep('shop-r41')));
  expect(step(app, anObservation(app).without('lost').seen)).toMatchObject({ is: 'wait' });
  expect(step(app, anObservation(app).withLost(2).seen)).toMatchObject({ without: [2] });
});

test('I5: while the balancer cannot be read the choice is not carried out; then it stops here', () => {
  const app = continued(held, asked(keep('shop-r42')));
  const blind = (forMs: number) =>
    step(app, anObservation(app, 60_000).without('attached', forMs).seen);
  expect(blind(1_000)).toMatchObject({ is: 'wait' });
  expect(blind(30_000)).toMatchObject({ is: 'yield' });
});

describe('after a foreign edit', () => {
  test('restore begins from what is found, and so is not drift again', () => {
    const app = continued(anApp().in('gating'), drift, asked(restore));
    const seen = anObservation(app).withAttached(2, 4);
    const next = step(app, seen.seen);
    expect(next).toMatchObject({ phase: 'aborting', unsure: [1, 4] });
    const back = continued(app, entered('aborting', { unsure: [1, 4] }));
    expect(step(back, anObservation(back).withAttached(2, 4).seen)).toMatchObject({
      is: 'act',
      effects: [{ kind: 'attach-droplets', droplets: [1], expected: [2, 4] }],
    });
  });

  test('restore in idle, where a droplet of the other pool was put in, takes it out', () => {
    const app = continued(anApp().in('idle'), drift, asked(restore));
    const back = continued(app, entered('aborting', { unsure: [3] }));
    const seen = anObservation(back).withAttached(1, 2, 3).withServing(1, 2, 3);
    expect(step(back, seen.seen)).toMatchObject({
      effects: [{ kind: 'detach-droplets', droplets: [3], expected: [1, 2, 3] }],
    });
    const out = {
      kind: 'detach-droplets',
      droplets: [3],
      expected: [],
      ours: [],
      mayEmpty: false,
    } as const;
    const clean = continued(back, acted(out), done(out));
    expect(step(clean, anObservation(clean).seen)).toMatchObject({ phase: 'idle' });
  });

  test('adopt makes what serves blue; a green under way is removed', () => {
    const blue = anEnvironment('r41', 'blue', { droplets: [2] });
    const app = continued(anApp().in('gating'), drift, asked(adopt(blue)));
    const next = continued(app, entered('aborting', { cause: 'asked' }));
    expect(next).toMatchObject({
      keep: { project: 'shop-r41', droplets: [2] },
      drop: { project: 'shop-r42', state: 'green' },
      attached: [2],
    });
  });

  test('adopt something else on the same droplets: the old project is removed although the balancer means them', () => {
    const other = anEnvironment('r41', 'blue', { project: 'shop' });
    const app = continued(anApp().in('idle'), drift, asked(adopt(other)), entered('aborting'));
    const seen = anObservation(app).withServing(1, 2);
    expect(step(app, seen.seen)).toMatchObject({
      effects: [{ kind: 'remove-project', project: 'shop-r41' }, { kind: 'remove-project' }],
    });
  });
});

describe('after an empty journal', () => {
  test('adopt takes what serves as blue, and only that may ever be removed', () => {
    const app = anApp().in('idle');
    expect(app).toMatchObject({ blue: { project: 'shop-r41' }, attached: [1, 2] });
    expect(app.present).toEqual([1, 2].map((droplet) => ({ project: 'shop-r41', droplet })));
    expect(step(app, anObservation(app).seen)).toMatchObject({ is: 'wait', until: null });
  });
});
