// What a report's page carries with it, and the fingerprints by which a browser knows it: charting library, glue, style.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Assets } from '../report/page.ts';

const own = (name: string) => fileURLToPath(new URL(`../../assets/${name}`, import.meta.url));
const require = createRequire(import.meta.url);

/** `of`: what the page is of; its own script, and what its style adds to every page's. */
export async function pageAssets(of: 'report' | 'rehearsal' = 'report'): Promise<Assets> {
  const read = (path: string) => readFile(path, 'utf8');
  const styles = of === 'report' ? ['report.css'] : ['report.css', 'rehearsal.css'];
  const [charts, glue, ...sheets] = await Promise.all([
    read(require.resolve('uplot/dist/uPlot.iife.min.js')),
    read(own(`${of}.js`)),
    read(require.resolve('uplot/dist/uPlot.min.css')),
    ...styles.map((name) => read(own(name))),
  ]);
  const style = sheets.join('\n');
  const scripts = [charts, glue];
  return { style, scripts, allowed: { style: hash(style), scripts: scripts.map(hash) } };
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
