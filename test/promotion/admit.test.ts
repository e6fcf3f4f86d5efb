// What may be asked when: every refusal says why and what to do instead.
import { describe, expect, test } from 'vitest';
import { admit, insteadOf, legal } from '../../src/promotion/admit.ts';
import type { App, Phase } from '../../src/promotion/app.ts';
import { anApp, continued, entered } from '../builders/app.ts';
import { abort, adopt, keep, promote, restore } from '../builders/command.ts';
import { aPolicy } from '../builders/policy.ts';
import { anEnvironment } from '../builders/release.ts';

const idle = anApp().in('idle');
const choice = anApp().in('held');
const drift = continued(anApp().in('verifying'), entered('held', { held: 'drift' }));
const lost = continued(anApp({ first: true }).in('idle'), entered('held', { held: 'genesis' }));
const asked = continued(idle, { type: 'asked', by: 'anna', command: promote('r42') });

describe('promote', () => {
  test('is accepted in idle', () => {
    expect(admit(idle, promote('r42'))).toBeNull();
  });

  test.each([
    ['starting', 'replace', 'abort'],
    ['gating', 'replace', 'abort'],
    ['switching', 'abort'],
    ['verifying', 'abort'],
    ['retiring'],
    ['aborting'],
  ] as const)('is refused as busy in %s, and told what may be done instead', (phase, ...ways) => {
    const refusal = admit(anApp().in(phase), promote('r43'));
    expect(refusal).toMatchObject({ why: 'busy', refused: `shop is ${phase} r42` });
    expect(refusal?.instead).toContain('--on-busy=wait');
    expect(refusal?.instead?.includes('--on-busy=replace')).toBe(ways.some((w) => w === 'replace'));
    expect(refusal?.instead?.includes('bgctl abort')).toBe(ways.some((w) => w === 'abort'));
  });

  test('is refused as busy where another was asked and not begun', () => {
    expect(admit(asked, promote('r43'))).toMatchObject({ why: 'busy' });
  });

  test('is refused where its number was given before: two projects of one name would go together', () => {
    for (const id of ['r40', 'r41'])
      expect(admit(idle, promote(id, { pool: 'b', droplets: [3, 4] }))).toEqual({
        why: 'precondition',
        refused: `${id} was given before: the next release of shop is r42`,
      });
  });

  test('is refused in held, with the legal commands', () => {
    const refusal = admit(choice, promote('r43'));
    expect(refusal).toMatchObject({ why: 'held' });
    expect(refusal?.refused).toContain('bgctl resolve --keep r42 or bgctl resolve --keep r41');
  });

  test('is refused as drift where the load balancer was edited: a command of its own mends that', () => {
    expect(admit(drift, promote('r43'))).toMatchObject({ why: 'drift' });
  });

  test('is refused for droplets that serve now: somebody else promoted since it was prepared', () => {
    expect(admit(idle, promote('r43', { pool: 'a', droplets: [1, 2] }))).toMatchObject({
      why: 'precondition',
    });
  });

  test('I1: is refused for fewer droplets than the floor', () => {
    const policy = aPolicy({ switch: { limitMs: 40_000, floor: 2 } });
    expect(admit(idle, promote('r42', { droplets: [3], policy }))?.refused).toContain(
      'switch.floor',
    );
    expect(admit(idle, promote('r42', { droplets: [] }))).toMatchObject({ why: 'precondition' });
  });
});

describe('abort', () => {
  test.each(['starting', 'gating', 'switching', 'verifying'] as const)(
    'is accepted in %s',
    (phase) => {
      expect(admit(anApp().in(phase), abort())).toBeNull();
    },
  );

  test('takes back what was asked and not begun', () => {
    expect(admit(asked, abort())).toBeNull();
  });

  test.each([
    ['idle', 'precondition'],
    ['retiring', 'precondition'],
    ['aborting', 'precondition'],
    ['held', 'held'],
  ] as const)('is refused in %s', (phase, why) => {
    expect(admit(anApp().in(phase), abort())).toMatchObject({ why });
  });
});

describe('resolve', () => {
  const blue = anEnvironment('r41', 'blue');

  test.each(['idle', 'starting', 'verifying', 'aborting'] as const)(
    'is refused in %s',
    (phase: Phase) => {
      for (const command of [keep('shop-r41'), adopt(blue), restore])
        expect(admit(anApp().in(phase), command)).toMatchObject({ why: 'precondition' });
    },
  );

  test.each([
    ['choice', choice, keep('shop-r41'), true],
    ['choice', choice, keep('shop-r40'), false],
    ['choice', choice, adopt(blue), false],
    ['choice', choice, restore, false],
    ['drift', drift, keep('shop-r41'), false],
    ['drift', drift, adopt(blue), true],
    ['drift', drift, adopt(null), false],
    ['drift', drift, restore, true],
    ['genesis', lost, adopt(blue), true],
    ['genesis', lost, adopt(null), true],
    ['genesis', lost, restore, false],
    ['genesis', lost, keep('shop-r41'), false],
  ] as const)('held for %s: %#', (_, app: App, command, accepted) => {
    expect(admit(app, command) === null).toBe(accepted);
  });
});

describe('every refusal is a sentence that says what to do', () => {
  const policy = aPolicy({ switch: { limitMs: 40_000, floor: 2 } });
  const keepOne = 'bgctl resolve --keep r42 or bgctl resolve --keep r41';
  const adoptOr = 'bgctl resolve --adopt or bgctl resolve --restore';

  test.each([
    [
      idle,
      promote('r43', { pool: 'a', droplets: [1, 2] }),
      'shop-r41 is live on droplets 1, 2: a release starts on the other pool, and the pools must not overlap',
    ],
    [
      idle,
      promote('r42', { droplets: [3], policy }),
      'pool b has 1 of the 2 droplets that must serve by the policy short (switch.floor)',
    ],
    [idle, abort(), 'nothing is under way in shop'],
    [
      anApp().in('retiring'),
      abort(),
      'r42 was verified and the old environment is being retired; promote the old release again',
    ],
    [anApp().in('aborting'), abort(), 'shop is already aborting: it failed'],
    [choice, abort(), `shop is held: into held. Choose: ${keepOne}`],
    [choice, promote('r43'), `shop is held: into held. Choose first: ${keepOne}`],
    [idle, restore, 'shop is not held (it is idle): there is nothing to resolve'],
    [
      drift,
      keep('shop-r41'),
      `shop is held for what the load balancer holds, not between two releases: ${adoptOr}`,
    ],
    [choice, restore, `shop is held between releases; one of them must be kept: ${keepOne}`],
    [
      drift,
      adopt(null),
      `nothing of shop is in the load balancer; attach what is live first, so that nothing that runs is given up: ${adoptOr}`,
    ],
    [choice, keep('shop-r40'), 'shop-r40 is not one of shop-r42, shop-r41'],
    [lost, restore, 'the journal knows of nothing to restore'],
  ] as const)('%#: %o', (app: App, command, refused) => {
    expect(admit(app, command)).toMatchObject({
      refused,
      why: refused.startsWith('shop is held: ') ? 'held' : 'precondition',
    });
  });

  test('the release that is in the way is named, also one that was only asked for', () => {
    expect(admit(asked, promote('r43'))?.refused).toBe('shop is about to promote r42');
    const kept = { ...anApp().in('aborting'), drop: null };
    expect(admit(kept, promote('r43'))?.refused).toBe('shop is aborting a release');
    expect(admit(anApp().committed(), promote('r43'))?.refused).toBe('shop is switching r42');
    expect(admit(anApp({ first: true }).in('verifying'), promote('r43'))?.refused).toBe(
      'shop is verifying r42',
    );
  });

  test('what may be done instead is said in full', () => {
    expect(insteadOf(anApp().in('gating'))).toBe(
      'wait for it (`--on-busy=wait`) or take its place (`--on-busy=replace`) or run `bgctl abort` first',
    );
    expect(insteadOf(asked)).toBe(
      'wait for it (`--on-busy=wait`) or take its place (`--on-busy=replace`)',
    );
    expect(insteadOf(anApp().in('retiring'))).toBe('wait for it (`--on-busy=wait`)');
  });
});

/** Somebody edited the balancer while the first release ever was gated: there is nothing to restore. */
const nothingBefore = continued(
  anApp({ first: true }).in('gating'),
  entered('held', { held: 'drift' }),
);

test.each([
  [idle, ['bgctl promote']],
  [asked, ['bgctl resume']],
  [anApp().in('starting'), ['bgctl abort', 'bgctl resume']],
  [anApp().in('gating'), ['bgctl abort', 'bgctl resume']],
  [anApp().in('switching'), ['bgctl abort', 'bgctl resume']],
  [anApp().in('verifying'), ['bgctl abort', 'bgctl resume']],
  [anApp().in('retiring'), ['bgctl resume']],
  [anApp().in('aborting'), ['bgctl resume']],
  [choice, ['bgctl resolve --keep r42', 'bgctl resolve --keep r41']],
  [drift, ['bgctl resolve --adopt', 'bgctl resolve --restore']],
  [nothingBefore, ['bgctl resolve --adopt']],
  [lost, ['bgctl resolve --adopt']],
] as const)('the legal commands are named: %#', (app: App, commands) => {
  expect(legal(app)).toEqual(commands);
});
