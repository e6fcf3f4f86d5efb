// One HTTP question over a fresh connection: what was answered, or why nothing was and whose fault that is.
import * as http from 'node:http';
import * as https from 'node:https';
import type { Clock } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import { secureOver, type Tls } from './tls.ts';

/** More of a body is not read; a health answer that needs it is not one. */
const bodyMaxBytes = 65_536;

export type Question = {
  /** Scheme, host, port and path. */
  readonly url: URL;
  readonly timeoutMs: number;
  /** Makes the connection, as through SSH; left out: directly. */
  readonly agent?: http.Agent;
  /** Of an https address. */
  readonly tls?: Tls;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type Answer =
  | {
      readonly is: 'answer';
      readonly status: number;
      readonly headers: http.IncomingHttpHeaders;
      /** At most 64 KB. */
      readonly body: string;
    }
  /** `ours`: we could not ask, so nothing was learnt of the thing asked. */
  | { readonly is: 'none'; readonly because: string; readonly ours: boolean }
  /** `sent`: a connection was there; else the time went into making one. */
  | { readonly is: 'late'; readonly because: string; readonly sent: boolean };

/** Never rejects. The limit covers everything: connection, headers, body. */
export async function ask(question: Question, clock: Clock): Promise<Answer> {
  const over = new AbortController();
  const { request, answer, sent } = begin(question);
  const limit = clock.sleep(question.timeoutMs, over.signal).then(
    (): Answer => ({
      is: 'late',
      because: `timed out after ${question.timeoutMs} ms`,
      sent: sent(),
    }),
  );
  try {
    return await Promise.race([answer, limit]);
  } finally {
    over.abort();
    request.destroy();
  }
}

function begin({ url, agent, tls = {}, method = 'GET', headers = {}, body }: Question) {
  const secure = url.protocol === 'https:';
  const { request: start } = secure ? https : http;
  const over = secure && agent !== undefined ? secureOver(agent, url.hostname, tls) : agent;
  const request = start(url, {
    ...(secure ? tls : {}),
    method,
    // A fresh connection each time, as a new visitor: an old one may lead to where traffic no longer goes.
    agent: over ?? false,
    headers: { 'user-agent': 'bgctl', accept: '*/*', ...lowered(headers), connection: 'close' },
  });
  let connected = false;
  request.once('socket', () => {
    connected = true;
  });
  const answer = new Promise<Answer>((resolve) => {
    // Stays on for good: destroying an unfinished request raises one more error.
    request.on('error', (error) => resolve(noAnswer(error)));
    request.once('response', (response) => resolve(read(response)));
  });
  request.end(body);
  return { request, answer, sent: () => connected };
}

function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  const pairs = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return Object.fromEntries(pairs) as Record<string, string>;
}

function read(response: http.IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve) => {
    const done = () => {
      const body = Buffer.concat(chunks).subarray(0, bodyMaxBytes).toString('utf8');
      const { statusCode: status = 0, headers } = response;
      resolve({ is: 'answer', status, headers, body });
    };
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= bodyMaxBytes) done();
    });
    response.once('end', done);
    response.on('error', (error) => resolve(noAnswer(error)));
  });
}

function noAnswer(error: Error): Answer {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // A tunnel's Failure is ours, unless it says with a code what the far port did.
  if (error instanceof Failure && theirs[code] === undefined)
    return { is: 'none', because: error.message, ours: true };
  const mine = ours[code];
  if (mine !== undefined) return { is: 'none', because: `${mine} (${code})`, ours: true };
  const because = theirs[code] ?? wordsOf(code);
  return { is: 'none', because: because === '' ? 'no answer' : because, ours: false };
}

/** As a visitor would meet it, whoever has to mend it. */
function wordsOf(code: string): string {
  if (code.startsWith('HPE_')) return 'the answer is not HTTP';
  if (/^(CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code))
    return `the certificate is not accepted (${code})`;
  if (/^(EPROTO|ERR_SSL)/.test(code)) return `the TLS handshake failed (${code})`;
  return code;
}

const theirs: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset before the answer ended',
  EPIPE: 'connection closed before the answer',
  ETIMEDOUT: 'the connection timed out',
};

/** What goes wrong on this side: it says nothing of the thing asked (I5). */
const ours: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name cannot be resolved here',
  EAI_AGAIN: 'the name cannot be resolved here just now',
  ENETUNREACH: 'there is no route from here',
  EHOSTUNREACH: 'there is no route from here',
  ENETDOWN: 'the network is down here',
  EADDRNOTAVAIL: 'no local address or port is free',
  EMFILE: 'too many open files here',
  ENFILE: 'too many open files here',
};
