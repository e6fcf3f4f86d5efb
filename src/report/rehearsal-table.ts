// A rehearsal as a table of 80 columns.
import { type Rehearsal, type Row, shareOf, shortly } from './rehearsal.ts';
import { timesOf } from './rehearsal-remarks.ts';

const width = 80;
const widths = [14, 8, 8, 8, 10, 9, 9, 7, 7] as const;

export const tableHead: readonly string[] = [
  line('', 'back', 'back', 'person', '', 'caught', '', 'requests', ''),
  line('release', 'before', 'after', 'asked', 'promoted', 'median', 'p95', 'mean', 'worst'),
];

export function tableRow(row: Row): string {
  const { release, runs, before, after, asked, promoted, medianMs, p95Ms, suffered } = row;
  const shares = [before, after, asked, promoted].map((count) => shareOf(count, runs));
  const times = [medianMs, p95Ms].map(shortly);
  return line(release, ...shares, ...times, String(suffered.mean), String(suffered.worst));
}

export function headline({
  policy,
  against,
  runs,
  seed,
}: Omit<Rehearsal, 'rows' | 'remarks'>): string {
  const times = runs === 1 ? 'one run' : `${runs} runs`;
  return `The policy ${policy} against ${against} requests/s, ${times} of each release, seed ${seed}`;
}

/** What the columns mean. */
export const legend: readonly string[] = [
  'back: gone back before, or after, the switch to it; person asked: held until a',
  'person chooses. caught: from `promote` until it was decided not to go on.',
  'requests: of people, that failed or were slow because of it, until `promote`',
  'ended; a release that is promoted goes on like that.',
];

/** Table and remarks, as they stand in a shipped policy's head. */
export function tableOf(rehearsal: Rehearsal): readonly string[] {
  return [...tableHead, ...rehearsal.rows.map(tableRow), '', ...wordsOn(rehearsal)];
}

/** How long a good one takes, and what there is to say, in lines that fit. */
export function wordsOn({ rows: [healthy], remarks }: Rehearsal): readonly string[] {
  const times = healthy === undefined ? [] : [timesOf(healthy)];
  return [...times, ...remarks].flatMap(wrapped);
}

function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width)
      lines.push(last === undefined ? word : `  ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function line(...cells: readonly string[]): string {
  const padded = cells.map((cell, index) =>
    index === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[index] ?? 0),
  );
  return padded.join('').trimEnd();
}
