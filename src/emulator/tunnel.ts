// A WebSocket on its way: the handshake to the target and back, then bytes both ways until one side has enough.
import {
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  request as openRequest,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Ending } from './exchange.ts';
import { endToEnd, forwarded, plainAnswer } from './headers.ts';

/** What the front hands over when a client wants to change the protocol. */
export interface Opening {
  request: IncomingMessage;
  socket: Socket;
  /** What the client has sent beyond its request. */
  head: Buffer;
}

interface Way {
  host: string;
  port: number;
  agent: Agent;
  idleMs: number;
  tunnelIdleMs: number;
}

export class Tunnel {
  readonly #socket: Socket;
  readonly #upstream: ClientRequest;
  readonly #tunnelIdleMs: number;
  #target: Socket | null = null;
  /** Of the answer to the handshake; 0 while there is none. */
  #status = 0;
  #failure: Ending | null = null;

  /** `ended` is called once, when the client's connection has ended. */
  constructor(
    { request, socket, head }: Opening,
    { tunnelIdleMs, idleMs, host, port, agent }: Way,
    ended: (ending: Ending, status: number) => void,
  ) {
    this.#socket = socket;
    this.#tunnelIdleMs = tunnelIdleMs;
    const { method = 'GET', url = '/' } = request;
    const headers = [...forwarded(request), 'Connection', 'Upgrade'];
    headers.push('Upgrade', request.headers.upgrade ?? 'websocket');
    const way = { host, port, agent, method, path: url, timeout: idleMs };
    this.#upstream = openRequest({ ...way, headers });
    this.#upstream.once('upgrade', (answer, target, first) =>
      this.#join(answer, target as Socket, { head, first }),
    );
    this.#upstream.once('response', (answer) => this.#giveBack(answer));
    this.#upstream.once('timeout', () => this.#fail('timed-out'));
    this.#upstream.on('error', () => this.#fail(this.#status === 0 ? 'refused' : 'broken'));
    this.#upstream.end();
    let reset = false;
    socket.on('error', () => {
      reset = true;
    });
    socket.once('close', () => {
      this.#upstream.destroy();
      this.#target?.destroy();
      const left = reset || this.#status === 0 ? 'client-gone' : 'answered';
      ended(this.#failure ?? left, this.#status);
    });
  }

  /** Ends both connections at once. */
  cut(): void {
    this.#fail('cut');
  }

  #join(answer: IncomingMessage, target: Socket, sent: { head: Buffer; first: Buffer }): void {
    const client = this.#socket;
    this.#target = target;
    this.#status = 101;
    client.write(headOf(answer, answer.rawHeaders));
    // What either side sent too early for its parser is first.
    client.write(sent.first);
    target.write(sent.head);
    target.on('error', () => this.#fail('broken'));
    for (const side of [client, target])
      side.setTimeout(this.#tunnelIdleMs, () => this.#fail('timed-out'));
    client.setNoDelay(true).pipe(target.setNoDelay(true)).pipe(client);
    target.once('close', () => client.destroySoon());
  }

  /** The target does not want to: its answer goes back as it is, and is the connection's last. */
  #giveBack(answer: IncomingMessage): void {
    this.#status = answer.statusCode ?? 502;
    this.#socket.write(headOf(answer, [...endToEnd(answer.rawHeaders), 'Connection', 'close']));
    answer.once('error', () => this.#fail('broken'));
    answer.once('end', () => this.#socket.destroySoon());
    answer.pipe(this.#socket, { end: false });
  }

  #fail(failure: Ending): void {
    if (this.#failure !== null || this.#socket.destroyed) return;
    this.#failure = failure;
    if (this.#status === 0) {
      this.#status = failure === 'timed-out' ? 504 : 502;
      refuse(this.#socket, this.#status);
    } else this.#socket.resetAndDestroy();
    this.#upstream.destroy();
    this.#target?.destroy();
  }
}

/** The balancer's own answer on a connection that no server writes to any more. */
export function refuse(socket: Socket, status: number): void {
  const { headers, page } = plainAnswer(status);
  const lines = Object.entries({ ...headers, connection: 'close' });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.on('error', () => {});
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n${page}`);
  socket.destroySoon();
}

function headOf(answer: IncomingMessage, rawHeaders: readonly string[]): string {
  const names = rawHeaders.filter((_, i) => i % 2 === 0);
  const lines = names.map((name, i) => `${name}: ${rawHeaders[i * 2 + 1] ?? ''}\r\n`);
  return `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${lines.join('')}\r\n`;
}
