// One request on its way: from a client to a target, and the answer back, streaming in both directions.
import {
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  request as openRequest,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { answerPlainly, endToEnd, forwarded } from './headers.ts';

/** Where a request goes, and how. */
export interface Way {
  host: string;
  port: number;
  /** Pools connections or opens a fresh one for each request. */
  agent: Agent;
  /** Used instead when a pooled connection turns out to be closed before anything was sent on it. */
  freshAgent: Agent;
  /** Silence from the target after which the request is given up, in ms. */
  idleMs: number;
}

/** `answered`: whole; the rest are failures, `client-gone` being nobody's fault here. */
export type Ending = 'answered' | 'refused' | 'broken' | 'cut' | 'timed-out' | 'client-gone';

export class Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #way: Way;
  #upstream: ClientRequest;
  #failure: Ending | null = null;

  /** `ended` is called once, when the client has its answer or can no longer get one. */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    way: Way,
    ended: (ending: Ending) => void,
  ) {
    this.#request = request;
    this.#response = response;
    this.#way = way;
    this.#upstream = this.#open(way.agent);
    response.once('close', () => {
      const whole = response.writableFinished;
      this.#upstream.destroy();
      ended(this.#failure ?? (whole ? 'answered' : 'client-gone'));
    });
    // Without a listener a client's reset would end the process; `close` follows and does the rest.
    response.on('error', () => {});
    request.on('error', () => {});
  }

  /** Ends the connection to the target at once, as a balancer that removes without draining. */
  cut(): void {
    this.#fail('cut');
  }

  #open(agent: Agent): ClientRequest {
    const { host, port, idleMs } = this.#way;
    const { method = 'GET', url = '/' } = this.#request;
    const upstream = openRequest({
      host,
      port,
      method,
      path: url,
      headers: forwarded(this.#request),
      agent,
      timeout: idleMs,
    });
    upstream.once('socket', (socket) => this.#send(upstream, socket));
    upstream.once('response', (answer) => this.#giveBack(answer));
    upstream.once('timeout', () => this.#fail('timed-out'));
    upstream.on('error', () => {
      if (upstream === this.#upstream)
        this.#fail(this.#response.headersSent ? 'broken' : 'refused');
    });
    return upstream;
  }

  // Nothing has been written before this point. A pooled connection that its other end has closed
  // meanwhile can be replaced safely here, and only here: once a byte is out, nothing is repeated.
  #send(upstream: ClientRequest, socket: Socket): void {
    if (upstream.reusedSocket && (socket.destroyed || socket.readableEnded || !socket.writable)) {
      this.#upstream = this.#open(this.#way.freshAgent);
      upstream.destroy();
    } else if (hasBody(this.#request)) this.#request.pipe(upstream);
    else upstream.end();
  }

  #giveBack(answer: IncomingMessage): void {
    const response = this.#response;
    if (response.headersSent || response.destroyed) return;
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, endToEnd(answer.rawHeaders));
    let begun = false;
    answer.once('data', () => {
      begun = true;
    });
    answer.once('error', () => this.#fail('broken'));
    answer.pipe(response);
    // Head and body leave together when the body is there already; a slow body must not hold the head.
    setImmediate(() => {
      if (!begun && !response.writableEnded && !response.destroyed) response.flushHeaders();
    });
  }

  #fail(failure: Ending): void {
    if (this.#failure !== null || this.#response.writableFinished) return;
    this.#failure = failure;
    this.#request.unpipe(this.#upstream);
    if (!this.#response.headersSent)
      answerPlainly(this.#response, failure === 'timed-out' ? 504 : 502);
    else this.#response.socket?.resetAndDestroy();
    this.#upstream.destroy();
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
