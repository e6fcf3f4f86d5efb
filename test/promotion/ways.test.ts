// Which phase leads to which, who stays and who goes, and how it is said to have ended.
import { describe, expect, test } from 'vitest';
import { Bug } from '../../src/lib/assert.ts';
import type { App, In } from '../../src/promotion/app.ts';
import type { Command } from '../../src/promotion/command.ts';
import type { Environment } from '../../src/promotion/environment.ts';
import { acted, anApp, continued, detach, entered, failed } from '../builders/app.ts';
import { abort, adopt, keep, promote, restore } from '../builders/command.ts';
import { aPolicy } from '../builders/policy.ts';
import { anEnvironment } from '../builders/release.ts';

const asks = (command: Command) => ({ type: 'asked', by: 'anna', command }) as const;

describe('from one phase into another', () => {
  const all = [
    'idle',
    'starting',
    'gating',
    'switching',
    'verifying',
    'retiring',
    'aborting',
    'held',
  ] as const;
  const held = anApp().in('held');
  const first = anApp({ first: true });

  test.each<[string, App, string]>([
    ['idle', anApp().in('idle'), 'held'],
    [
      'idle, asked to promote',
      continued(anApp().in('idle'), asks(promote('r42'))),
      'starting held',
    ],
    ['starting', anApp().in('starting'), 'gating aborting held'],
    ['gating', anApp().in('gating'), 'switching aborting held'],
    ['switching', anApp().joined(), 'aborting held'],
    ['switching, past the commit point', anApp().committed(), 'verifying aborting held'],
    ['switching, the first release, past the commit point', first.committed(), 'verifying held'],
    ['verifying', anApp().in('verifying'), 'retiring aborting held'],
    ['verifying, the first release', first.in('verifying'), 'retiring held'],
    ['retiring', anApp().in('retiring'), 'idle held'],
    ['aborting', anApp().in('aborting'), 'idle held'],
    ['held', held, 'held'],
    [
      'held, nothing known, nothing adopted',
      continued(first.in('idle'), entered('held'), asks(adopt(null))),
      'idle held',
    ],
    ['held, asked to abort', continued(held, asks(abort())), 'held'],
    ['held, asked to keep one', continued(held, asks(keep('shop-r41'))), 'aborting held'],
    ['held, asked to keep none of the two', continued(held, asks(keep('shop-r40'))), 'held'],
    ['held, asked to restore', continued(held, asks(restore)), 'aborting held'],
    [
      'held, asked to adopt',
      continued(held, asks(adopt(anEnvironment('r41', 'blue')))),
      'idle aborting held',
    ],
  ])('%s leads to its successors and nowhere else', (_, app, ways) => {
    const open = all.filter((phase) => {
      try {
        return continued<App>(app, entered(phase)).phase === phase;
      } catch (error) {
        expect(error).toBeInstanceOf(Bug);
        return false;
      }
    });
    expect(open.join(' ')).toBe(ways);
  });

  test.each<[string, App, object]>([
    [
      'starting',
      anApp().in('starting'),
      { keep: ['r41', 'blue'], drop: ['r42', 'green'], committed: false },
    ],
    [
      'gating',
      anApp().in('gating'),
      { keep: ['r41', 'blue'], drop: ['r42', 'green'], committed: false },
    ],
    [
      'switching',
      anApp().joined(),
      { keep: ['r41', 'blue'], drop: ['r42', 'green'], committed: false },
    ],
    [
      'switching, past the commit point',
      anApp().committed(),
      { keep: ['r41', 'blue'], drop: ['r42', 'draining'], committed: true },
    ],
    [
      'verifying',
      anApp().in('verifying'),
      { keep: ['r41', 'blue'], drop: ['r42', 'draining'], committed: true },
    ],
    [
      'held before the commit point, restored',
      continued(anApp().joined(), entered('held'), asks(restore)),
      { keep: ['r41', 'blue'], drop: ['r42', 'green'], committed: false },
    ],
    [
      'held before the commit point, green kept',
      continued(anApp().joined(), entered('held'), asks(keep('shop-r42'))),
      { keep: ['r42', 'blue'], drop: ['r41', 'draining'], committed: false },
    ],
    [
      'held past the commit point, the new one kept',
      continued(anApp().committed(), entered('held'), asks(keep('shop-r42'))),
      { keep: ['r42', 'blue'], drop: ['r41', 'draining'], committed: true },
    ],
    [
      'held on the way back, the new one kept after all',
      continued(anApp().in('aborting'), entered('held'), asks(keep('shop-r42'))),
      { keep: ['r42', 'blue'], drop: ['r41', 'draining'], committed: true },
    ],
    [
      'held on the way back from before the commit point',
      continued(anApp().abortingFrom('gating'), entered('held'), asks(keep('shop-r41'))),
      { keep: ['r41', 'blue'], drop: ['r42', 'green'], committed: false },
    ],
    [
      'held while verifying, the new one adopted',
      continued(held, asks(adopt(anEnvironment('r42', 'blue')))),
      { keep: ['r42', 'blue'], drop: ['r41', 'draining'], committed: true },
    ],
    [
      'held in idle, something else adopted',
      continued(anApp().in('idle'), entered('held'), asks(adopt(anEnvironment('r7', 'blue')))),
      { keep: ['r7', 'blue'], drop: ['r41', 'draining'], committed: false },
    ],
    [
      'held while the first release was gated, green kept',
      continued(first.in('gating'), entered('held'), asks(keep('shop-r42'))),
      { keep: ['r42', 'blue'], drop: null, committed: false },
    ],
    [
      'held while the first release was gated, restored',
      continued(first.in('gating'), entered('held'), asks(restore)),
      { keep: null, drop: ['r42', 'green'], committed: false },
    ],
    [
      'held in idle, the same adopted',
      continued(anApp().in('idle'), entered('held'), asks(adopt(anEnvironment('r41', 'blue')))),
      { keep: ['r41', 'blue'], drop: null, committed: false },
    ],
  ])('back from %s: who stays, and who goes', (_, app, sides) => {
    const { keep, drop, committed } = continued(app as In<'aborting'>, entered('aborting'));
    const said = (one: Environment | null) => one && [one.release.id, one.state];
    expect({ keep: said(keep), drop: said(drop), committed }).toEqual(sides);
  });

  test('going back is a failure, unless somebody asked or the entry says so', () => {
    const causeOf = (app: App, cause?: 'asked' | 'failed') =>
      continued(app as In<'aborting'>, entered('aborting', cause && { cause })).cause;
    const gating = anApp().in('gating');
    expect(causeOf(gating)).toBe('failed');
    expect(causeOf(continued(gating, asks(abort())))).toBe('asked');
    expect(causeOf(continued(gating, asks(abort())), 'failed')).toBe('failed');
  });

  test('held for no given kind it is a choice', () => {
    expect(continued<App>(anApp().in('gating'), entered('held'))).toMatchObject({ kind: 'choice' });
  });

  test('a promotion takes its own policy along, and whether the app drains; what was asked is answered', () => {
    const policy = aPolicy({ name: 'its own' });
    const app = continued(anApp().in('idle'), asks(promote('r42', { policy, drains: true })));
    expect(app).toMatchObject({ policy: { name: 'short' }, drains: false });
    expect(continued<App>(app, entered('starting'))).toMatchObject({
      policy,
      drains: true,
      asked: null,
    });
    const dull = continued(app, entered('held'), asks(restore), entered('aborting'));
    expect(dull).toMatchObject({ policy: { name: 'short' }, drains: false });
  });

  test('what is adopted is taken as true: the balancer as it is, no doubts, a policy', () => {
    const doubtful = { ...held, unsure: [1, 3] };
    const policy = aPolicy({ name: 'adopted' });
    const blue = anEnvironment('r42', 'blue', { droplets: [3] });
    const command = adopt(blue, { attached: [3, 9], policy, drains: true });
    expect(continued<App>(doubtful, asks(command), entered('aborting'))).toMatchObject({
      attached: [3, 9],
      unsure: [],
      policy,
      drains: true,
      present: doubtful.present,
    });
  });

  test('nothing adopted is nothing present', () => {
    const app = continued(
      first.in('idle'),
      entered('held', { held: 'genesis' }),
      asks(adopt(null)),
    );
    expect(continued<App>(app, entered('idle'))).toMatchObject({ blue: null, present: [] });
  });

  test('when the commit point was passed is known until the app is at rest again', () => {
    const committed = anApp().committed();
    expect(committed.committedAt).toBe(committed.seq * 1_000);
    expect(anApp().in('retiring').committedAt).toBe(committed.committedAt);
    expect(continued(anApp().in('retiring'), entered('idle')).committedAt).toBeNull();
  });

  test('failures end with their phase; what could not be removed is remembered into idle', () => {
    const remove = { kind: 'remove-project', project: 'shop-r42', droplet: 4 } as const;
    const stuck = [acted(remove), failed(remove), acted(detach(3, 4)), failed(detach(3, 4))];
    const app = continued(anApp().in('aborting'), ...stuck);
    expect(Object.keys(continued(app, entered('held')).failures)).toEqual([]);
    expect(Object.keys(continued(app, entered('idle')).failures)).toEqual([
      'remove-project shop-r42@4',
    ]);
  });
});

describe('how it ended', () => {
  const held = anApp().in('held');
  const back = [
    entered('aborting', { cause: 'failed', because: 'the gate failed' }),
    entered('idle'),
  ];
  const asked = entered('aborting', { cause: 'asked', because: 'a typo' });

  test.each<[string, App, object | null]>([
    [
      'verified',
      continued(anApp().in('retiring'), entered('idle', { because: 'it is well' })),
      { is: 'promoted', because: 'it is well' },
    ],
    [
      'failed while gating',
      continued(anApp().in('gating'), ...back),
      { is: 'failed', because: 'the gate failed' },
    ],
    [
      'failed past the commit point',
      continued(anApp().in('verifying'), ...back),
      { is: 'rolled-back', because: 'the gate failed' },
    ],
    [
      'aborted',
      continued(anApp().in('verifying'), asked, entered('idle')),
      { is: 'aborted', because: 'a typo' },
    ],
    [
      'held, and the old one kept',
      continued(held, asks(keep('shop-r41')), asked, entered('idle')),
      { is: 'aborted', because: 'a typo' },
    ],
    [
      'held, and the new one kept',
      continued(held, asks(keep('shop-r42')), asked, entered('idle')),
      { is: 'promoted', because: 'a typo' },
    ],
  ])('%s: of the new release it is said how, why and when', (_, app, ending) => {
    expect(app.last).toEqual({ release: 'r42', key: 'r42', at: app.seq * 1_000, ...ending });
  });

  test('a first release that failed, too, and one that was kept has no other to name', () => {
    const first = continued(anApp({ first: true }).in('gating'), ...back);
    expect(first.last).toMatchObject({ release: 'r42', is: 'failed' });
    const restored = continued(
      anApp().in('idle'),
      entered('held'),
      asks(restore),
      asked,
      entered('idle'),
    );
    expect(restored.last).toBeNull();
  });

  test('of two with the same number the one that was kept was not promoted', () => {
    const same = adopt(anEnvironment('r41', 'blue', { project: 'shop' }));
    const adopted = continued(
      anApp().in('idle'),
      entered('held'),
      asks(same),
      asked,
      entered('idle'),
    );
    expect(adopted.last).toMatchObject({ release: 'r41', is: 'aborted' });
  });

  test('the first release of all has none that is retired', () => {
    const over = continued(anApp({ first: true }).in('retiring'), entered('idle'));
    expect(over.last).toMatchObject({ release: 'r42', is: 'promoted' });
  });

  test('what comes between changes nothing of it', () => {
    const over = continued(anApp().in('retiring'), entered('idle'));
    expect(continued<App>(over, asks(promote('r43')), entered('starting')).last).toEqual(over.last);
  });
});
