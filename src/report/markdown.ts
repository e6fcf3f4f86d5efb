// The report as a step summary of a CI run: how it ended, the phases, what the gates said, what to do next. Markdown.
import type { PhaseVerdict, Report } from './report.ts';
import { spanOf, timeOf } from './times.ts';

const marks: Readonly<Record<string, string>> = {
  promoted: '✅',
  failed: '❌',
  'rolled-back': '↩️',
  aborted: '🛑',
  held: '✋',
  'under-way': '⏳',
  pass: '✅',
  fail: '❌',
  wait: '⏳',
  inconclusive: '❔',
};

export function summaryOf(report: Report): string {
  const { app, release, result, phases, verdicts } = report;
  const [lead, ...commands] = result.next;
  return [
    `## ${marks[result.is] ?? ''} ${plain(app)} ${plain(release.id)}: ${result.is}`,
    plain(result.message),
    ...(phases.length === 0 ? [] : [phaseTable(report)]),
    ...(verdicts.length === 0 ? [] : ['### Gates', verdicts.map(gatesOf).join('\n')]),
    '### What to do next',
    [plain(lead ?? ''), ...commands.map(suggestion)].join('\n'),
    `\`bgctl report ${release.id}\` makes the whole report: charts, logs, everything that was done. Exit code ${result.exit}.`,
    '',
  ].join('\n\n');
}

function phaseTable({ phases, result }: Report): string {
  const rows = phases.map(({ phase, from, to, because }) => {
    const took = to === null ? 'not left yet' : spanOf(to - from);
    return `| ${plain(phase)} | ${timeOf(from)} | ${took} | ${plain(because)} |`;
  });
  const took = spanOf(result.at - (phases[0]?.from ?? result.at));
  const head = ['| Phase | Began (UTC) | Took | Why |', '|---|---|---|---|'];
  return [...head, ...rows, `| **all** | | ${took} | |`].join('\n');
}

function gatesOf({ phase, because, gates }: PhaseVerdict): string {
  return gates
    .map(({ gate, is, because: own, dryRun }) => {
      const sentence = plain(own === '' ? because : own);
      const idle = dryRun ? ' (dry run: decides nothing)' : '';
      return `* ${marks[is] ?? '·'} **${plain(gate)}** in ${plain(phase)}${idle}: ${sentence}`;
    })
    .join('\n');
}

function suggestion(line: string): string {
  return line.startsWith('bgctl ') ? `* \`${line.replaceAll('`', '')}\`` : `* ${plain(line)}`;
}

/** Foreign text in one line, in which nothing is markup: no link, no image, no table cell, no HTML. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_{}[\]()#!|~]/g, '\\$&')
    .replace(/@(?=\w)/g, '@\u200b')
    .replace(/\b(https?):\/\//g, '$1:\u200b//');
}
