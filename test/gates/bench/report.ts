// What the benchmark found: a table for people, and one line of JSON.
import { type Figures, samplesToWald, watched } from './figures.ts';
import type { Name, Score, Scores } from './race.ts';
import { streams } from './streams.ts';

const peers = ['fixedWindow', 'mannWhitney'] as const;
const titles: Readonly<Record<Name, string>> = {
  ours: 'bgctl',
  fixedWindow: 'fixed window (Argo)',
  mannWhitney: 'Mann-Whitney (Kayenta)',
};

export function tableOf(sums: Figures, scores: readonly Scores[]): string {
  const names = Object.keys(titles) as Name[];
  const head = ['stream (gate of bgctl)', ...names.map((name) => titles[name])];
  const rows = streams.map((stream, index) => [
    `${stream.name} (${stream.gate})`,
    ...names.map((name) => cell(scores[index]?.[name])),
  ]);
  return [
    `${sums.runs} promotions at the acceptable 1 %, a look after each of ${watched} requests: ${percent(sums.failed, sums.runs)} ever failed.`,
    `${sums.runs} at the unacceptable 5 %: ${percent(sums.passed, sums.runs)} passed.`,
    `Requests to decide: ${mean(sums.atAcceptable, sums.runs)} at 1 %, ${mean(sums.atUnacceptable, sums.runs)} at 5 %; at most ${samplesToWald(sums).toFixed(3)} × Wald's bound.`,
    '',
    'Requests to decide, wrong verdicts, undecided at the end:',
    '',
    ...lines([head, ...rows]),
    '',
    ...verdictOn(scores),
  ].join('\n');
}

/** Told as it is, stream by stream, where a peer was quicker or less often wrong. */
function verdictOn(scores: readonly Scores[]): string[] {
  const found = scores.flatMap((score, index) =>
    peers.flatMap((peer) => {
      const [we, they] = [score.ours, score[peer]];
      const said = [
        ...(perRun(they.requests, they) < perRun(we.requests, we) ? ['needs fewer requests'] : []),
        ...(they.wrong < we.wrong ? ['is less often wrong'] : []),
        ...(they.undecided < we.undecided ? ['decides more often'] : []),
      ];
      const wrong = `it is wrong in ${percent(they.wrong, they.runs)}, bgctl in ${percent(we.wrong, we.runs)}`;
      return said.length === 0
        ? []
        : [`  ${streams[index]?.name}: ${titles[peer]} ${said.join(' and ')} (${wrong})`];
    }),
  );
  return found.length === 0
    ? ['On no stream is a peer quicker or less often wrong.']
    : ['Where a peer is better in something:', ...found];
}

export function jsonOf(sums: Figures, scores: readonly Scores[]): string {
  const of = (peer: (typeof peers)[number]) =>
    Object.fromEntries(
      streams.map(({ name }, index) => {
        const score = scores[index];
        return [name, { ...brief(score?.[peer]), ours: brief(score?.ours) }];
      }),
    );
  return JSON.stringify({
    falseAbortRate: sums.failed / sums.runs,
    missRate: sums.passed / sums.runs,
    samplesToWald: Number(samplesToWald(sums).toFixed(4)),
    fixedWindow: of('fixedWindow'),
    mannWhitney: of('mannWhitney'),
  });
}

function brief(score: Score | undefined) {
  if (score === undefined) return null;
  const { wrong, undecided, requests, runs } = score;
  return {
    requests: Number((requests / runs).toFixed(1)),
    wrong: wrong / runs,
    undecided: undecided / runs,
  };
}

function cell(score: Score | undefined): string {
  if (score === undefined) return '';
  const { runs, requests, wrong, undecided } = score;
  const open = undecided === 0 ? '' : `, ${percent(undecided, runs)} open`;
  return `${mean(requests, runs)}, ${percent(wrong, runs)} wrong${open}`;
}

function perRun(sum: number, { runs }: Score): number {
  return sum / runs;
}

function mean(sum: number, runs: number): string {
  return (sum / runs).toFixed(0);
}

function percent(part: number, all: number): string {
  return `${Number(((100 * part) / all).toPrecision(3))} %`;
}

function lines(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths?.[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
