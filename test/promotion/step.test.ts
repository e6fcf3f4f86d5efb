// The guards that hold in every phase: foreign hands, aborts, and effects that have not ended.
import { describe, expect, test } from 'vitest';
import type { Phase } from '../../src/promotion/app.ts';
import { step } from '../../src/promotion/step.ts';
import { acted, anApp, attach, continued, detach, failed } from '../builders/app.ts';
import { abort } from '../builders/command.ts';
import { anObservation } from '../builders/observation.ts';

const aborts = { type: 'asked', by: 'anna', command: abort('a typo') } as const;
const start = { kind: 'start-project', project: 'shop-r42', droplet: 3 } as const;

describe('an effect begun and not settled', () => {
  test('no phase is left before it ends', () => {
    const app = continued(anApp().in('gating'), acted(start, 90_000));
    expect(step(app, anObservation(app, 10_000).seen)).toMatchObject({ is: 'wait', until: 90_000 });
  });

  test('nothing else is begun before it ends', () => {
    const app = continued(anApp().in('aborting'), acted(detach(1, 2), 90_000));
    expect(step(app, anObservation(app).withAttached(3, 4).seen)).toMatchObject({ is: 'wait' });
  });

  test('what else the same act wanted may be begun beside it', () => {
    const app = continued(anApp().in('starting'), acted(start, 90_000));
    const absent = anObservation(app).withProject('shop-r42', 'absent', [3, 4]);
    expect(step(app, absent.seen)).toMatchObject({
      is: 'act',
      effects: [{ ...start, droplet: 4 }],
    });
  });

  test('an abort waits for it, and cancels what is only being started', () => {
    const app = continued(anApp().in('starting'), acted(start, 90_000), aborts);
    expect(step(app, anObservation(app).seen)).toMatchObject({
      is: 'wait',
      cancel: ['start-project shop-r42@3'],
    });
  });

  test('what is still wanted is not cancelled', () => {
    const app = continued(anApp().in('gating'), acted(start, 90_000));
    for (const seen of [anObservation(app), anObservation(app, 10_000)])
      expect(step(app, seen.seen)).not.toHaveProperty('cancel');
  });

  test('a change of the balancer is never cancelled', () => {
    const app = continued(anApp().in('switching'), acted(attach(3, 4), 90_000), aborts);
    expect(step(app, anObservation(app).seen)).not.toHaveProperty('cancel');
  });
});

describe('an abort that was asked', () => {
  test.each(['starting', 'gating', 'switching', 'verifying'] as const)('%s leads back', (phase) => {
    const app = continued(anApp().in(phase), aborts);
    expect(step(app, anObservation(app).seen)).toMatchObject({
      is: 'enter',
      phase: 'aborting',
      because: 'a typo',
      cause: 'asked',
    });
  });

  test('past the commit point it leads back too, unless there is nothing to go back to', () => {
    const app = continued(anApp().committed(), aborts);
    expect(step(app, anObservation(app).seen)).toMatchObject({ phase: 'aborting' });
    const first = continued(anApp({ first: true }).committed(), aborts);
    expect(step(first, anObservation(first).seen)).toMatchObject({ phase: 'held', held: 'choice' });
  });
});

describe('an abort that comes too late', () => {
  test.each(['idle', 'retiring', 'aborting', 'held'] as const)('in %s changes nothing', (phase) => {
    const app = anApp().in(phase);
    const seen = anObservation(app, 15_000).seen;
    expect(step({ ...app, asked: aborts.command }, seen)).toEqual(step(app, seen));
  });
});

describe('foreign hands on the balancer', () => {
  const all: readonly Phase[] = [
    'idle',
    'starting',
    'gating',
    'switching',
    'verifying',
    'retiring',
    'aborting',
  ];

  test.each(all)('what should be in it and is not stops everything in %s', (phase) => {
    const app = anApp().in(phase);
    const [first = 0, ...rest] = phase === 'aborting' ? [...app.attached, 1] : app.attached;
    const edited = { ...app, attached: phase === 'aborting' ? [1, 2, 3, 4] : app.attached };
    const seen = anObservation(edited).withAttached(...(phase === 'aborting' ? [2, 3, 4] : rest));
    const next = step(edited, seen.seen);
    expect(next).toMatchObject({ is: 'enter', phase: 'held', held: 'drift' });
    expect(next.because).toContain(
      `droplet ${phase === 'aborting' ? 1 : first} should be in it and is not`,
    );
  });

  test.each(all)('what is in it and should not be stops everything in %s', (phase) => {
    const app = anApp().in(phase);
    const stray = [1, 2, 3, 4].find((droplet) => !app.attached.includes(droplet)) ?? 0;
    const seen = anObservation(app).withAttached(...app.attached, stray);
    expect(step(app, seen.seen)).toMatchObject({ phase: 'held', held: 'drift' });
  });

  test('while the first release ever is gated, too', () => {
    const app = anApp({ first: true }).in('gating');
    expect(step(app, anObservation(app).withAttached(3).seen)).toMatchObject({ held: 'drift' });
  });

  test('I7: a droplet that is not ours is none of our business', () => {
    const app = anApp().in('verifying');
    const seen = anObservation(app, 10_000).withAttached(3, 4, 900);
    expect(step(app, seen.seen)).toMatchObject({ phase: 'retiring' });
  });

  test('a droplet that left because it was destroyed is a loss, not an edit', () => {
    const app = anApp().in('gating');
    const gone = anObservation(app, 10_000).withAttached(2);
    expect(step(app, gone.withLost(1).seen)).toMatchObject({ phase: 'switching' });
    expect(step(app, gone.withLost().seen)).toMatchObject({ phase: 'held', held: 'drift' });
  });

  test('I9: whether it was destroyed is asked for as long as the policy says; then it stops here', () => {
    const app = anApp().in('gating');
    const asking = (forMs: number) =>
      step(app, anObservation(app, 60_000).withAttached(2).without('lost', forMs).seen);
    expect(asking(29_000)).toMatchObject({ is: 'wait' });
    expect(asking(30_000)).toMatchObject({ is: 'yield' });
  });

  test('at rest nobody is kept waiting for that', () => {
    const app = anApp().in('idle');
    const asking = anObservation(app, 60_000).withAttached(2).without('lost', 50_000);
    expect(step(app, asking.seen)).toMatchObject({ is: 'wait', until: null });
  });

  test('what a write of ours left in doubt is no drift', () => {
    const app = continued(anApp().in('switching'), acted(attach(3, 4)), failed(attach(3, 4)));
    for (const attached of [
      [1, 2],
      [1, 2, 3],
      [1, 2, 3, 4],
    ])
      expect(step(app, anObservation(app).withAttached(...attached).seen).is).not.toBe('enter');
  });

  test('while a write of ours has not ended there is nothing to compare with', () => {
    const app = continued(anApp().in('switching'), acted(attach(3, 4)));
    expect(step(app, anObservation(app).withAttached(1, 2, 3).seen)).toMatchObject({ is: 'wait' });
  });
});
