// The charts' places on the page, their data, and the same numbers as a table for whom no script runs or no chart speaks.
import { html, type Markup } from './html.ts';
import type { Bound, Line, Report, Source, Tally } from './report.ts';
import { percentOf } from './times.ts';

/** So many points are drawn at most: a screen shows no more, and the page stays small. */
const pointsMax = 180;

type Curve = {
  readonly side: Line['side'];
  readonly name: string;
  /** The second of two lines of one side: thinner, below. */
  readonly minor?: true;
  readonly points: readonly (readonly [at: number, value: number | null])[];
};

type Chart = {
  readonly title: string;
  readonly unit: '%' | 'ms' | '';
  readonly curves: readonly Curve[];
  readonly bounds: readonly Omit<Bound, 'on'>[];
};

export function charts(report: Report): Markup {
  const { sources } = report;
  if (sources.length === 0) return html``;
  let number = 0;
  return html`<section>
<h2>Errors and response times</h2>
<p class="key">${sidesOf(report)}<span><i class="limit" aria-hidden="true"></i>limit of a gate</span> <span><i class="point" aria-hidden="true"></i>commit point</span></p>
${sources.map(
  (source) => html`<h3>${source.title} <small>${source.gates.join(', ')}</small></h3>
<div class="charts">
${chartsOf(source).map(({ title }) => {
  const id = `chart-${number}`;
  number += 1;
  return html`<figure><figcaption>${title}</figcaption><div class="chart" id="${id}"></div></figure>\n`;
})}
</div>
${table(source)}
`,
)}
</section>`;
}

function sidesOf({ sources }: Report): readonly Markup[] {
  const lines = sources.flatMap((source) => source.lines);
  const sides = new Map(lines.map(({ side, name }) => [side, name]));
  return [...sides].map(
    ([side, name]) => html`<span><i class="${side}" aria-hidden="true"></i>${name}</span> `,
  );
}

export function chartData({ sources, phases, committedAt, result }: Report) {
  return {
    charts: sources.flatMap(chartsOf),
    phases: phases.map(({ phase, from, to }) => [phase, from, to ?? result.at]),
    committedAt,
  };
}

/** Only what there is something to draw of. */
function chartsOf({ kind, lines, bounds }: Source): readonly Chart[] {
  const of = (on: Bound['on']) => bounds.filter((bound) => bound.on === on).map(placed);
  const chart = (
    title: string,
    unit: Chart['unit'],
    on: Bound['on'],
    curves: readonly Curve[],
  ) => ({
    title,
    unit,
    curves: curves.filter(({ points }) => points.some(([, value]) => value !== null)),
    bounds: of(on),
  });
  const percents = of('errorRate').map((bound) => ({ ...bound, at: bound.at * 100 }));
  const all: readonly Chart[] = [
    {
      ...chart('Failed answers, % of those of the last 30 s', '%', 'errorRate', failuresOf(lines)),
      bounds: percents,
    },
    ...(kind === 'http'
      ? [
          chart(
            'Response time in ms: half of the answers (thin), 95 % of them (thick)',
            'ms',
            'latency',
            [...curvesOf(lines, ({ p95 }) => p95), ...curvesOf(lines, ({ p50 }) => p50, true)],
          ),
        ]
      : []),
    {
      ...chart(
        'Slower than the objective, %',
        '%',
        'slow',
        curvesOf(lines, ({ slow }) => slow && slow * 100),
      ),
      bounds: of('slow').map((bound) => ({ ...bound, at: bound.at * 100 })),
    },
    chart(
      'Value',
      '',
      'value',
      curvesOf(lines, ({ value }) => value),
    ),
  ];
  return all.filter(({ curves }) => curves.length > 0);
}

function placed({ on: _, ...bound }: Bound): Omit<Bound, 'on'> {
  return bound;
}

function curvesOf(
  lines: readonly Line[],
  value: (tally: Tally) => number | null,
  minor = false,
): readonly Curve[] {
  return lines.map((line) => ({
    side: line.side,
    name: line.name,
    ...(minor ? { minor: true as const } : {}),
    points: thinned(line).flatMap(({ at, ...tally }, index, all) => {
      const y = value(tally);
      const point = [at, y === null ? null : Number(y.toPrecision(3))] as const;
      const next = all[index + 1]?.at ?? at;
      return next - at > pauseOf(line.widthMs) ? [point, [at + 1, null] as const] : [point];
    }),
  }));
}

const slidingMs = 30_000;
/** Of fewer answers a share says nothing: one failure of two is no half. */
const answersMin = 8;

/** A second holds too few answers for a share of its own: that of the last half minute, without a pause in between. */
function failuresOf(lines: readonly Line[]): readonly Curve[] {
  return curvesOf(
    lines.map((line) => ({
      ...line,
      points: line.points.map((point, index) => slid(line, point, index)),
    })),
    ({ answers, errors }) => (answers < answersMin ? null : (100 * errors) / answers),
  );
}

function slid({ points, widthMs }: Line, last: Line['points'][number], index: number) {
  let { answers, errors } = last;
  for (let before = index - 1; before >= 0; before -= 1) {
    const point = points[before];
    const after = points[before + 1];
    if (point === undefined || after === undefined || last.at - point.at >= slidingMs) break;
    if (after.at - point.at > pauseOf(widthMs)) break;
    answers += point.answers;
    errors += point.errors;
  }
  return { ...last, answers, errors };
}

/** So long without an answer is a pause, as between two phases. */
function pauseOf(widthMs: number): number {
  return 7 * widthMs;
}

/** Every so many points as one: the worst of them, so that nothing is smoothed away. */
function thinned({ points }: Line): Line['points'] {
  const step = Math.ceil(points.length / pointsMax);
  if (step <= 1) return points;
  const groups = Map.groupBy(
    points.map((point, index) => ({ point, group: Math.floor(index / step) })),
    ({ group }) => group,
  );
  return [...groups.values()].map((group) => worst(group.map(({ point }) => point)));
}

function worst(points: Line['points']): Line['points'][number] {
  const most = (pick: (point: Tally) => number | null) => {
    const known = points.map(pick).filter((one) => one !== null);
    return known.length === 0 ? null : Math.max(...known);
  };
  const failing = points.reduce((one, other) => (rateOf(other) > rateOf(one) ? other : one));
  return {
    ...failing,
    at: points[0]?.at ?? 0,
    p50: most(({ p50 }) => p50),
    p95: most(({ p95 }) => p95),
    slow: most(({ slow }) => slow),
    value: most(({ value }) => value),
  };
}

function table({ lines, kind }: Source): Markup {
  const timed = kind === 'http';
  const heads = [
    'Answers',
    'Failed',
    'Not measured',
    ...(timed ? ['Half within', '95 % within'] : []),
  ];
  return html`<table>
<thead><tr><th>Asked</th>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead>
<tbody>
${lines.map(({ side, name, total }) => {
  const { answers, errors, unknown, p50, p95 } = total;
  const share = answers === 0 ? '' : ` (${percentOf(errors / answers)})`;
  const times = timed ? [milliseconds(p50), milliseconds(p95)] : [];
  const cells = [answers, `${errors}${share}`, unknown, ...times];
  return html`<tr><th><i class="${side}" aria-hidden="true"></i>${name}</th>${cells.map((cell, index) => html`<td data-label="${heads[index] ?? ''}">${cell}</td>`)}</tr>\n`;
})}
</tbody></table>`;
}

function milliseconds(ms: number | null): string {
  return ms === null ? '–' : `${ms} ms`;
}

function rateOf({ answers, errors }: Tally): number {
  return answers === 0 ? 0 : errors / answers;
}
