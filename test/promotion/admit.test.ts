// What may be asked when: every refusal says why and what to do instead.
import { describe, expect, test } from 'vitest';
import { admit, legal } from '../../src/promotion/admit.ts';
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
    expect(admit(idle, promote('r40'))).toMatchObject({
      why: 'precondition',
      refused: expect.stringContaining('r40 was given before: the next release of shop is r42'),
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

test.each([
  [idle, ['bgctl promote']],
  [asked, ['bgctl resume']],
  [anApp().in('gating'), ['bgctl abort', 'bgctl resume']],
  [anApp().in('retiring'), ['bgctl resume']],
  [choice, ['bgctl resolve --keep r42', 'bgctl resolve --keep r41']],
  [drift, ['bgctl resolve --adopt', 'bgctl resolve --restore']],
  [lost, ['bgctl resolve --adopt']],
] as const)('the legal commands are named: %#', (app: App, commands) => {
  expect(legal(app)).toEqual(commands);
});
