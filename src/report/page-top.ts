// The head of the page: how it ended and what to do next; the phases as a bar and as a table; what was done and undone.
import { html, type Markup } from './html.ts';
import type { Action, PhaseSpan, Report } from './report.ts';
import { dayOf, spanOf, timeOf } from './times.ts';

const words: Readonly<Record<Report['result']['is'], readonly [mark: string, text: string]>> = {
  promoted: ['✓', 'promoted'],
  failed: ['✕', 'failed before people saw it'],
  'rolled-back': ['↩', 'rolled back'],
  aborted: ['✕', 'aborted'],
  held: ['!', 'held: a person must choose'],
  'under-way': ['…', 'under way'],
};

export function top({ app, release, before, asked, result, missing }: Report): Markup {
  const [mark, text] = words[result.is];
  const [lead, ...commands] = result.next;
  return html`<header class="${result.is}">
<p class="app">${app}</p>
<h1>${release.id} <span class="badge"><span aria-hidden="true">${mark}</span> ${text}</span></h1>
<p class="message">${result.message}</p>
<p class="next">${lead ?? ''} ${commands.map((one) => (one.startsWith('bgctl ') ? html`<code>${one}</code> ` : html`${one} `))}</p>
<dl class="facts">
<div><dt>Asked for</dt><dd>${dayOf(asked.at)}, ${timeOf(asked.at)}</dd></div>
<div class="by"><dt>By</dt><dd>${asked.by}</dd></div>
<div><dt>Took</dt><dd>${spanOf(result.at - asked.at)}${result.is === 'under-way' ? ' so far' : ''}</dd></div>
<div><dt>Runs on</dt><dd>pool ${release.pool}: droplets ${release.droplets.join(', ')}</dd></div>
<div><dt>Before it</dt><dd>${before === null ? 'nothing: the first release' : before.id}</dd></div>
<div><dt>Exit code</dt><dd>${result.exit}</dd></div>
</dl>
${missing.map((one) => html`<p class="missing">${one}</p>\n`)}
</header>`;
}

const meanings: Readonly<Record<string, string>> = {
  starting: 'the new release starts on the free droplets',
  gating: 'it is tested before anybody sees it',
  switching: 'people are led to it',
  verifying: 'it is watched under people’s requests',
  retiring: 'the old release is removed',
  aborting: 'going back',
  held: 'waiting for a person',
  idle: 'at rest',
};

export function phases(report: Report): Markup {
  const spans = report.phases;
  if (spans.length === 0) return html``;
  return html`<section>
<h2>Phases</h2>
${bar(report)}
<ol class="phases">
${spans.map((span, index) => row(span, spans[index + 1], report))}
</ol>
</section>`;
}

function row(
  { phase, from, to, because }: PhaseSpan,
  next: PhaseSpan | undefined,
  { result, committedAt }: Report,
): Markup {
  const end = to ?? result.at;
  const committed = committedAt !== null && committedAt >= from && committedAt < end;
  const left = next?.because ?? (to === null ? '' : result.message);
  return html`<li class="phase ${phase}"><span class="swatch" aria-hidden="true"></span>
<h3>${phase} <small>${meanings[phase] ?? ''}</small></h3>
<p class="when">${timeOf(from)} · ${to === null ? 'not left yet' : spanOf(end - from)}</p>
<p class="why">${because}</p>
${committed ? html`<p class="why commit">${timeOf(committedAt)} commit point: from here people are served by the new release</p>` : null}
${next === undefined && left !== '' && left !== result.message ? html`<p class="why">${left}</p>` : null}</li>
`;
}

/** In thousandths of the whole, so that it fits any width. */
function bar({ phases: spans, result, committedAt }: Report): Markup {
  const from = spans[0]?.from ?? result.at;
  const whole = Math.max(result.at - from, 1);
  const x = (at: number) => Number((((at - from) / whole) * 1000).toFixed(1));
  return html`<svg class="bar" viewBox="0 0 1000 20" preserveAspectRatio="none" role="img" aria-label="Phases in proportion to their time">
${spans.map(({ phase, from: begun, to }) => {
  const end = to ?? result.at;
  const width = Math.max(x(end) - x(begun), 2);
  return html`<rect class="phase ${phase}" x="${x(begun)}" y="0" width="${width}" height="20"><title>${phase}, ${spanOf(end - begun)}</title></rect>\n`;
})}
${committedAt === null ? null : html`<rect class="commit" x="${x(committedAt)}" y="0" width="2" height="20"><title>commit point, ${timeOf(committedAt)}</title></rect>`}
</svg>`;
}

export function done({ actions, asked }: Report): Markup {
  if (actions.length === 0) return html``;
  const undone = actions.filter(({ undoneAt }) => undoneAt !== null).length;
  const summary =
    undone === 0
      ? `${actions.length} changes, none of them undone.`
      : `${actions.length} changes, ${undone} of them undone again.`;
  return html`<section>
<h2>What was done</h2>
<p>${summary}</p>
<ul class="actions">
${actions.map((action) => change(action, asked.at))}
</ul>
</section>`;
}

function change(
  { at, what, because, settledAt, is, why, undoneAt }: Action,
  begun: number,
): Markup {
  const took = settledAt === null ? 'no end is known' : `took ${spanOf(settledAt - at)}`;
  const marks = { done: '✓', failed: '✕', open: '…' } as const;
  return html`<li class="${is}"><span class="mark" aria-hidden="true">${marks[is]}</span>
<div><p class="what">${what}${undoneAt === null ? null : html` <span class="undone">undone at ${timeOf(undoneAt)}</span>`}</p>
<p class="why">${timeOf(at)} (${spanOf(at - begun)} in), ${took}. ${because}</p>
${is === 'failed' ? html`<p class="why bad">failed: ${why}</p>` : null}</div></li>
`;
}
