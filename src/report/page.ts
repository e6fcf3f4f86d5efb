// The report as one page that needs nothing else: no network, no font, no script but its own, which only draws the charts.

import { embedded, html, Markup } from './html.ts';
import { chartData, charts } from './page-charts.ts';
import { containers, logs, policy, release, timeline } from './page-details.ts';
import { gates } from './page-gates.ts';
import { done, phases, top } from './page-top.ts';
import type { Report } from './report.ts';

/** What the page carries with it; whoever makes the page reads it and knows its fingerprints. */
export type Assets = {
  readonly style: string;
  /** The charting library, and what ties the data to it. */
  readonly scripts: readonly string[];
  /** `sha256-…` of the style and of each script: the only ones that a browser may apply. */
  readonly allowed: { readonly style: string; readonly scripts: readonly string[] };
};

/** What a page shows, whatever it is of. */
export type Content = {
  readonly title: string;
  readonly main: Markup;
  readonly footer: Markup;
  /** What the scripts read. */
  readonly data: Markup;
};

export function pageOf(report: Report, assets: Assets): string {
  return document(
    {
      title: `${report.app} ${report.release.id}: ${report.result.is}`,
      main: html`${top(report)}
${phases(report)}
${gates(report)}
${charts(report)}
${logs(report)}
${done(report)}
${containers(report)}
${timeline(report)}
${release(report)}
${policy(report)}`,
      footer: html`Made by <code>bgctl report ${report.release.id}</code>. All times are UTC.`,
      data: embedded(chartData(report)),
    },
    assets,
  );
}

export function document(content: Content, { style, scripts, allowed }: Assets): string {
  const policyOfPage = [
    "default-src 'none'",
    `style-src '${allowed.style}'`,
    `script-src ${allowed.scripts.map((hash) => `'${hash}'`).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOfPage}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${content.title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
${content.main}
</main>
<footer>${content.footer}</footer>
<script type="application/json" id="data">${content.data}</script>
${scripts.map((script) => html`<script>${new Markup(script)}</script>\n`)}
</body>
</html>
`;
  return page.text;
}
