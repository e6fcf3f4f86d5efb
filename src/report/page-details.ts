// The rest of the evidence: last logs, containers, every line of the journal with what was waited for, release and policy.
import { durationText } from '../policy/duration.ts';
import { html, Markup } from './html.ts';
import type { Report } from './report.ts';
import { timeOf } from './times.ts';

export function logs({ logs: all }: Report): Markup {
  if (all.length === 0) return html``;
  return html`<section>
<h2>Last log lines of what failed</h2>
<p>As they were before it was removed; values of its environment are masked.</p>
${all.map(
  ({ project, droplet, at, text }) =>
    html`<details open><summary>${project} on droplet ${droplet}, read at ${timeOf(at)}</summary><pre>${text}</pre></details>\n`,
)}
</section>`;
}

const said: Readonly<Record<string, string>> = {
  absent: 'is not there',
  starting: 'is starting',
  healthy: 'is healthy',
  unhealthy: 'is unhealthy',
  exited: 'has ended',
  restarting: 'restarts again and again',
  'out of sight': 'could not be looked at',
};

const good = ['healthy', 'starting', 'absent'];

type Event = Report['containers'][number];

export function containers({ containers: events }: Report): Markup {
  if (events.length === 0) return html``;
  const bad = events.filter((event) => !isGood(event)).length;
  const summary = bad === 0 ? 'nothing bad among them' : `${bad} of them bad or out of sight`;
  return html`<section>
<h2>Containers</h2>
<details${bad > 0 ? new Markup(' open') : null}><summary>${events.length} changes of health, ${summary}</summary>
<ul class="events">
${events.map((event, index) => change(event, events.slice(0, index)))}
</ul></details>
</section>`;
}

function change(event: Event, earlier: readonly Event[]): Markup {
  const { at, project, droplet, is, restarts, detail, ordered } = event;
  const before = earlier.findLast((one) => one.project === project && one.droplet === droplet);
  const again = before !== undefined && restarts > before.restarts;
  const words = ordered ? 'fails its health check, as it was told to' : (said[is] ?? is);
  const often = again ? `, restarted ${restarts} times so far` : null;
  const more = detail === '' || ordered ? null : html`<pre>${detail}</pre>`;
  return html`<li class="${isGood(event) ? 'good' : 'bad'}"><time>${timeOf(at)}</time> <div>${project} on droplet ${droplet} ${words}${often}${more}</div></li>
`;
}

function isGood({ is, ordered }: Event): boolean {
  return ordered || good.includes(is);
}

export function timeline(report: Report): Markup {
  const { phases, actions, waits, commands, drivers } = report;
  const events = [
    ...commands.map(({ at, what }) => ({ at, kind: 'asked', text: what })),
    ...drivers.map(({ at, what }) => ({ at, kind: 'asked', text: what })),
    ...phases.map(({ from, phase, because }) => ({
      at: from,
      kind: 'entered',
      text: `${phase}: ${because}`,
    })),
    ...actions.flatMap(({ at, settledAt, what, is, why, because }) => [
      { at, kind: 'acted', text: `${what}: ${because}` },
      ...(settledAt === null
        ? []
        : [
            {
              at: settledAt,
              kind: is,
              text: is === 'done' ? `done: ${what}` : `failed: ${what}: ${why}`,
            },
          ]),
    ]),
    ...waits.map(({ at, because }) => ({ at, kind: 'waiting', text: `waiting: ${because}` })),
    ...(report.committedAt === null
      ? []
      : [{ at: report.committedAt, kind: 'entered', text: 'commit point' }]),
  ].sort((one, other) => one.at - other.at);
  return html`<section>
<h2>Everything, in order</h2>
<details><summary>${events.length} lines</summary>
<ul class="events">
${events.map(({ at, kind, text }) => html`<li class="${kind}"><time>${timeOf(at)}</time> <div>${text}</div></li>\n`)}
</ul></details>
</section>`;
}

export function release({ release: { images, composeHash, env } }: Report): Markup {
  const rows: readonly (readonly [string, string])[] = [
    ...Object.entries(images),
    ['compose file, sha256', composeHash],
    ...Object.entries(env).map(([path, hash]) => [`${path}, sha256`, hash] as const),
  ];
  return html`<section>
<h2>Release</h2>
<dl class="wide">
${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd><code>${value}</code></dd></div>\n`)}
</dl>
</section>`;
}

export function policy({ policy: all }: Report): Markup {
  const { name, ...rest } = all;
  return html`<section>
<h2>Policy <small>${String(name ?? '')}</small></h2>
<details><summary>In force for this promotion</summary><pre>${lines(rest, '').join('\n')}</pre></details>
</section>`;
}

/** As people write it: durations with their unit, one key a line. */
function lines(value: Readonly<Record<string, unknown>>, indent: string): readonly string[] {
  return Object.entries(value).flatMap(([key, one]) => {
    const isTime = key.endsWith('Ms') && typeof one === 'number';
    const name = isTime ? key.slice(0, -2) : key;
    if (isTime) return [`${indent}${name}: ${durationText(one)}`];
    if (Array.isArray(one))
      return [
        `${indent}${name}:`,
        ...one.flatMap((item) =>
          typeof item === 'object' && item !== null
            ? [`${indent}  -`, ...lines(item as Record<string, unknown>, `${indent}    `)]
            : [`${indent}  - ${String(item)}`],
        ),
      ];
    if (typeof one === 'object' && one !== null)
      return [`${indent}${name}:`, ...lines(one as Record<string, unknown>, `${indent}  `)];
    return [`${indent}${name}: ${one === null ? 'the usual' : String(one)}`];
  });
}
