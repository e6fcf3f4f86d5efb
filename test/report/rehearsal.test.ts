// What runs of a rehearsal come to, in figures, in a table of 80 columns, in remarks and on a page.
import { describe, expect, test } from 'vitest';
import { pageAssets } from '../../src/cli/page-assets.ts';
import { parsePolicy } from '../../src/policy/parse.ts';
import { type Row, type Run, rowOf, shortly } from '../../src/report/rehearsal.ts';
import { rehearsalPage } from '../../src/report/rehearsal-page.ts';
import { remarksOn, timesOf } from '../../src/report/rehearsal-remarks.ts';
import { legend, tableOf } from '../../src/report/rehearsal-table.ts';
import { parsedValue } from '../policy/texts.ts';

const run = (became: Run['became'], decidedMs: number, more: Partial<Run> = {}): Run => ({
  became,
  decidedMs,
  switchedMs: became === 'promoted' ? decidedMs / 2 : null,
  because: became === 'promoted' ? '' : 'errors fails: 3 of 9 requests failed',
  suffered: 0,
  ...more,
});

const promotedRow = (release: string, runs = 4) =>
  rowOf(
    release,
    'as told',
    Array.from({ length: runs }, () => run('promoted', 60_000)),
  );

describe('the figures of a kind of release', () => {
  const runs = [
    ...Array.from({ length: 19 }, (_, n) => run('after', (n + 1) * 1_000, { suffered: n })),
    run('before', 500_000, { because: 'shop-r42 cannot become healthy: exited on droplet 3' }),
    run('asked', 700_000, {
      because: 'verification came to no result: nothing was proven within 9 s: slow waits: x',
    }),
    run('promoted', 90_000, { suffered: 400 }),
  ];
  const row = rowOf('5 % broken', 'as told', runs);

  test('count what became of each run, and who decided', () => {
    expect(row).toMatchObject({ runs: 22, before: 1, after: 19, asked: 1, promoted: 1 });
    expect(row.by).toEqual({ 'gate errors': 19, 'its health': 1, 'gate slow': 1 });
  });

  test('tell how soon those were caught that were, and how long the others took', () => {
    expect(row).toMatchObject({
      medianMs: 11_000,
      p95Ms: 500_000,
      tookMs: 90_000,
      switchedMs: 45_000,
    });
    expect(promotedRow('healthy')).toMatchObject({ medianMs: null, p95Ms: null, caughtMs: [] });
  });

  test('are nearest ranks: of four the second is the median and the last the 95th per cent', () => {
    const four = rowOf(
      'slow',
      'x',
      [4_000, 2_000, 3_000, 1_000].map((ms) => run('after', ms)),
    );
    expect(four).toMatchObject({ medianMs: 2_000, p95Ms: 4_000 });
  });

  test('tell who suffered in all runs, caught or not', () => {
    expect(row.suffered).toEqual({ mean: Math.round((171 + 400) / 22), worst: 400 });
  });
});

test.each([
  [null, '–'],
  [5_600, '6s'],
  [59_600, '1m00s'],
  [161_000, '2m41s'],
  [3_900_000, '1h05m'],
])('%s ms are written %s', (ms, text) => {
  expect(shortly(ms)).toBe(text);
});

describe('the table', () => {
  test('fits 80 columns whatever stands in it, and so do the remarks', () => {
    const wide = rowOf('crash-looping', 'x', [run('after', 36_000_000, { suffered: 999_999 })]);
    const remarks = ['a word '.repeat(40).trim()];
    const lines = tableOf({ policy: 'p', against: 1, runs: 1, seed: 1, rows: [wide], remarks });
    expect([...lines, ...legend].filter((line) => line.length > 80)).toEqual([]);
    expect(lines.join(' ')).toContain('10h00m');
    expect(lines.join(' ').match(/word/g)).toHaveLength(40);
  });
});

describe('what is said of a policy', () => {
  const kinds = {
    errors: { '1 % broken': 0.01, '5 % broken': 0.05, '50 % broken': 0.5 },
    slow: { release: 'slow', fromMs: 1_200 },
    underTraffic: 'under traffic',
    droplets: 2,
  };
  const said = (gate: string, rows: readonly Row[], more = '') =>
    remarksOn(
      parsedValue(
        parsePolicy(
          `gate: { gates: [ { name: up, probe: { http: {} }, judge: { consecutive: { passes: 3, failures: 3 } } } ]${more} }\nverify: { gates: [ ${gate} ] }`,
          'p.yml',
        ),
      ),
      rows,
      kinds,
    );
  const through =
    '{ name: errors, probe: { http: { of: balancer } }, judge: { errorRate: { acceptable: 2%, unacceptable: 8% } } }';
  const blind =
    '{ name: alive, probe: container, judge: { consecutive: { passes: 3, failures: 3 } } }';

  test.each([
    [through, '1 % broken', /the gate errors calls up to 2 % acceptable/],
    [
      through,
      '5 % broken',
      /between .*acceptable \(2 %\) and unacceptable \(8 %\); lower unacceptable to at most 5 %/,
    ],
    [through, '50 % broken', /^50 % broken: promoted in 4 of 4 runs\.$/],
    [blind, '5 % broken', /no gate judges the share of failures/],
    [blind, 'slow', /no gate judges how long answers take/],
    [
      through.replace('errorRate: {', 'latency: { objective: 1500ms,'),
      'slow',
      /take from 1200 ms on, and the objective is 1500 ms/,
    ],
    [blind, 'under traffic', /no gate asks the way people come/],
    [through, 'under traffic', /^under traffic: promoted in 4 of 4 runs\.$/],
    [
      `${through.replace('judge', 'dryRun: true, judge')}, ${blind}`,
      'under traffic',
      /no gate asks the way people come/,
    ],
  ])('%s, %s', (gate, release, sentence) => {
    expect(said(gate, [promotedRow(release)])).toEqual([expect.stringMatching(sentence)]);
  });

  test('nothing of what was caught, nor of a release that is good', () => {
    expect(said(through, [promotedRow('healthy'), rowOf('slow', 'x', [run('after', 1)])])).toEqual(
      [],
    );
  });

  test('that it was not rehearsed where only the app could answer, or a person', () => {
    const logs =
      '{ name: log, probe: { logs: { match: ERROR } }, judge: { threshold: { quantity: value, max: 1, window: 1m, samples: 3 } } }';
    expect(said(logs, [], ', approval: { ttl: 1h, onExpire: abort }')).toEqual([
      'Taken to be content, since only your app knows their numbers: log (logs).',
      'Whoever must approve does so at once.',
    ]);
  });

  test('how long a good release takes, and how often it was taken for a bad one', () => {
    expect(timesOf(promotedRow('healthy'))).toBe(
      'A good release takes 1m00s; everybody is on it after 30s.',
    );
    const alarmed = rowOf('healthy', 'x', [run('promoted', 60_000), run('asked', 1)]);
    expect(timesOf(alarmed)).toMatch(/In 1 of 2 runs it was not promoted\.$/);
    expect(timesOf(rowOf('healthy', 'x', [run('before', 1)]))).toBe(
      'A good release was never promoted.',
    );
  });
});

describe('the page', () => {
  const rows = [
    promotedRow('healthy'),
    rowOf('slow', 'x', [run('after', 9_000), run('promoted', 9)]),
  ];
  const page = async (policy = 'ours', remarks: readonly string[] = []) =>
    rehearsalPage(
      { policy, against: 3, runs: 2, seed: 1, rows, remarks },
      await pageAssets('rehearsal'),
    );

  test('shows each kind of release, its curve, and what is to be known', async () => {
    const text = await page('ours', ['add `latency` to verify']);
    expect(text).toContain('gone back after it 50 % · promoted 50 %; decided by gate errors (1)');
    expect(text).toContain('<li>add <code>latency</code> to verify</li>');
    const data = /id="data">(.*?)<\/script>/.exec(text)?.[1] ?? '';
    expect(JSON.parse(data)).toEqual({
      curves: [{ name: 'slow', line: 1, points: [[9_000, 50]] }],
      switchedMs: 30_000,
    });
  });

  test('escapes what an operator wrote, and needs no network', async () => {
    const text = await page('<img src=x onerror=alert(1)>', ['<script>alert(2)</script>']);
    expect(text).not.toContain('<img');
    expect(text).not.toContain('<script>alert(2)');
    expect(text).toContain('default-src &#39;none&#39;');
    expect(text).not.toMatch(/(?:src|href)="http/);
  });
});
