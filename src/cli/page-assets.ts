// What a report's page carries with it, and the fingerprints by which a browser knows it: charting library, glue, style.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Assets } from '../report/page.ts';

const own = (name: string) => fileURLToPath(new URL(`../../assets/${name}`, import.meta.url));
const require = createRequire(import.meta.url);

export async function pageAssets(): Promise<Assets> {
  const read = (path: string) => readFile(path, 'utf8');
  const [charts, glue, base, page] = await Promise.all([
    read(require.resolve('uplot/dist/uPlot.iife.min.js')),
    read(own('report.js')),
    read(require.resolve('uplot/dist/uPlot.min.css')),
    read(own('report.css')),
  ]);
  const style = `${base}\n${page}`;
  const scripts = [charts, glue];
  return { style, scripts, allowed: { style: hash(style), scripts: scripts.map(hash) } };
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
