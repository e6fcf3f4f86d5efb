// Where a PostgreSQL is and who asks there, out of one address; whether the way must be encrypted. Repeats no secret.
import { Failure } from '../../lib/failure.ts';

export type Address = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Encrypted, and the certificate verified. False only where nobody can stand in between. */
  readonly tls: boolean;
};

const example = 'postgresql://user:password@host:25060/database?sslmode=require';
const verified = ['require', 'verify-ca', 'verify-full'];

/** Throws Failure. `through` says that the last stretch begins on a droplet, after SSH. */
export function parseAddress(text: string, through: boolean): Address {
  const url = parsed(text);
  const address = {
    // What is escaped in a password was escaped by whoever made the address.
    user: decoded(url.username, 'user'),
    password: decoded(url.password, 'password'),
    database: decoded(url.pathname.slice(1), 'database'),
    host: decoded(url.hostname, 'host').replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 5432 : Number(url.port),
  };
  for (const part of ['user', 'password', 'host', 'database'] as const)
    if (address[part] === '') throw wrong(`it has no ${part}`);
  const mode = sslMode(url);
  if (mode === 'disable' && !isNear(address.host, through))
    throw wrong(
      through
        ? 'sslmode=disable is only for a database in the VPC, named by its private address, or on the droplet itself'
        : 'sslmode=disable is only for a database on this machine: it would send everything unencrypted',
      'leave sslmode out, or write sslmode=require',
    );
  return { ...address, tls: mode !== 'disable' };
}

function parsed(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw wrong('it is not an address');
  if (!/^postgres(ql)?:$/.test(url.protocol)) throw wrong('it does not begin with postgresql://');
  return url;
}

function decoded(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`a % in its ${part} does not begin an escape`, 'write %25 for a % that is meant');
  }
}

function sslMode(url: URL): string {
  for (const name of url.searchParams.keys())
    if (name !== 'sslmode')
      throw wrong(
        /^[a-z_]{1,40}$/i.test(name)
          ? `it sets ${name}, which bgctl does not know`
          : 'it sets what bgctl does not know',
        'leave everything but sslmode out; a CA certificate is named in journal.postgres.ca',
      );
  const modes = url.searchParams.getAll('sslmode');
  const [mode = 'require'] = modes;
  if (modes.length > 1) throw wrong('it sets sslmode twice', 'write it once');
  if (mode !== 'disable' && !verified.includes(mode))
    throw wrong(
      'its sslmode would go on without encryption, or is not known',
      'write sslmode=require: the certificate is then always verified',
    );
  return mode;
}

/** Loopback; from a droplet also the VPC, which no other customer shares. A name could lead anywhere. */
function isNear(host: string, through: boolean): boolean {
  if (/^(127(\.\d{1,3}){3}|localhost|::1)$/.test(host)) return true;
  return (
    through &&
    /^(10(\.\d{1,3}){3}|172\.(1[6-9]|2\d|3[01])(\.\d{1,3}){2}|192\.168(\.\d{1,3}){2})$/.test(host)
  );
}

function wrong(what: string, mend = `write it as ${example}`): Failure {
  return new Failure('journal', `The address of the journal's database: ${what}; ${mend}.`, {
    precondition: true,
  });
}
