// One connection to PostgreSQL: opened within a limit, encrypted and verified, every statement within a limit.
import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { checkServerIdentity } from 'node:tls';
import type { Client, ClientConfig } from 'pg';
import type { Clock } from '../../lib/clock.ts';
import { because, Failure } from '../../lib/failure.ts';
import type { Address } from './address.ts';
import { endsConnection, type Stage, troubleOf, type Where } from './trouble.ts';

/** A TCP connection, open; given up when the signal aborts. */
export type Reach = (host: string, port: number, signal: AbortSignal) => Promise<Duplex>;

export type SessionGiven = {
  readonly address: Address;
  /** Path of the CA's certificate; null: the authorities that node trusts. */
  readonly ca: string | null;
  readonly reach: Reach;
  readonly clock: Clock;
  /** For people: `PostgreSQL db.example.com:25060/shop`. */
  readonly place: string;
};

export type Row = Readonly<Record<string, unknown>>;

export interface Session {
  /** Rows of one statement. Rejects with Failure; of a write whose answer was lost, an ambiguous one. */
  rows(stage: Stage, text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  onNotification(hear: (payload: string) => void): void;
  /** Resolves when the connection is over, whoever ended it. */
  readonly over: Promise<void>;
  readonly isOver: () => boolean;
  end(): Promise<void>;
}

const connectLimitMs = 10_000;
/** The server gives up first, and says so. */
const statementLimitMs = 8_000;
const answerLimitMs = 10_000;
const farewellMs = 1_000;

export async function openSession(given: SessionGiven): Promise<Session> {
  const where: Where = { place: given.place, ...given.address };
  const stop = new AbortController();
  try {
    return await limited(given.clock, connectLimitMs, connect(given, where, stop.signal), () =>
      stop.abort(),
    );
  } catch (error) {
    throw troubleOf(error, 'connecting', where);
  }
}

async function connect(given: SessionGiven, where: Where, stop: AbortSignal): Promise<Session> {
  const [{ default: pg }, config] = await Promise.all([
    // Loaded only where it is wanted: starting must stay quick.
    import('pg'),
    configOf(given),
  ]);
  const stream = await given.reach(given.address.host, given.address.port, stop);
  const cut = () => stream.destroy();
  stop.addEventListener('abort', cut, { once: true });
  // It may break before pg listens.
  stream.on('error', () => undefined);
  if (stop.aborted || stream.destroyed) cut();
  const client = new pg.Client({ ...config, stream: () => connected(stream) });
  const session = sessionOf(client, stream, given.clock, where);
  try {
    await client.connect();
    await checkSettings(client);
    return session;
  } catch (error) {
    cut();
    throw error;
  } finally {
    stop.removeEventListener('abort', cut);
  }
}

async function configOf(given: SessionGiven): Promise<ClientConfig> {
  const { tls, ...address } = given.address;
  return {
    ...address,
    ssl: tls && {
      ...(await trusted(given.ca)),
      checkServerIdentity: (_, shown) => checkServerIdentity(address.host, shown),
    },
    application_name: 'bgctl',
    statement_timeout: statementLimitMs,
    lock_timeout: statementLimitMs - 1_000,
    idle_in_transaction_session_timeout: statementLimitMs,
    // Whatever the database's own default is: what was answered must outlive a crash.
    options: '-c synchronous_commit=on',
  };
}

/** pg wants to connect by itself; the connection is there. */
function connected(stream: Duplex): Duplex {
  return Object.assign(stream, {
    connect() {
      queueMicrotask(() => stream.emit('connect'));
      return stream;
    },
  });
}

async function trusted(ca: string | null): Promise<{ ca?: string }> {
  if (ca === null) return {};
  const text = await readFile(ca, 'utf8').catch((error: unknown) => {
    throw new Failure('journal', `journal.postgres.ca cannot be read: ${because(error)}`);
  });
  // node would take a file without any certificate for nobody to trust, and say only that.
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new Failure('journal', `${ca} (journal.postgres.ca) holds no certificate`);
  return { ca: text };
}

function sessionOf(client: Client, stream: Duplex, clock: Clock, where: Where): Session {
  const over = Promise.withResolvers<void>();
  let isOver = false;
  const ended = () => {
    isOver = true;
    // pg leaves the connection open where the server's last word was an error.
    stream.destroy();
    over.resolve();
  };
  client.on('error', ended).on('end', ended);
  // Over SSH the far side's end is not the end of the channel.
  stream.on('end', ended).on('close', ended);
  return {
    over: over.promise,
    isOver: () => isOver,
    async rows(stage, text, values = []) {
      try {
        const asked = client.query<Row>(text, [...values]);
        return (await limited(clock, answerLimitMs, asked, ended)).rows;
      } catch (error) {
        if (endsConnection(error)) ended();
        throw troubleOf(error, stage, where);
      }
    },
    onNotification: (hear) => {
      client.on('notification', ({ payload }) => hear(payload ?? ''));
    },
    async end() {
      await limited(clock, farewellMs, client.end(), ended).catch(() => undefined);
      ended();
    },
  };
}

/** A pool in between may drop what was asked for silently, and a write would then be less than durable. */
async function checkSettings(client: Client): Promise<void> {
  const { rows } = await client.query<Row>(
    `select current_setting('synchronous_commit') as durable,
       current_setting('statement_timeout') as "limit", pg_is_in_recovery() as standby`,
  );
  const [row] = rows;
  if (row?.durable !== 'on' || row.limit === '0')
    throw new Failure(
      'journal',
      "something in between (a connection pool) drops the settings of a connection; name the database's own port",
    );
  if (row.standby === true)
    throw new Failure('journal', 'it is a standby, which takes no writes; name the primary', {
      retry: 'soon',
    });
}

/** Rejects when the time is over, after `late` has cut off what still runs. */
async function limited<T>(
  clock: Clock,
  ms: number,
  work: Promise<T>,
  late: () => void,
): Promise<T> {
  const done = new AbortController();
  const tooLate = clock.sleep(ms, done.signal).then((): never => {
    if (!done.signal.aborted) late();
    throw new Failure('journal', `no answer came within ${ms / 1000} s`, { retry: 'soon' });
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    done.abort();
    tooLate.catch(() => undefined);
    work.catch(() => undefined);
  }
}
