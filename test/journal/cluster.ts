// A real PostgreSQL of the tests' own: a throwaway cluster on 127.0.0.1 with TLS; never the system's service.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { aptInstall } from '../../compose/lab/engine.ts';
import { state } from '../../compose/lab/model.ts';
import { run, until } from '../../compose/lab/run.ts';

/** With characters that an address must escape: none of it may ever be seen. */
export const password = 'canary p@ss/w%rd:7f3a';
const user = 'bgctl';

export type Cluster = {
  readonly port: number;
  /** PEM files: the CA that signed its certificate, and one that did not. */
  readonly ca: string;
  readonly otherCa: string;
  /** Address of a database in it, as an operator would write it. */
  url(database: string, options?: { host?: string; user?: string; query?: string }): string;
  /** Rows of a statement, over a connection of its own. */
  sql(database: string, text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  connect(database: string): Promise<pg.Client>;
  stop(): Promise<void>;
};

export async function startCluster(): Promise<Cluster> {
  const bin = await binaries();
  const owner = await unprivileged();
  const directory = await mkdtemp(join(tmpdir(), 'bgctl-postgres-'));
  await chmod(directory, 0o755);
  const server = await certificates(directory);
  for (const file of [directory, ...Object.values(server)]) await own(file, owner);
  await initialise(bin, directory, owner);
  const port = await freePort();
  const child = serve(join(bin, 'postgres'), { directory, owner, port, ...server });
  const cluster = clusterAt(port, directory, async () => {
    await stopped(child);
    await rm(directory, { recursive: true, force: true });
  });
  try {
    await until('the throwaway PostgreSQL answers', 30_000, async () => {
      if (child.exitCode !== null)
        throw new Error(`it ended: ${readFileSync(join(directory, 'log'), 'utf8').slice(-2000)}`);
      return cluster.sql('postgres', 'select 1').then(
        () => true,
        () => false,
      );
    });
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

function clusterAt(port: number, directory: string, stop: () => Promise<void>): Cluster {
  const ca = join(directory, 'ca.pem');
  const connect = async (database: string) => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user,
      password,
      database,
      ssl: { ca: readFileSync(ca, 'utf8') },
    });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  return {
    port,
    ca,
    otherCa: join(directory, 'other-ca.pem'),
    connect,
    stop,
    url: (database, { host = '127.0.0.1', user: who = user, query = '?sslmode=require' } = {}) =>
      `postgresql://${who}:${encodeURIComponent(password)}@${host}:${port}/${database}${query}`,
    async sql(database, text, values = []) {
      const client = await connect(database);
      try {
        return (await client.query(text, values)).rows ?? [];
      } finally {
        await client.end();
      }
    },
  };
}

/** Debian keeps them out of PATH, a folder a major version. */
async function binaries(): Promise<string> {
  const found = () => {
    const base = '/usr/lib/postgresql';
    const majors = existsSync(base) ? readdirSync(base).map(Number).filter(Boolean) : [];
    const folders = majors.sort((one, other) => other - one).map((one) => join(base, `${one}/bin`));
    const all = [...folders, ...(process.env.PATH ?? '').split(':')];
    return all.find((folder) => existsSync(join(folder, 'initdb')));
  };
  const there = found();
  if (there !== undefined) return there;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) await install();
  const now = found();
  if (now !== undefined) return now;
  throw new Error(
    'The tests of the journal in PostgreSQL need its programs (initdb, postgres): install the package postgresql, or as root on Debian or Ubuntu let the tests do it.',
  );
}

/** Debian would start a service of its own; while this file says no, it does not. */
async function install(): Promise<void> {
  mkdirSync(state, { recursive: true });
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    if ((await aptInstall(['postgresql', 'openssl'])) === 0) return;
    await run(['apt-get', 'update'], { mayFail: true });
    await aptInstall(['postgresql', 'openssl']);
  } finally {
    if (ours) await rm(policy);
  }
}

type Owner = { readonly uid: number; readonly gid: number } | null;

/** PostgreSQL refuses to run as root. Null: we are nobody special ourselves. */
async function unprivileged(): Promise<Owner> {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map((flag) => run(['id', flag, name], { mayFail: true })),
    );
    if (uid?.code === 0 && gid?.code === 0)
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error('there is no unprivileged user to run PostgreSQL as');
}

async function own(path: string, owner: Owner): Promise<void> {
  if (owner !== null) await chown(path, owner.uid, owner.gid);
}

/** Words of a program that runs as the owner, and ends when this process does. */
function asOwner(owner: Owner, words: readonly string[]): readonly string[] {
  const who =
    owner === null ? [] : ['--reuid', `${owner.uid}`, '--regid', `${owner.gid}`, '--clear-groups'];
  return ['setpriv', ...who, '--pdeathsig', 'INT', ...words];
}

async function initialise(bin: string, directory: string, owner: Owner): Promise<void> {
  const secret = join(directory, 'password');
  await writeFile(secret, password, { mode: 0o600 });
  await own(secret, owner);
  const words = ['--pgdata', join(directory, 'data'), '--username', user, '--pwfile', secret];
  const how = ['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-sync'];
  await run(asOwner(owner, [join(bin, 'initdb'), ...words, ...how]));
  await rm(secret);
}

type Serving = {
  readonly directory: string;
  readonly owner: Owner;
  readonly port: number;
  readonly key: string;
  readonly certificate: string;
};

function serve(
  program: string,
  { directory, owner, port, key, certificate }: Serving,
): ChildProcess {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    ssl: 'on',
    ssl_key_file: key,
    ssl_cert_file: certificate,
    // As a managed database might have it: what must be durable has to ask.
    synchronous_commit: 'off',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [setpriv = '', ...words] = asOwner(owner, [program, '-D', join(directory, 'data')]);
  const log = openSync(join(directory, 'log'), 'a');
  const child = spawn(setpriv, [...words, ...options], { stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  return child;
}

/** SIGINT is PostgreSQL's word for: now, but in order. */
async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGINT');
  await ended;
}

/** A CA, another that signs nothing, and the server's certificate for 127.0.0.1. */
async function certificates(directory: string): Promise<{ key: string; certificate: string }> {
  const file = (name: string) => join(directory, name);
  const openssl = (...words: readonly string[]) => run(['openssl', ...words]);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  for (const name of ['ca', 'other-ca']) {
    const out = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)];
    await openssl('req', '-x509', ...key, '-subj', `/CN=${name} of the tests`, ...out);
  }
  const request = ['-keyout', file('server.key'), '-out', file('server.csr')];
  await openssl('req', ...key.slice(0, -2), '-subj', '/CN=a database', ...request);
  await writeFile(file('names'), 'subjectAltName=IP:127.0.0.1\n');
  const signing = [
    '-CA',
    file('ca.pem'),
    '-CAkey',
    file('ca.key'),
    '-CAcreateserial',
    '-days',
    '2',
  ];
  const signed = ['-in', file('server.csr'), '-out', file('server.pem'), '-extfile', file('names')];
  await openssl('x509', '-req', ...signing, ...signed);
  return { key: file('server.key'), certificate: file('server.pem') };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
