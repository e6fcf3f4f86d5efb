// What PostgreSQL, TLS and the network say when something fails, as Failures in our own words; never a password.
import { Failure } from '../../lib/failure.ts';

export type Where = {
  /** For people: `PostgreSQL db.example.com:25060/shop`. */
  readonly place: string;
  readonly user: string;
  readonly password: string;
};

/** `mend`: a person must change something first. `passing`: it may be over at the next attempt. */
type Kind = 'mend' | 'passing' | 'full';
type Meaning = readonly [Kind, string];

/** How far the statement had come that failed: a write that was sent may have landed. */
export type Stage = 'connecting' | 'reading' | 'writing';

/** Somebody wrote the same key at the same moment; nothing of ours was written. */
export class Collision extends Failure {}

export function troubleOf(error: unknown, stage: Stage, where: Where): Failure {
  const code = codeOf(error);
  if (code === '23505')
    return new Collision('journal', `Another process wrote to ${where.place} at the same moment.`, {
      retry: 'soon',
    });
  const [kind, means] = meaningOf(error, code, where);
  const what = stage === 'connecting' ? 'cannot be reached' : 'failed';
  const safe = kind === 'full' ? ' Nothing was recorded; make room and run `bgctl resume`.' : '';
  return new Failure('journal', `The journal in ${where.place} ${what}: ${means}.${safe}`, {
    retry: kind === 'passing' ? 'soon' : 'never',
    precondition: kind === 'mend' && stage === 'connecting',
    ambiguous: stage === 'writing' && mayHaveLanded(code),
  });
}

/** An answer of the server that names an error of the statement says that all of it was undone. */
function mayHaveLanded(code: string): boolean {
  return !isSqlState(code) || /^(08|57P|XX|58)/.test(code);
}

/** Whether nothing more can be asked over this connection. */
export function endsConnection(error: unknown): boolean {
  const severity = error instanceof Error && 'severity' in error ? error.severity : '';
  return !isSqlState(codeOf(error)) || severity === 'FATAL' || severity === 'PANIC';
}

function meaningOf(error: unknown, code: string, where: Where): Meaning {
  if (error instanceof Failure)
    return [error.retry === 'never' ? 'mend' : 'passing', sentence(error.message)];
  const text = error instanceof Error ? error.message : '';
  if (/unsupported startup parameter/.test(text))
    return [
      'mend',
      "it is a connection pool, which cannot promise that a write is durable; name the database's own port",
    ];
  if (/does not support SSL/.test(text))
    return ['mend', 'it offers no encryption, so nothing was sent to it; turn ssl on there'];
  const known = meanings[code];
  if (known !== undefined) return [known[0], known[1].replaceAll('USER', where.user)];
  if (/CERT|SIGNATURE|ISSUER|^ERR_TLS/.test(code))
    return [
      'mend',
      `its certificate is not to be trusted (${code}), so nothing was sent to it; name the CA's certificate in journal.postgres.ca`,
    ];
  if (isSqlState(code))
    return [kindOfClass(code), `PostgreSQL says "${shown(text, where)}" (${code})`];
  return ['passing', code === '' ? 'the connection was lost' : `the connection was lost (${code})`];
}

function kindOfClass(code: string): Kind {
  if (/^(08|40|53|55|57|58|XX)/.test(code)) return 'passing';
  return 'mend';
}

/** The server's own sentence: short, on one line, without the password wherever it came from. */
function shown(text: string, { password }: Where): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const clean = text.replaceAll(password, '***').replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  return clean.length > 200 ? `${clean.slice(0, 199)}…` : clean;
}

function sentence(text: string): string {
  return text.replace(/\.$/, '');
}

const meanings: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: ['passing', 'nobody listens there (ECONNREFUSED)'],
  ENOTFOUND: ['passing', 'its name is not known (ENOTFOUND)'],
  EAI_AGAIN: ['passing', 'its name could not be looked up (EAI_AGAIN)'],
  EHOSTUNREACH: ['passing', 'there is no way to it (EHOSTUNREACH)'],
  ENETUNREACH: ['passing', 'there is no way to it (ENETUNREACH)'],
  CERT_HAS_EXPIRED: ['mend', 'its certificate has expired, so nothing was sent to it'],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'mend',
    'its certificate is for another name, so nothing was sent to it; use the name that the certificate has',
  ],
  '28P01': ['mend', 'it does not accept the password of USER (28P01)'],
  '28000': [
    'mend',
    'it does not let USER in this way (28000); look at its list of trusted sources',
  ],
  '3D000': ['mend', 'it has no database of that name (3D000)'],
  '42501': [
    'mend',
    'USER may not work in the schema bgctl there (42501); have its owner run: create schema bgctl authorization "USER"',
  ],
  '25006': ['passing', 'it takes no writes now: a standby, or its disk is full (25006)'],
  '53100': ['full', 'its disk is full (53100)'],
  '53300': ['passing', 'it has no connection left (53300)'],
  '40001': ['passing', 'others wrote at the same moment (40001)'],
  '40P01': ['passing', 'others wrote at the same moment (40P01)'],
  '55P03': ['passing', 'another process has been writing for long (55P03)'],
  '57014': ['passing', 'it took longer than its limit (57014)'],
  '57P01': ['passing', 'the connection was ended over there (57P01)'],
  '57P03': ['passing', 'it is starting or shutting down (57P03)'],
};

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
