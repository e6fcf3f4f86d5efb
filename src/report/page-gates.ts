// What the gates said when each phase was left: the sentence, the interval beside its limits, the numbers.
import { html, type Markup } from './html.ts';
import type { Numbers, PhaseVerdict, Report } from './report.ts';
import { percentOf, timeOf } from './times.ts';

const marks: Readonly<Record<string, readonly [mark: string, text: string]>> = {
  pass: ['✓', 'passed'],
  fail: ['✕', 'failed'],
  wait: ['…', 'undecided'],
  inconclusive: ['?', 'inconclusive'],
  unknown: ['?', 'could not measure'],
};

export function gates({ verdicts }: Report): Markup {
  if (verdicts.length === 0) return html``;
  return html`<section>
<h2>Gates</h2>
${verdicts.map(phase)}
</section>`;
}

function phase({ phase, at, to, because, gates: all }: PhaseVerdict): Markup {
  const alone = all.some((gate) => gate.because !== '');
  return html`<h3>${phase} <small>until ${timeOf(at)}, then ${to}</small></h3>
${alone ? null : html`<p>${because}</p>`}
<ul class="gates">
${all.map(gate)}
</ul>
`;
}

function gate({
  gate: name,
  is,
  because,
  dryRun,
  evidence,
}: PhaseVerdict['gates'][number]): Markup {
  const [mark, text] = marks[is] ?? ['·', is];
  const numbers = Object.entries(evidence);
  return html`<li class="gate ${is in marks ? is : 'wait'}">
<p class="name"><span class="mark" aria-hidden="true">${mark}</span> <b>${name}</b> ${text}${dryRun ? html` <span class="tag">dry run: decides nothing</span>` : null}</p>
${because === '' ? null : html`<p>${because}</p>`}
${interval(evidence)}
${
  numbers.length === 0
    ? null
    : html`<details><summary>Numbers</summary><dl class="numbers">
${numbers.map(([key, value]) => html`<div><dt>${key}</dt><dd>${rounded(value)}</dd></div>\n`)}
</dl></details>`
}</li>
`;
}

/** Where the truth lies, by what was seen, beside what is acceptable: drawn where the judge gives an interval. */
function interval(evidence: Numbers): Markup | null {
  const { low, high, estimate, acceptable, unacceptable, blueEstimate } = evidence;
  if (typeof low !== 'number' || typeof high !== 'number') return null;
  const all = [low, high, estimate, acceptable, unacceptable, blueEstimate];
  const most = Math.max(...all.filter((one) => typeof one === 'number'), 1e-9) * 1.1;
  const x = (at: number) => Number(Math.min(1000, Math.max(0, (at / most) * 1000)).toFixed(1));
  const tick = (at: unknown, kind: string) =>
    typeof at === 'number'
      ? html`<rect class="${kind}" x="${x(at)}" y="0" width="6" height="24"/>\n`
      : null;
  const said = (at: unknown, kind: string, word: string) =>
    typeof at === 'number'
      ? html`<span><i class="${kind}" aria-hidden="true"></i>${word} ${percentOf(at)}</span> `
      : null;
  return html`<svg class="interval" viewBox="0 0 1000 24" preserveAspectRatio="none" aria-hidden="true">
<rect class="rail" x="0" y="11" width="1000" height="2"/>
<rect class="range" x="${x(low)}" y="7" width="${Math.max(x(high) - x(low), 4)}" height="10"/>
${tick(acceptable, 'acceptable')}${tick(unacceptable, 'unacceptable')}${tick(blueEstimate, 'old')}${tick(estimate, 'estimate')}
</svg>
<p class="key">${said(estimate, 'estimate', 'seen')}<span><i class="range" aria-hidden="true"></i>the truth lies between ${percentOf(low)} and ${percentOf(high)}</span> ${said(acceptable, 'acceptable', 'acceptable')}${said(unacceptable, 'unacceptable', 'unacceptable')}${said(blueEstimate, 'old', 'the one before')}</p>`;
}

function rounded(value: number | string | boolean): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(4))) : String(value);
}
