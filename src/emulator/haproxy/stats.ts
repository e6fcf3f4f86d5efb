// HAProxy's `show stat`, `show proc` and `show sess` as they are printed, and what they say of a target.
import type { TargetReport } from '../report.ts';

/** A line of `show stat`, by the names of its columns. */
export type Row = Readonly<Record<string, string>>;

/** Of frontend, servers and backend; none in the text of an error. */
export function rowsOf(csv: string): Row[] {
  const [head = '', ...lines] = csv.trim().split('\n');
  if (!head.startsWith('# pxname,')) return [];
  const names = head.slice(2).split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']));
  });
}

/** Process ids of `show proc`: the worker that takes requests, then those that finish some from before a reload. */
export function workersIn(text: string): { current: number | null; old: number[]; failed: number } {
  const [now = '', before = ''] = text.split('# old workers');
  const pids = (part: string) =>
    [...part.matchAll(/^(\d+)\s+worker\b/gm)].map(([, pid]) => Number(pid));
  const failed = Number(/\[failed: (\d+)\]/.exec(now)?.[1] ?? 0);
  return { current: pids(now)[0] ?? null, old: pids(before), failed };
}

/** Ids in `show sess` of those that a server has. */
export function sessionsOf(server: string, text: string): string[] {
  const lines = text.split('\n').filter((line) => line.split(' ').includes(`srv=${server}`));
  return lines.flatMap((line) => /^0x[\da-f]+/.exec(line) ?? []);
}

type Health = Pick<TargetReport, 'state' | 'passes' | 'fails' | 'lastCheck'>;

/**
 * HAProxy keeps one number: below `rise` the server is DOWN and has passed so often in a row; from there up it is
 * UP, and what is missing to the highest one are fails in a row.
 */
export function healthOf(row: Row): Health {
  const state = row.status?.startsWith('UP') ? 'UP' : 'DOWN';
  const lastCheck = lastCheckOf(row);
  const [health, rise, fall] = [row.check_health, row.check_rise, row.check_fall].map(Number) as [
    number,
    number,
    number,
  ];
  if (lastCheck === null) return { state, passes: 0, fails: 0, lastCheck };
  if (state === 'DOWN') return { state, passes: health, fails: health > 0 ? 0 : fall, lastCheck };
  const fails = rise + fall - 1 - health;
  return { state, passes: fails > 0 ? 0 : rise, fails, lastCheck };
}

function lastCheckOf(row: Row): Health['lastCheck'] {
  // A star says that the next one is under way.
  const status = (row.check_status ?? '').replace(/^\* /, '');
  if (status === '' || status === 'INI' || status === 'UNK') return null;
  const code = row.check_code ?? '';
  const because = Number(code) > 0 ? code : row.last_chk || row.check_desc || status;
  return { passed: /^L\d+OKC?$/.test(status), because };
}
