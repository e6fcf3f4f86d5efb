// A rehearsal as one page that needs no network: what became of each kind of release, how soon it was caught, who suffered.
import { embedded, html, type Markup } from './html.ts';
import { type Assets, document } from './page.ts';
import { type Rehearsal, type Row, shareOf, shortly } from './rehearsal.ts';
import { timesOf } from './rehearsal-remarks.ts';
import { headline } from './rehearsal-table.ts';

const fates = [
  ['before', 'gone back before the switch'],
  ['after', 'gone back after it'],
  ['asked', 'a person was asked'],
  ['promoted', 'promoted'],
] as const;
const fine = ['fine', 'promoted, and good'] as const;

export function rehearsalPage(rehearsal: Rehearsal, assets: Assets): string {
  const { policy, rows, remarks } = rehearsal;
  return document(
    {
      title: `${policy}: rehearsal`,
      main: html`${top(rehearsal)}
${became(rows)}
${chart(rows)}
${table(rows)}
${
  remarks.length === 0
    ? null
    : html`<section>
<h2>What to know of it</h2>
<ul class="remarks">
${remarks.map((one) => html`<li>${withCode(one)}</li>\n`)}
</ul>
</section>`
}`,
      footer: html`Made by <code>bgctl rehearse</code>: the production controller in a simulated world.`,
      data: embedded(chartData(rows)),
    },
    assets,
  );
}

function top(rehearsal: Rehearsal): Markup {
  const [healthy] = rehearsal.rows;
  return html`<header class="rehearsal">
<p class="app">rehearsal of a policy</p>
<h1>${rehearsal.policy}</h1>
<p class="message">${healthy === undefined ? '' : timesOf(healthy)}</p>
<p class="next">${headline(rehearsal)}.</p>
</header>`;
}

function became(rows: readonly Row[]): Markup {
  return html`<section>
<h2>What becomes of a release</h2>
<p class="key">${[...fates, fine].map(([fate, text]) => html`<span><i class="fate ${fate}" aria-hidden="true"></i>${text}</span> `)}</p>
<ul class="fates">
${rows.map((row, index) => fateOf(row, index === 0))}
</ul>
</section>`;
}

function fateOf(row: Row, isGood: boolean): Markup {
  const { release, tells, runs } = row;
  let from = 0;
  const parts = fates.map(([fate, text]) => {
    const width = (1000 * row[fate]) / Math.max(runs, 1);
    const shown = isGood && fate === 'promoted' ? fine[0] : fate;
    const part = html`<rect class="fate ${shown}" x="${Number(from.toFixed(1))}" y="0" width="${Number(width.toFixed(1))}" height="20"><title>${text}: ${row[fate]} of ${runs}</title></rect>`;
    from += width;
    return width === 0 ? null : part;
  });
  const words = fates
    .filter(([fate]) => row[fate] > 0)
    .map(([fate, text]) => `${text} ${shareOf(row[fate], runs)}`);
  const deciders = Object.entries(row.by).map(([who, times]) => `${who} (${times})`);
  return html`<li><h3>${release} <small>${tells}</small></h3>
<svg class="bar" viewBox="0 0 1000 20" preserveAspectRatio="none" role="img" aria-label="${words.join(', ')}">${parts}</svg>
<p class="when">${words.join(' · ')}${deciders.length === 0 ? '' : `; decided by ${deciders.join(', ')}`}</p></li>
`;
}

function chart(rows: readonly Row[]): Markup {
  const drawn = rows.slice(1).filter(({ caughtMs }) => caughtMs.length > 0);
  if (drawn.length === 0) return html``;
  return html`<section>
<h2>How soon each is caught</h2>
<p class="key">${drawn.map((row) => html`<span><i class="line-${rows.indexOf(row)}" aria-hidden="true"></i>${row.release}</span> `)}</p>
<figure><figcaption>Share of the runs in which it was caught, by the time since <code>promote</code></figcaption><div class="chart" id="chart"></div></figure>
</section>`;
}

/** Stairs: at each instant the share of the runs that were decided by then. */
function chartData(rows: readonly Row[]) {
  const curves = rows.slice(1).flatMap(({ release, caughtMs, runs }, index) =>
    caughtMs.length === 0
      ? []
      : [
          {
            name: release,
            line: index + 1,
            points: caughtMs.map((ms, caught) => [ms, (100 * (caught + 1)) / runs]),
          },
        ],
  );
  return { curves, switchedMs: rows[0]?.switchedMs ?? null };
}

function table(rows: readonly Row[]): Markup {
  const heads = ['Half within', '95 % within', 'Suffer, mean', 'Suffer, worst'];
  return html`<section>
<h2>In numbers</h2>
<table>
<thead><tr><th>Release</th>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead>
<tbody>
${rows.map(({ release, medianMs, p95Ms, suffered }) => {
  const cells = [shortly(medianMs), shortly(p95Ms), suffered.mean, suffered.worst];
  return html`<tr><th>${release}</th>${cells.map((cell, index) => html`<td data-label="${heads[index] ?? ''}">${cell}</td>`)}</tr>\n`;
})}
</tbody></table>
<p class="when">Half, and 95 %, of the runs in which it was caught: from <code>promote</code> until it was decided not to go on. Suffer: requests of people, in one run, that failed or were slow because of the release, until <code>promote</code> ended; one that is promoted goes on like that.</p>
</section>`;
}

/** What stands between backticks, as code. */
function withCode(text: string): readonly Markup[] {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}
