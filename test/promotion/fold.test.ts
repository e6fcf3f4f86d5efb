// Folding the journal gives the app as it was held in memory; an illegal line stops the process.
import { describe, expect, test } from 'vitest';
import { Bug } from '../../src/lib/assert.ts';
import { genesis } from '../../src/promotion/app.ts';
import type { Entry } from '../../src/promotion/entry.ts';
import { apply, fold } from '../../src/promotion/fold.ts';
import { acted, anApp, attach, continued, detach, done, entered, failed } from '../builders/app.ts';
import { abort, adopt, promote } from '../builders/command.ts';
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

describe('what is asked', () => {
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

  test('nothing folds to an app of which nothing was written', () => {
    expect(fold(appName, aPolicy(), [])).toEqual(genesis(appName, aPolicy()));
  });
});

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
