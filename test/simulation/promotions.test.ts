// Many stories from seeds, and random ones that fast-check makes shorter when they break something.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  happenings,
  manners,
  moments,
  quietDay,
  type Script,
  scriptOf,
} from '../../src/simulator/faults.ts';
import { transcript } from '../../src/simulator/simulate.ts';
import { crashPoints } from './crash-points.ts';
import { scenarios } from './scenarios.ts';
import { retold, tell } from './tell.ts';

const share = fc.constantFrom(0, 0, 0.05, 0.2);

const aScript: fc.Arbitrary<Script> = fc.record({
  seed: fc.nat(),
  first: fc.constantFrom(false, false, true),
  drains: fc.boolean(),
  identifies: fc.constantFrom('droplet', 'environment', 'nothing'),
  floor: fc.constantFrom(1, 2),
  missingMax: fc.constantFrom(0, 1),
  manner: fc.constantFrom('good', 'good', 'good', ...manners),
  approval: fc.constantFrom('none', 'none', 'abort', 'hold', 'never'),
  approvedAfterMs: fc.constantFrom(null, 0, 9_000, 25_000),
  steps: fc.constantFrom('none', 'none', 'first', 'first-judged', 'judged'),
  warm: fc.constantFrom('short', 'short', 'never'),
  hooks: fc.constantFrom('none', 'good', 'slow', 'fails', 'needed', 'hangs', 'flaky'),
  hookPhase: fc.constantFrom('start', 'gate', 'switch', 'verify', 'drain', 'abort'),
  flaky: share,
  blind: share,
  lies: fc.constantFrom(0, 0, 0.2),
  late: fc.constant(0),
  recordLagMs: fc.constantFrom(0, 1_500),
  planeLagMs: fc.constantFrom(200, 3_000),
  oneHost: fc.boolean(),
  skewMs: fc.constantFrom(0, 0, -3_000, 4_000),
  happens: fc.array(
    fc.record({
      during: fc.constantFrom(...moments),
      afterMs: fc.integer({ min: 0, max: 24 }).map((halves) => halves * 500),
      what: fc.constantFrom(...happenings),
      droplet: fc.integer({ min: 1, max: 4 }),
    }),
    { maxLength: 4 },
  ),
});

async function broken(script: Script): Promise<string> {
  const told = await tell(script);
  return told.breaches.length === 0 ? '' : retold(script, told);
}

describe('I1 to I10 hold at every instant', () => {
  test('of stories from seeds', async () => {
    for (let seed = 1; seed <= 150; seed += 1) expect(await broken(scriptOf(seed))).toBe('');
  });

  test('of any script of commands and faults', () =>
    fc.assert(
      fc.asyncProperty(aScript, async (script) => {
        expect(await broken(script)).toBe('');
      }),
      { numRuns: 60 },
    ));

  test('of three canonical stories whose process is killed at any of its points', async () => {
    const some = ['a promotion', 'abort after the commit point', 'green sickens after the switch'];
    const { found, points } = await crashPoints((name) => some.includes(name));
    expect(found).toEqual([]);
    expect(points).toBeGreaterThan(150);
  });
});

describe('a story', () => {
  test('is told the same way twice, byte for byte, from the same seed', async () => {
    for (const seed of [3, 58, 911]) {
      const [one, other] = [await tell(scriptOf(seed)), await tell(scriptOf(seed))];
      expect(JSON.stringify(one.entries)).toBe(JSON.stringify(other.entries));
      expect(one.entries.length).toBeGreaterThan(5);
    }
  });

  test('is another one from another seed', async () => {
    const entries = await Promise.all(
      [4, 5].map(async (seed) => JSON.stringify((await tell({ ...quietDay, seed })).entries)),
    );
    expect(entries[0]).not.toBe(entries[1]);
  });
});

describe('changes that land after bgctl has given them up', () => {
  test('are healed by whoever drives next: nothing is left, people are answered', async () => {
    let landed = 0;
    for (let seed = 1; seed <= 60; seed += 1) {
      const script = { ...quietDay, seed, late: 0.2 };
      const told = await tell(script);
      const left = told.breaches.filter(({ checker }) => !/I1|I2|I4/.test(checker));
      expect(left.length === 0 ? '' : retold(script, told)).toBe('');
      landed += told.landedLate;
    }
    expect(landed).toBeGreaterThan(5);
  });
});

describe('the canonical stories', () => {
  test.each(scenarios)('$name', async ({ name, script }) => {
    const told = await tell(script);
    expect(told.breaches).toEqual([]);
    const file = `../promotion/scenarios/${name.replaceAll(/[^a-z]+/g, '-')}.txt`;
    await expect(`${transcript(told.entries)}\n`).toMatchFileSnapshot(file);
  });
});
