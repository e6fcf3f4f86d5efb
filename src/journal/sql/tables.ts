// The far side of a journal in PostgreSQL: each look and each write is one statement.
import { Failure } from '../../lib/failure.ts';
import type { Entry } from '../../promotion/entry.ts';
import { decode, encode } from '../codec.ts';
import type { Addition, FarSide, Look } from '../far.ts';
import type { Link } from './link.ts';
import { channel, toldOf } from './listen.ts';
import { Collision } from './trouble.ts';

type KnownRows = {
  readonly entries: readonly Entry[];
  readonly torn: null;
  /** The last entry's line: by it the journal is known again. */
  readonly lastLine: string;
};

export type TablesGiven = {
  readonly link: Link;
  readonly app: string;
  readonly place: string;
  /** Told with every append, so that its writer knows its own. */
  readonly writer: string;
};

const nothing: KnownRows = { entries: [], torn: null, lastLine: '' };

export function tableSide(given: TablesGiven): FarSide<KnownRows> {
  return {
    place: given.place,
    nothing,
    look: (before) => look(given, before),
    extend: (known, addition) => extend(given, known, addition),
    swap: (before, after) => swap(given, before, after.trimEnd()),
  };
}

/** One statement sees one moment: the lease (as number 0) and the entries belong together. */
const lookSql = `
  select 0 as seq, line from bgctl.leases where app = $1
  union all
  select seq, line from bgctl.entries where app = $1 and seq >= $2
  order by seq`;

async function look(
  { link, app, place }: TablesGiven,
  before: KnownRows,
): Promise<Look<KnownRows> | null> {
  const known = before.entries.length;
  const found = (await link.read(lookSql, [app, Math.max(known, 1)])) ?? [];
  const rows = found.map((row) => ({ seq: Number(row.seq), line: String(row.line) }));
  const leaseLine = rows[0]?.seq === 0 ? String(rows.shift()?.line) : '-';
  if (known > 0 && rows.shift()?.line !== before.lastLine) return null;
  for (const [index, { seq }] of rows.entries())
    if (seq !== known + 1 + index)
      throw damaged(place, `entry ${known + 1 + index} is missing before entry ${seq}`);
  const text = rows.map(({ line }) => `${line}\n`).join('');
  const { entries, goodChars } = decode(text, place, known);
  if (goodChars < text.length)
    throw damaged(place, `the end of the append after entry ${known + entries.length} is missing`);
  return {
    leaseLine,
    known: {
      entries: [...before.entries, ...entries],
      torn: null,
      lastLine: rows.at(-1)?.line ?? before.lastLine,
    },
  };
}

/** A transaction leaves all or nothing, so that a crash is no explanation. */
function damaged(place: string, what: string): Failure {
  return new Failure(
    'journal',
    `${place} was changed by hand: ${what}. Nothing was changed; restore the table bgctl.entries from a backup.`,
    { precondition: true },
  );
}

/**
 * The lease's row is locked, and judged as it then is: who takes the lease waits for us or we see that it is
 * taken. Entries are only ever added, so that whoever writes the same number first wins by the table's key.
 */
const extendSql = `
  with held as materialized (
    select from bgctl.leases where app = $1 and left(line, length($3)) = $3 for share
  ), written as (
    insert into bgctl.entries (app, seq, line)
    select $1, $2::bigint + nth, line from unnest($4::text[]) with ordinality as fresh (line, nth)
    where ($3 = '' or exists (select from held))
      and $2::bigint = (select coalesce(max(seq), 0) from bgctl.entries where app = $1)
    returning seq
  )
  select count(*) as written, case when count(*) > 0 then pg_notify('${channel}', $5) end
  from written`;

async function extend(
  { link, app, writer }: TablesGiven,
  known: KnownRows,
  { entries, afterSeq, leaseStart }: Addition,
): Promise<KnownRows | 'moved'> {
  const lines = encode(entries).trimEnd().split('\n');
  const values = [app, afterSeq, leaseStart, lines, toldOf(app, writer)];
  const rows = await link.write(extendSql, values).catch((error: unknown) => {
    if (error instanceof Collision) return [];
    throw error;
  });
  // Why it was refused, lease or number, a look tells.
  if (Number(rows[0]?.written ?? 0) === 0) return 'moved';
  return {
    entries: [...known.entries, ...entries],
    torn: null,
    lastLine: lines.at(-1) ?? known.lastLine,
  };
}

async function swap({ link, app }: TablesGiven, before: string, after: string): Promise<boolean> {
  const rows =
    before === '-'
      ? await link.write(
          'insert into bgctl.leases (app, line) values ($1, $2) on conflict do nothing returning app',
          [app, after],
        )
      : await link.write(
          'update bgctl.leases set line = $3 where app = $1 and line = $2 returning app',
          [app, before, after],
        );
  return rows.length === 1;
}
