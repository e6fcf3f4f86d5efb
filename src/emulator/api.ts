// The REST API over HTTP: who may call, how often, what goes wrong on order, and the answer's envelope.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Account } from './account.ts';
import { control } from './control.ts';
import { type OrderedFault, refusalOf } from './faults.ts';
import {
  badRequest,
  notFound,
  Problem,
  serverError,
  tooManyRequests,
  unauthorized,
} from './problem.ts';
import type { RequestLogLine } from './report.ts';
import { type Answer, requireScope, routes } from './routes.ts';

const bodyBytesMax = 1_000_000;

/** The API of `account`, not listening yet. Paths under /_emulator are for tests and need no token. */
export function createApi(account: Account): Server {
  return createServer((request, response) => {
    response.on('error', () => {});
    const answered = (request.url ?? '').startsWith('/_emulator/')
      ? answerControl(account, request, response)
      : answerCall(account, request, response);
    answered.catch(() => response.destroy());
  });
}

async function answerControl(account: Account, request: IncomingMessage, response: ServerResponse) {
  const body = await readBody(request);
  const answer = isLoopback(request) ? await control(account, request, body) : { status: 403 };
  send(response, answer.status, JSON.stringify(answer.body ?? {}), jsonType);
}

async function answerCall(account: Account, request: IncomingMessage, response: ServerResponse) {
  const { method = 'GET', url: path = '/' } = request;
  const at = Date.now();
  const text = await readBody(request);
  const url = new URL(path, `http://${request.headers.host ?? '127.0.0.1'}`);
  const fault = isAdmitted(account, request) ? account.faults.take(method, path) : null;
  const line: RequestLogLine = {
    at,
    method,
    path,
    body: parsed(text) ?? null,
    status: null,
    requestId: randomUUID(),
    fault: fault?.kind ?? null,
  };
  account.record(line);
  if (fault?.kind === 'slow') await pause(fault.delayMs);
  const outcome = await outcomeOf(account, request, url, text, fault);
  deliver(account, response, line, outcome, fault);
}

type Outcome = { answer: Answer; problem?: undefined } | { problem: Problem };

async function outcomeOf(
  account: Account,
  request: IncomingMessage,
  url: URL,
  text: string,
  fault: OrderedFault | null,
): Promise<Outcome> {
  try {
    refuseStrangersAndBursts(account, request);
    const refusal = fault === null ? null : refusalOf(fault);
    if (fault !== null && isInstead(fault)) {
      if (refusal !== null) throw refusal;
      return { answer: { status: 204 } };
    }
    const answer = await handle(account, request.method ?? 'GET', url, text);
    if (refusal !== null) throw refusal;
    return { answer };
  } catch (error) {
    return { problem: error instanceof Problem ? error : serverError() };
  }
}

/** Whether the request is not carried out at all when it meets this fault. */
function isInstead(fault: OrderedFault): boolean {
  switch (fault.kind) {
    case 'server-error':
    case 'html':
    case 'hang':
      return !fault.applied;
    case 'slow':
    case 'truncated':
    case 'reset-after-applying':
      return false;
    default:
      return true;
  }
}

function isAdmitted(account: Account, request: IncomingMessage): boolean {
  return request.headers.authorization === `Bearer ${account.token}`;
}

function refuseStrangersAndBursts(account: Account, request: IncomingMessage): void {
  if (!isAdmitted(account, request)) throw unauthorized();
  const now = Date.now();
  if (!account.limit.admit(now)) throw tooManyRequests(account.limit.refusalHeaders(now));
}

async function handle(account: Account, method: string, url: URL, text: string): Promise<Answer> {
  for (const route of routes) {
    const match = route.method === method ? route.pattern.exec(url.pathname) : null;
    if (match === null) continue;
    requireScope(account, route.scope);
    const body = text === '' ? {} : parsed(text);
    if (body === undefined) throw badRequest('The request body is not valid JSON.');
    return route.handle({ account, url, args: match.slice(1).map(decodeURIComponent), body });
  }
  throw notFound();
}

function deliver(
  account: Account,
  response: ServerResponse,
  line: RequestLogLine,
  outcome: Outcome,
  fault: OrderedFault | null,
): void {
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'reset' || fault?.kind === 'reset-after-applying') {
    response.socket?.resetAndDestroy();
    return;
  }
  const headers = { ...account.limit.headers(Date.now()), 'x-request-id': line.requestId };
  if (fault?.kind === 'html') {
    line.status = fault.status;
    send(response, fault.status, gatewayPage, { ...headers, 'content-type': 'text/html' });
    return;
  }
  const { status, body } = outcome.problem
    ? { status: outcome.problem.status, body: errorBody(outcome.problem, line.requestId) }
    : outcome.answer;
  line.status = status;
  const text = body === undefined ? '' : JSON.stringify(body);
  const sent = fault?.kind === 'truncated' ? text.slice(0, Math.floor(text.length / 2)) : text;
  send(response, status, sent, { ...headers, ...jsonType, ...outcome.problem?.headers });
}

const jsonType = { 'content-type': 'application/json; charset=utf-8' };

const gatewayPage = '<html><head><title>Bad gateway</title></head><body>cloud</body></html>\n';

const errorBody = ({ id, message }: Problem, requestId: string) => ({
  id,
  message,
  request_id: requestId,
});

function send(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string>,
): void {
  if (response.destroyed) return;
  const { 'content-type': type, ...others } = headers;
  const typed = text === '' || type === undefined ? others : headers;
  response.writeHead(status, typed);
  response.end(text);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new Error('the request body is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isLoopback(request: IncomingMessage): boolean {
  return /^(::ffff:)?127\./.test(request.socket.remoteAddress ?? '');
}
