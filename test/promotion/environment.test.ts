// The state machine of one environment: five arrows, no other.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bug } from '../../src/lib/assert.ts';
import { effectLimitMs } from '../../src/promotion/effect.ts';
import {
  type Environment,
  type EnvironmentState,
  mayMove,
  move,
  otherPool,
  projectsOf,
} from '../../src/promotion/environment.ts';
import { releaseId, releaseNumber } from '../../src/promotion/release.ts';
import { anEnvironment } from '../builders/release.ts';

const states: readonly EnvironmentState[] = ['green', 'blue', 'draining', 'retired'];
const arrows = [
  'green → blue',
  'blue → draining',
  'draining → retired',
  'draining → blue',
  'green → retired',
];

for (const from of states)
  for (const to of states) {
    const arrow = `${from} → ${to}`;
    const exists = arrows.includes(arrow);
    test(`${arrow} ${exists ? 'is one of the five arrows' : 'does not exist'}`, () => {
      const environment = anEnvironment('r42', from);
      expect(mayMove(from, to)).toBe(exists);
      if (exists) expect(move(environment, to)).toEqual({ ...environment, state: to });
      else expect(() => move(environment, to)).toThrow(Bug);
    });
  }

const aWalk = fc.array(fc.constantFrom(...states), { maxLength: 12 });

/** The states that it went through; a move without an arrow is refused and leaves it where it is. */
function walk(wishes: readonly EnvironmentState[]): readonly Environment[] {
  const way = [anEnvironment('r42', 'green')];
  for (const to of wishes) {
    const here = way.at(-1);
    if (here !== undefined && mayMove(here.state, to)) way.push(move(here, to));
  }
  return way;
}

test('whatever is wished for, an environment walks along the five arrows only', () => {
  fc.assert(
    fc.property(aWalk, (wishes) => {
      const way = walk(wishes).map((one) => one.state);
      const steps = way.slice(1).map((to, index) => `${way[index]} → ${to}`);
      expect(arrows).toEqual(expect.arrayContaining(steps));
    }),
  );
});

test('a retired environment stays retired', () => {
  fc.assert(
    fc.property(aWalk, (wishes) => {
      const way = walk(wishes).map((one) => one.state);
      const retired = way.indexOf('retired');
      expect(retired === -1 || retired === way.length - 1).toBe(true);
    }),
  );
});

test('moving changes the state and nothing else: not the release, not the place', () => {
  fc.assert(
    fc.property(aWalk, (wishes) => {
      const last = walk(wishes).at(-1);
      expect({ ...last, state: 'green' }).toEqual(anEnvironment('r42', 'green'));
    }),
  );
});

test('a release starts on the pool that is free: the other one', () => {
  expect([otherPool('a'), otherPool('b')]).toEqual(['b', 'a']);
});

test('every effect has a limit; a detach that lands late does the most harm, so it has the longest of the balancer', () => {
  for (const limitMs of Object.values(effectLimitMs))
    expect(limitMs).toBeGreaterThanOrEqual(30_000);
  expect(effectLimitMs['detach-droplets']).toBeGreaterThan(effectLimitMs['attach-droplets']);
  expect(Object.keys(effectLimitMs)).toHaveLength(6);
});

test('a release is numbered; one that was adopted without a number counts as none', () => {
  expect(releaseId(42)).toBe('r42');
  expect(['r42', 'r7', 'rc1', 'r4x', 'shop-r42'].map(releaseNumber)).toEqual([42, 7, 0, 0, 0]);
});

test('an environment has one project on each of its droplets; none has none', () => {
  expect(projectsOf(anEnvironment('r42', 'green'))).toEqual([
    { project: 'shop-r42', droplet: 3 },
    { project: 'shop-r42', droplet: 4 },
  ]);
  expect(projectsOf(null)).toEqual([]);
});
