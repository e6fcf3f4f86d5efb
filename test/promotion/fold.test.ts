// Folding the journal gives the app as it was held in memory; an illegal line stops the process.
import { describe, expect, test } from 'vitest';
import { Bug } from '../../src/lib/assert.ts';
import { type App, genesis } from '../../src/promotion/app.ts';
import type { Command } from '../../src/promotion/command.ts';
import type { Entry, Fact } from '../../src/promotion/entry.ts';
import { apply, fold } from '../../src/promotion/fold.ts';
import { acted, anApp, attach, continued, detach, done, entered, failed } from '../builders/app.ts';
import { abort, adopt, keep, promote } from '../builders/command.ts';
import { aPolicy } from '../builders/policy.ts';
import { anEnvironment, appName } from '../builders/release.ts';
import { green, later, played } from './stage/acts.ts';

describe('I6: folding the journal gives the state held in memory', () => {
  test('I6: folding changes nothing that it was given', () => {
    const { play } = played([later('verifying', 1_000, green('errs'))], { drains: true });
    const frozen = play.entries.map((entry) => deepFreeze(structuredClone(entry)));
    const app = frozen.reduce<ReturnType<typeof apply>>(
      (before, entry) => deepFreeze(apply(before, entry)),
      deepFreeze(genesis(appName, aPolicy())),
    );
    expect(app).toEqual(play.app);
  });
});

test('an adopted release keeps its number to itself: the next one gets another, and so another project', () => {
  const command = adopt(anEnvironment('r7', 'blue'));
  const app = anApp({ first: true }).in('idle');
  expect(continued(app, { type: 'asked', by: 'anna', command }).released).toBe(7);
});

test('gone back, the other side is not expected in the balancer, whoever took it out', () => {
  const back = continued(anApp().joined(), entered('aborting', { cause: 'failed' }));
  const idle = continued(back, acted(detach(3)), done(detach(3)), entered('idle'));
  expect(idle.attached).toEqual([1, 2]);
});

describe('the lease', () => {
  const start = { kind: 'start-project', project: 'shop-r42', droplet: 3 } as const;

  test('what a dead controller had begun on droplets may be repeated at once', () => {
    const app = continued(anApp().in('starting'), acted(start), leased);
    expect(app.unsettled).toEqual([]);
  });

  test('its call to the cloud may still land for twenty seconds', () => {
    const app = continued(anApp().in('switching'), acted(attach(3, 4)), leased);
    expect(app.unsettled).toMatchObject([{ until: app.seq * 1_000 + 20_000 }]);
  });

  test('attempts count from zero, and so do the limits of the phase: nobody tried meanwhile', () => {
    const app = continued(anApp().in('starting'), acted(start), failed(start), leased);
    expect(app.failures).toEqual({});
    expect(app.since).toBe(app.seq * 1_000);
  });

  const leased = { type: 'leased', by: 'anna', epoch: 2 } as const;
});

describe('writes to the balancer', () => {
  test('one that got no answer leaves its droplets in doubt', () => {
    const app = continued(anApp().in('switching'), acted(attach(3, 4)), failed(attach(3, 4)));
    expect(app).toMatchObject({ attached: [1, 2], unsure: [3, 4] });
  });

  test('one that was refused before it was sent makes nothing surer than it was', () => {
    const refused = { ...failed(attach(3, 4)), untouched: true } as const;
    const before = continued(anApp().in('switching'), acted(attach(3, 4)), refused);
    expect(before).toMatchObject({ attached: [1, 2], unsure: [] });
    const doubted = continued(anApp().in('switching'), acted(attach(3, 4)), failed(attach(3, 4)));
    expect(continued(doubted, acted(attach(3, 4)), refused)).toMatchObject({ unsure: [3, 4] });
  });

  test('one that was done ends the doubt', () => {
    const doubted = continued(anApp().committed(), acted(detach(1, 2)), failed(detach(1, 2)));
    const app = continued(doubted, acted(detach(1, 2)), done(detach(1, 2)));
    expect(app).toMatchObject({ attached: [3, 4], unsure: [] });
  });
});

describe('what an effect leaves in the records', () => {
  const on = { project: 'shop-r41', droplet: 1 } as const;
  const app = { ...anApp().in('verifying'), silenced: [{ project: 'shop-r41', droplet: 2 }] };
  const effects = {
    attach: attach(1),
    start: { kind: 'start-project', ...on },
    remove: { kind: 'remove-project', ...on },
    fail: { kind: 'fail-health', ...on },
    restore: { kind: 'restore-health', project: 'shop-r41', droplet: 2 },
  } as const;

  test.each([
    ['attach', { wrote: true, redirected: true }],
    ['start', { wrote: false, redirected: false }],
    ['remove', { wrote: false, redirected: false }],
    ['fail', { wrote: false, redirected: true }],
    ['restore', { wrote: false, redirected: true }],
  ] as const)(
    '%s: whether it wrote to the balancer, and whether traffic was redirected',
    (name, moved) => {
      const effect = effects[name];
      for (const facts of [
        [acted(effect)],
        [acted(effect), done(effect)],
        [acted(effect), failed(effect)],
        [acted(effect), { ...failed(effect), untouched: true } as const],
      ]) {
        const after = continued(app, ...facts);
        const now = after.seq * 1_000;
        expect({ wrote: after.wroteAt === now, redirected: after.redirectedAt === now }).toEqual(
          moved,
        );
        expect(after.unsettled).toHaveLength(facts.length === 1 ? 1 : 0);
      }
    },
  );

  test('a project is present from when its start was begun until it was seen removed', () => {
    const green = { project: 'shop-r42', droplet: 5 };
    const { kind } = effects.start;
    const started = continued(app, acted({ kind, ...green }), failed({ kind, ...green }));
    expect(started.present).toEqual([...app.present, green]);
    const again = continued(started, acted({ kind, ...green }), done({ kind, ...green }));
    expect(again.present).toEqual(started.present);
    const remove = { kind: 'remove-project', ...green } as const;
    expect(continued(again, acted(remove), failed(remove)).present).toEqual(started.present);
    expect(continued(again, acted(remove), done(remove)).present).toEqual(app.present);
  });

  test('a health check fails by our hand from when that was ordered until it was restored or removed', () => {
    const { fail, restore: mend, remove } = effects;
    const both = [{ project: 'shop-r41', droplet: 2 }, on];
    const told = continued(app, acted(fail), failed(fail));
    expect(told.silenced).toEqual(both);
    expect(continued(told, acted(fail), done(fail)).silenced).toEqual(both);
    expect(continued(told, acted(mend), failed(mend)).silenced).toEqual(both);
    expect(continued(told, acted(mend), done(mend)).silenced).toEqual([on]);
    expect(continued(told, acted(remove), failed(remove)).silenced).toEqual(both);
    expect(continued(told, acted(remove), done(remove)).silenced).toEqual([both[0]]);
  });

  test('failures are counted with the last reason, each effect by itself, until it is done', () => {
    const { start, remove } = effects;
    const tries = [acted(start), failed(start, 'busy'), acted(start), failed(start, 'disk full')];
    const tired = continued(app, ...tries, acted(remove), failed(remove));
    expect(tired.failures).toEqual({
      'start-project shop-r41@1': { times: 2, because: 'disk full' },
      'remove-project shop-r41@1': { times: 1, because: 'it would not' },
    });
    expect(Object.keys(continued(tired, acted(start), done(start)).failures)).toEqual([
      'remove-project shop-r41@1',
    ]);
    const silent = continued(app, acted(start), { type: 'settled', effect: start, ok: false });
    expect(silent.failures).toEqual({ 'start-project shop-r41@1': { times: 1, because: '' } });
  });

  test('the lease ends all failures but those of health orders, which are to be given again', () => {
    const { fail, start, restore: mend } = effects;
    const begun = [acted(fail), failed(fail), acted(start), failed(start)];
    const other = { ...fail, droplet: 2 };
    const dead = continued(app, ...begun, acted(other), acted(mend), acted(attach(1), 9_000));
    const taken = continued(dead, { type: 'leased', by: 'ben', epoch: 9 });
    const because = 'its controller ended before it answered';
    expect(taken.failures).toEqual({
      'fail-health shop-r41@1': { times: 0, because },
      'fail-health shop-r41@2': { times: 0, because },
    });
    expect(taken.unsettled).toEqual([{ effect: attach(1), until: 9_000 }]);
  });

  test('on the way back and held, the other side is still expected where the journal put it', () => {
    const back = continued(anApp().joined(), entered('aborting', { cause: 'failed' }));
    expect(continued<App>(back, entered('held'))).toMatchObject({
      attached: [1, 2, 3, 4],
      last: null,
    });
  });

  test('droplets in doubt are told in order, each once', () => {
    const doubted = continued(
      app,
      acted(attach(2, 1)),
      failed(attach(2, 1)),
      acted(attach(2)),
      failed(attach(2)),
    );
    expect(doubted.unsure).toEqual([1, 2]);
    expect(continued(doubted, entered('held', { unsure: [4, 2] })).unsure).toEqual([1, 2, 4]);
    expect(continued(app, acted(attach(1)), done(attach(1))).attached).toEqual([1, 3, 4]);
  });
});

describe('what is asked', () => {
  test('the number of the last release is the highest that was given', () => {
    const by = 'anna';
    const app = anApp().in('idle');
    const after = (command: Command) => continued(app, { type: 'asked', by, command }).released;
    expect(app.released).toBe(41);
    expect(
      [promote('r42'), promote('r7'), abort(), keep('shop-r99'), adopt(null)].map(after),
    ).toEqual([42, 41, 41, 41, 41]);
  });

  test('an abort of what is under way is to be answered by the next step', () => {
    const by = 'anna';
    const command = abort('a typo');
    const asked = { type: 'asked', by, command } as const;
    expect(continued<App>(anApp().in('gating'), asked)).toMatchObject({
      asked: command,
      last: null,
    });
    expect(continued<App>(anApp().in('idle'), asked)).toMatchObject({ asked: command, last: null });
  });

  test('an abort of a promotion that was not begun answers it: both are done with', () => {
    const by = 'anna';
    const app = continued(
      anApp().in('idle'),
      { type: 'asked', by, command: promote('r42') },
      { type: 'asked', by, command: abort('a typo') },
    );
    expect(app).toMatchObject({
      phase: 'idle',
      asked: null,
      last: { release: 'r42', is: 'aborted', because: 'a typo' },
    });
  });
});

describe('an illegal line stops the process', () => {
  const app = anApp().in('idle');
  const line = (fact: object) => ({ ...fact, at: 1, seq: app.seq + 1 }) as Entry;

  test.each([
    ['a missing entry', { ...line(entered('held')), seq: app.seq + 2 }],
    ['a repeated entry', { ...line(entered('held')), seq: app.seq }],
    ['a phase that cannot be entered from here', line(entered('verifying'))],
    ['a commit point outside of switching', line({ type: 'committed', because: '' })],
  ])('%s', (_, entry) => {
    expect(() => apply(app, entry)).toThrow(Bug);
  });

  test('a second commit point', () => {
    const committed = anApp().committed();
    expect(() => continued(committed, { type: 'committed', because: '' })).toThrow(Bug);
  });

  test('and says which, to whoever reports it', () => {
    const wrong = (one: App, fact: Fact) => () => continued(one, fact);
    expect(() => apply(app, { ...line(entered('held')), seq: 9 })).toThrow(
      'the journal goes from entry 3 to 9',
    );
    expect(wrong(app, entered('verifying'))).toThrow('idle cannot lead to verifying');
    expect(wrong(app, { type: 'committed', because: '' })).toThrow('idle has no commit point');
    const retired = { ...anApp().in('retiring'), draining: anEnvironment('r41', 'blue') };
    expect(wrong(retired, entered('idle'))).toThrow('shop-r41 cannot go from blue to retired');
  });

  test('nothing folds to an app of which nothing was written', () => {
    const nothing = fold(appName, aPolicy(), []);
    expect(nothing).toEqual(genesis(appName, aPolicy()));
    expect(nothing).toMatchObject({ phase: 'idle', blue: null, drains: false, attached: [] });
  });
});

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
