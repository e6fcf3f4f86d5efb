// The balancer's membership: what the journal expects, and which droplets must be asked after.
import { describe, expect, test } from 'vitest';
import type { App } from '../../src/promotion/app.ts';
import {
  attachEffect,
  detachEffect,
  differing,
  drift,
  missing,
} from '../../src/promotion/membership.ts';
import { acted, anApp, attach, continued, entered, failed } from '../builders/app.ts';
import { keep } from '../builders/command.ts';
import { anObservation } from '../builders/observation.ts';

const joining = anApp().in('switching');
const back = anApp().in('aborting');

describe('I4: a write expects what the journal did, whatever is seen', () => {
  const expects = (app: App, attached: readonly number[], lost: readonly number[] = []) =>
    attachEffect(app, anObservation(app).withLost(...lost).seen, attached, [9]).expected;

  test('a droplet that is missing or too many is not taken for expected', () => {
    expect(expects(joining, [1, 4])).toEqual([1, 2]);
    expect(expects(joining, [])).toEqual([1, 2]);
  });

  test('what a write of ours left in doubt, and what was destroyed, is taken as it is seen', () => {
    expect(expects({ ...joining, unsure: [2, 3] }, [1, 3])).toEqual([1, 3]);
    expect(expects({ ...joining, unsure: [2, 3] }, [1, 2])).toEqual([1, 2]);
    expect(expects(joining, [1], [2])).toEqual([1]);
    expect(expects(joining, [1, 2], [2])).toEqual([1, 2]);
  });

  test('going back, the other side is taken as it is seen; what both have is not', () => {
    expect(expects(back, [3])).toEqual([3]);
    const keepsTwo = { ...back, attached: [2, 3, 4] };
    expect(expects(keepsTwo, [])).toEqual([2]);
  });

  test('only a detach that may do so leaves the balancer empty', () => {
    const { seen } = anObservation(joining);
    expect(attachEffect(joining, seen, [1, 2], [3]).mayEmpty).toBe(false);
    expect(detachEffect(joining, seen, [1, 2], [1]).mayEmpty).toBe(false);
    expect(detachEffect(joining, seen, [1, 2], [1], true).mayEmpty).toBe(true);
  });
});

describe('whether a droplet was destroyed is asked', () => {
  const by = 'anna';
  const held = anApp().in('held');
  const kept = continued(held, { type: 'asked', by, command: keep('shop-r41') });
  const refused = continued(back, acted(attach(1, 2)), failed(attach(1, 2)));
  const other = { kind: 'remove-project', project: 'shop-r42', droplet: 3 } as const;

  test.each<[string, App, readonly number[], readonly number[]]>([
    ['of none, where all are where they should be', joining, [1, 2], []],
    ['of those that left', joining, [2], [1]],
    ['not of those that came', joining, [1, 2, 3], []],
    ['not of those that a write of ours left in doubt', { ...joining, unsure: [1] }, [2], []],
    ['held, nobody has chosen: of those that left', held, [3], [4]],
    ['held, a person chose: of all that are out of the balancer', kept, [3], [4, 1, 2]],
    ['going back: not of the side that goes', back, [3], []],
    ['going back, one could not be attached: of the side that stays', refused, [1, 3, 4], [2]],
    [
      'going back, one could not be attached and something else failed, too',
      continued(refused, acted(other), failed(other)),
      [3, 4],
      [1, 2],
    ],
    [
      'elsewhere a failed attach asks nothing',
      continued(joining, acted(attach(3)), failed(attach(3))),
      [1, 2],
      [],
    ],
  ])('%s', (_, app, attached, asked) => {
    expect(missing(app, attached)).toEqual(asked);
  });
});

describe('drift', () => {
  const { seen } = anObservation(joining);

  test('is told of what left and of what came, and is none where nothing did', () => {
    expect(drift(joining, seen, [1, 2])).toBeNull();
    expect(drift(joining, seen, [2])).toBe(
      'the load balancer was changed by someone else: droplet 1 should be in it and is not',
    );
    expect(drift(joining, seen, [1, 2, 3])).toBe(
      'the load balancer was changed by someone else: droplet 3 is in it and should not be',
    );
  });

  test('what differs is told by itself, in doubt or not, foreign droplets left out', () => {
    expect(differing({ ...joining, unsure: [2, 3] }, seen, [1, 3, 900])).toEqual([2, 3]);
    expect(differing(continued<App>(joining, entered('held')), seen, [1, 2])).toEqual([]);
  });
});
