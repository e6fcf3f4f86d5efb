// The journal in a PostgreSQL database: one place for a team, which outlives every droplet and every runner.
import { randomUUID } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { Journal } from '../world.ts';
import { Far } from './far.ts';
import { farJournal } from './far-journal.ts';
import { blobName, checkAppName, checkKept, keptName, missing } from './names.ts';
import { parseAddress } from './sql/address.ts';
import { Link } from './sql/link.ts';
import { listen } from './sql/listen.ts';
import { openSession, type Reach } from './sql/session.ts';
import { tableSide } from './sql/tables.ts';
import { directly } from './sql/tcp.ts';

export type PostgresJournalGiven = {
  /** `postgresql://user:password@host:port/database?sslmode=require`. */
  readonly url: string;
  /** Path of the CA's certificate; null: the authorities that node trusts. */
  readonly ca: string | null;
  readonly app: string;
  readonly clock: Clock;
  /** Where the connection begins when not on this machine. */
  readonly through?: { readonly name: string; readonly reach: Reach };
};

/** Throws Failure where the address cannot be used; connects when first asked. */
export function postgresJournal(given: PostgresJournalGiven): Journal {
  const { app, ca, clock, through } = given;
  checkAppName(app);
  const address = parseAddress(given.url, through !== undefined);
  const by = through === undefined ? '' : ` through ${through.name}`;
  const place = `PostgreSQL ${address.host}:${address.port}/${address.database}${by}`;
  const session = { address, ca, clock, place, reach: through?.reach ?? directly };
  const link = new Link(session);
  // What is kept for reports may be large and late: no append waits in line behind it.
  const aside = new Link(session);
  const writer = randomUUID();
  const watches = new Set<() => Promise<void>>();
  return {
    place,
    ...farJournal(new Far(tableSide({ link, app, place, writer }), clock), clock),
    watch(ring) {
      const end = listen({ open: () => openSession(session), clock, app, writer, ring });
      watches.add(end);
      return () => void end();
    },
    async store(hash, text) {
      await link.write(
        'insert into bgctl.files (app, name, content) values ($1, $2, $3) on conflict do nothing',
        [app, blobName(hash), text],
      );
    },
    async load(hash) {
      const found = await link.read(
        'select content from bgctl.files where app = $1 and name = $2',
        [app, blobName(hash)],
      );
      const content = found?.[0]?.content;
      if (typeof content !== 'string') throw missing(hash, place);
      return checkKept(hash, content, place);
    },
    async keep(name, text) {
      await aside.write(
        'insert into bgctl.files (app, name, content) values ($1, $2, $3) on conflict (app, name) do update set content = excluded.content',
        [app, keptName(app, name), text],
      );
    },
    async recall(name) {
      const found = await aside.read(
        'select content from bgctl.files where app = $1 and name = $2',
        [app, keptName(app, name)],
      );
      const content = found?.[0]?.content;
      return typeof content === 'string' ? content : null;
    },
    async close() {
      await Promise.all([link.close(), aside.close(), ...[...watches].map((end) => end())]);
    },
  };
}
