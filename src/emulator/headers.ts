// Headers as a balancer passes them on: without those of one connection, and with who the client was.
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

const replaced = new Set([...hopByHop, 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-port']);

/** Headers of an answer without the ones that concern a single connection; names and values in turn. */
export function endToEnd(rawHeaders: readonly string[]): string[] {
  return without(hopByHop, rawHeaders);
}

/** Headers of a request as the target gets them; names and values in turn. */
export function forwarded(request: IncomingMessage): string[] {
  const { headers, socket } = request;
  const kept = without(replaced, request.rawHeaders);
  const before = headers['x-forwarded-for'];
  const client = socket.remoteAddress ?? '';
  kept.push('X-Forwarded-For', before === undefined ? client : `${before}, ${client}`);
  kept.push('X-Forwarded-Proto', 'http', 'X-Forwarded-Port', String(socket.localPort ?? ''));
  if (headers['transfer-encoding'] !== undefined) kept.push('Transfer-Encoding', 'chunked');
  else if (headers['content-length'] === undefined) kept.push(...noBody(request.method));
  return kept;
}

/** The balancer's own answer, when no target gives one. */
export function answerPlainly(response: ServerResponse, status: number): void {
  const { headers, page } = plainAnswer(status);
  response.writeHead(status, headers);
  response.end(page);
}

export function plainAnswer(status: number): { headers: Record<string, string>; page: string } {
  const page = `<html><body><h1>${status} ${STATUS_CODES[status] ?? ''}</h1></body></html>\n`;
  const length = String(Buffer.byteLength(page));
  return {
    headers: { 'content-type': 'text/html', 'cache-control': 'no-cache', 'content-length': length },
    page,
  };
}

function without(names: ReadonlySet<string>, rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (!names.has(name.toLowerCase())) kept.push(name, rawHeaders[i + 1] ?? '');
  }
  return kept;
}

// Given headers as a list, Node would announce a chunked body for a POST that has none.
function noBody(method: string | undefined): string[] {
  return method === 'POST' || method === 'PUT' || method === 'PATCH' ? ['Content-Length', '0'] : [];
}
