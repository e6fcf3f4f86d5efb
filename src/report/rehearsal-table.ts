// A rehearsal as a table of 80 columns.
import { type Rehearsal, type Row, shareOf, shortly } from './rehearsal.ts';

const widths = [14, 8, 8, 8, 10, 9, 9, 7, 7] as const;

export const tableHead: readonly string[] = [
  line('', 'back', 'back', 'person', '', 'caught', '', 'requests', '').replace(
    /requests$/,
    'requests',
  ),
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

function line(...cells: readonly string[]): string {
  const padded = cells.map((cell, index) =>
    index === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[index] ?? 0),
  );
  return padded.join('').trimEnd();
}
