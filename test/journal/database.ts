// The journal in PostgreSQL as the contract opens it: a database for each test, in the cluster that the environment names.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { postgresJournal } from '../../src/journal/postgres.ts';
import type { Cluster } from './cluster.ts';
import type { Hand, Place } from './places.ts';

/** By the environment, so that worker processes find it too, and never among their words. */
const variable = 'BGCTL_TEST_POSTGRES';
type Named = { readonly url: string; readonly ca: string };

export function nameCluster(cluster: Cluster): void {
  process.env[variable] = JSON.stringify({ url: cluster.url('postgres'), ca: cluster.ca });
}

/** A name that no other test has. */
export function databaseOf(directory: string): string {
  return `j${createHash('sha256').update(directory).digest('hex').slice(0, 12)}`;
}

export const postgresPlace: Place = {
  begin: (directory) =>
    admin('postgres', `create database ${databaseOf(directory)}`).then(() => {}),
  end: (directory) =>
    admin('postgres', `drop database ${databaseOf(directory)} with (force)`).then(() => {}),
  open(directory, clock) {
    const { url, ca } = named(databaseOf(directory));
    return postgresJournal({ url, ca, app: 'shop', clock });
  },
  hand: (directory) => handIn(databaseOf(directory)),
};

function handIn(database: string): Hand {
  const sql = (text: string, values?: unknown[]) => admin(database, text, values);
  return {
    exists: async () =>
      (await sql("select 1 from pg_namespace where nspname = 'bgctl'")).length > 0,
    async lines() {
      const rows = await sql('select line from bgctl.entries order by seq');
      return rows.map(({ line }) => `${line}\n`).join('');
    },
    async add(line) {
      await sql(
        "insert into bgctl.entries select 'shop', max(seq) + 1, $1 from bgctl.entries where app = 'shop'",
        [line],
      );
    },
    async setLease(line) {
      if (line === null) await sql('delete from bgctl.leases');
      else await sql('update bgctl.leases set line = $1', [line]);
    },
    async lose() {
      await sql('drop schema bgctl cascade');
    },
  };
}

async function admin(
  database: string,
  text: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const { url, ca } = named(database);
  const { hostname, port, username, password } = new URL(url);
  const client = new pg.Client({
    host: hostname,
    port: Number(port),
    user: username,
    password: decodeURIComponent(password),
    database,
    ssl: { ca: readFileSync(ca, 'utf8') },
  });
  await client.connect();
  try {
    return (await client.query(text, values)).rows ?? [];
  } finally {
    await client.end();
  }
}

function named(database: string): Named {
  const value = process.env[variable];
  if (value === undefined) throw new Error(`${variable} is not set: no cluster was started`);
  const { url, ca } = JSON.parse(value) as Named;
  return { url: url.replace('/postgres?', `/${database}?`), ca };
}
