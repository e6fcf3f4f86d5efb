// Many stories from seeds, and random ones that fast-check makes shorter when they break something.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cell, impossible, missingFrom, phases, rows } from '../../src/simulator/coverage.ts';
import {
  happenings,
  manners,
  moments,
  quietDay,
  type Script,
  scriptOf,
} from '../../src/simulator/faults.ts';
import { brokenMeanwhile, healingTurnsMax } from '../../src/simulator/healing.ts';
import { transcript } from '../../src/simulator/transcript.ts';
import { crashPoints } from './crash-points.ts';
import { abortTable, scenarios } from './scenarios.ts';
import { retold, tell } from './tell.ts';

const share = fc.constantFrom(0, 0, 0.05, 0.2);

const aScript: fc.Arbitrary<Script> = fc.record({
  seed: fc.nat(),
  first: fc.constantFrom(false, false, true),
  journalLost: fc.constantFrom(false, false, false, true),
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

  test('and nothing is reached that cannot be', async () => {
    for (let seed = 4; seed <= 400; seed += 4) {
      const { reached } = await tell(scriptOf(seed));
      expect([...reached].filter((cell) => impossible.has(cell))).toEqual([]);
    }
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
    const { found, once } = await crashPoints({ which: (name) => some.includes(name) });
    expect(found).toEqual([]);
    expect(once).toBeGreaterThan(150);
  });

  test('of the first release, killed at any point, and its successor killed again', async () => {
    const which = (name: string) => name === 'the first release';
    const { found, once, twice } = await crashPoints({ which, deaths: 'twice' });
    expect(found).toEqual([]);
    expect(twice).toBeGreaterThan(2 * once);
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
    let healedIn = 0;
    for (let seed = 1; seed <= 60; seed += 1) {
      const script = { ...quietDay, seed, late: 0.2 };
      const told = await tell(script);
      const left = told.breaches.filter(({ checker }) => !brokenMeanwhile.test(checker));
      expect(left.length === 0 ? '' : retold(script, told)).toBe('');
      expect(told.healedIn).toBeLessThanOrEqual(healingTurnsMax);
      landed += told.landedLate;
      healedIn = Math.max(healedIn, told.healedIn);
    }
    expect(landed).toBeGreaterThan(5);
    expect(healedIn, 'some were wrong for a while').toBeGreaterThan(0);
  });
});

describe('the canonical stories', () => {
  test('there is one for each cell of the abort table', () => {
    const names = scenarios.map(({ name }) => name);
    expect(
      Object.values(abortTable)
        .flat()
        .filter((name) => !names.includes(name)),
    ).toEqual([]);
  });

  test.each(scenarios)('$name', async ({ name, script }) => {
    const told = await tell(script);
    expect(told.breaches).toEqual([]);
    const file = `../promotion/scenarios/${name.replaceAll(/[^a-z]+/g, '-')}.txt`;
    await expect(`${transcript(told.entries)}\n`).toMatchFileSnapshot(file);
  });
});

describe('the table of what was reached', () => {
  test('tells of a cell that was not, and of none that cannot be', () => {
    const all = rows.flatMap((row) => phases.map((phase) => cell(row, phase)));
    expect(missingFrom(new Set(all))).toEqual([]);
    const missing = missingFrom(new Set(all.filter((one) => one !== 'kill in gating')));
    expect(missing).toEqual(['kill in gating']);
    expect(missingFrom(new Set())).toHaveLength(all.length - impossible.size);
  });

  test('has a reason for each cell that cannot be', () => {
    for (const [one, why] of impossible) {
      const [row, phase] = one.split(' in ');
      expect(rows).toContain(row);
      expect(phases).toContain(phase);
      expect(why.length).toBeGreaterThan(20);
    }
  });
});
