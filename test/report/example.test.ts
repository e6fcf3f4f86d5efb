// The reports in examples/ are what stories of the simulator give today, byte for byte; `npm run reports` writes them anew.
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { pageAssets } from '../../src/cli/page-assets.ts';
import { summaryOf } from '../../src/report/markdown.ts';
import { pageOf } from '../../src/report/page.ts';
import { aReport, type Given } from './story.ts';

const example = (name: string) =>
  fileURLToPath(new URL(`../../examples/report/${name}`, import.meta.url));

const lastWords = [
  '== shop-r42-web-1 (running)',
  '2026-11-29T09:43:14.112Z info  request GET /cart 200 31ms',
  '2026-11-29T09:43:14.377Z error request GET /cart 500 44ms',
  "2026-11-29T09:43:14.378Z error TypeError: Cannot read properties of undefined (reading 'currency')",
  '    at total (/app/cart/total.js:41:27)',
  '    at render (/app/cart/page.js:112:9)',
  '2026-11-29T09:43:14.902Z info  request GET /health 200 2ms',
].join('\n');

const stories: Readonly<Record<string, Given>> = {
  promoted: {},
  'rolled-back': { errors: 0.08, log: lastWords },
};

describe('the example reports', () => {
  test.each(Object.entries(stories))(
    '%s: page, JSON and summary are fresh',
    async (name, given) => {
      const report = await aReport(given);
      expect(report.result.is).toBe(name);
      const json = `${JSON.stringify(report, null, 1)}\n`;
      await expect(json).toMatchFileSnapshot(example(`${name}.json`));
      const page = pageOf(report, await pageAssets());
      expect(Buffer.byteLength(page)).toBeLessThan(200_000);
      await expect(page).toMatchFileSnapshot(example(`${name}.html`));
      await expect(summaryOf(report)).toMatchFileSnapshot(example(`${name}.md`));
    },
  );
});
