// bgctl's own schema in the database: its migrations, applied once and under a lock; a newer one is refused.
import { Failure } from '../../lib/failure.ts';
import type { Session } from './session.ts';

/** Only ever added to. Version n is what the first n of them make. */
const migrations: readonly string[] = [
  `
  create table bgctl.entries (
    app text not null,
    seq bigint not null check (seq > 0),
    line text not null,
    primary key (app, seq)
  );
  create table bgctl.leases (app text primary key, line text not null);
  create table bgctl.files (
    app text not null,
    name text not null,
    content text not null,
    primary key (app, name)
  );
  create function bgctl.refuse_change() returns trigger language plpgsql as
    $$ begin raise exception 'entries of the journal are only ever added'; end $$;
  create trigger entries_are_only_added before update or delete or truncate on bgctl.entries
    for each statement execute function bgctl.refuse_change();
  `,
];

/** An advisory lock of this number is held while migrations run: "bgctl" in ASCII. */
const lockNumber = 0x62_67_63_74_6c;

/** 0 where bgctl never wrote. Throws Failure where a newer bgctl has been here. */
export async function schemaVersion(session: Session, place: string): Promise<number> {
  const [found] = await session.rows(
    'reading',
    "select to_regclass('bgctl.migrations') is not null as there",
  );
  if (found?.there !== true) return 0;
  const [row] = await session.rows(
    'reading',
    'select coalesce(max(version), 0) as version from bgctl.migrations',
  );
  const version = Number(row?.version);
  if (version > migrations.length)
    throw new Failure(
      'journal',
      `The journal in ${place} was set up by a newer bgctl: its schema has version ${version}, this one knows up to ${migrations.length}. Nothing was changed; use the newer bgctl.`,
      { precondition: true },
    );
  return version;
}

export function isCurrent(version: number): boolean {
  return version === migrations.length;
}

/** Brings the schema up to date: all of it, or nothing. */
export async function migrate(session: Session, place: string): Promise<void> {
  const run = (text: string, values: readonly unknown[] = []) =>
    session.rows('reading', text, values);
  await run('begin');
  try {
    await run('select pg_advisory_xact_lock($1)', [lockNumber]);
    await makeSchema(run);
    const before = await schemaVersion(session, place);
    for (const [index, migration] of migrations.entries()) {
      if (index < before) continue;
      await run(migration);
      await run('insert into bgctl.migrations (version) values ($1)', [index + 1]);
    }
    await run('commit');
  } catch (error) {
    if (!session.isOver()) await run('rollback').catch(() => undefined);
    throw error;
  }
}

/** `if not exists` would ask for the right to make schemas even where it is there already. */
async function makeSchema(run: (text: string) => Promise<readonly object[]>): Promise<void> {
  const [found] = await run("select to_regnamespace('bgctl') is not null as there");
  if (found === undefined || !('there' in found) || found.there !== true)
    await run('create schema bgctl');
  await run(
    'create table if not exists bgctl.migrations (version int primary key, applied timestamptz not null default now())',
  );
}
