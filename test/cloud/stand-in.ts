// A small server that stands for DigitalOcean's API with one balancer, and misbehaves as it is told.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openapi } from '../builders/openapi.ts';
import { balancerJson, dropletJson, token } from './fixtures.ts';

/** What happens to the next write. */
type Mishap = {
  /** Whether the write is applied all the same; not, unless said. */
  readonly applied?: boolean;
  /** This answer; without one the connection is cut (`reset`) or never answered (`hang`). */
  readonly answer?: { readonly status: number; readonly message: string };
  readonly end?: 'reset' | 'hang';
  /** Done when the write has come in: what somebody else does meanwhile. */
  readonly meanwhile?: () => void;
};

export type StandIn = {
  readonly endpoint: string;
  /** Droplets in the balancer; may be changed as somebody else would. */
  attached: number[];
  /** `GET balancer`, `POST [3, 4]`…, oldest first. */
  readonly log: string[];
  /** Mishaps of the writes to come, in order; then all goes well. */
  readonly mishaps: Mishap[];
  /** Status of reads to come, in order. */
  readonly readTroubles: number[];
  /** So many reads of the balancer still show the droplets as they were before the last write. */
  lag: number;
  /** Droplets that exist. */
  droplets: number[];
  /** What requests were against the API's description; must stay empty. */
  readonly complaints: string[];
  close(): Promise<void>;
};

export async function startStandIn(): Promise<StandIn> {
  // Its schemas are compiled at first use, which must not make the first answer late.
  for (const method of ['POST', 'DELETE'])
    openapi()?.validateRequest(method, '/v2/load_balancers/1/droplets', { droplet_ids: [1] });
  const server = createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let shownBefore: number[] = [];

  const standIn: StandIn = {
    endpoint: `http://127.0.0.1:${port}/v2`,
    attached: [1, 2],
    log: [],
    mishaps: [],
    readTroubles: [],
    lag: 0,
    droplets: [1, 2, 3, 4],
    complaints: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const body = await bodyOf(request);
    standIn.complaints.push(...(openapi()?.validateRequest(method, url, body) ?? []));
    if (request.headers.authorization !== `Bearer ${token}`) send(response, 401, problem('who?'));
    else if (method === 'GET') send(response, ...read(url));
    else write(method, body as { droplet_ids: number[] }, response);
  }

  function read(url: string): [status: number, body: unknown] {
    const droplet = /droplets\/(\d+)$/.exec(url)?.[1];
    standIn.log.push(droplet === undefined ? 'GET balancer' : `GET droplet ${droplet}`);
    const trouble = standIn.readTroubles.shift();
    if (trouble !== undefined) return [trouble, problem('trouble')];
    if (droplet !== undefined) {
      const known = standIn.droplets.includes(Number(droplet));
      return known ? [200, { droplet: dropletJson(Number(droplet)) }] : [404, problem('none')];
    }
    const ids = standIn.lag > 0 ? shownBefore : standIn.attached;
    standIn.lag = Math.max(0, standIn.lag - 1);
    return [200, { load_balancer: balancerJson({ droplet_ids: ids.toReversed() }) }];
  }

  function write(method: string, body: { droplet_ids: number[] }, response: ServerResponse): void {
    standIn.log.push(`${method} [${body.droplet_ids.join(', ')}]`);
    const mishap = standIn.mishaps.shift();
    mishap?.meanwhile?.();
    if (mishap === undefined || mishap.applied === true) apply(method, body.droplet_ids);
    if (mishap?.end === 'hang') return;
    if (mishap?.end === 'reset') response.socket?.resetAndDestroy();
    else if (mishap?.answer) send(response, mishap.answer.status, problem(mishap.answer.message));
    else send(response, 204, undefined);
  }

  function apply(method: string, ids: readonly number[]): void {
    shownBefore = standIn.attached;
    const others = standIn.attached.filter((id) => !ids.includes(id));
    standIn.attached = method === 'POST' ? [...others, ...ids] : others;
  }

  return standIn;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? undefined : JSON.parse(text);
}

const problem = (message: string) => ({ id: 'refused', message });

/** A server error comes from a proxy in front, in HTML. */
function send(response: ServerResponse, status: number, body: unknown): void {
  const type = status < 500 ? 'application/json' : 'text/html';
  response.writeHead(status, status === 204 ? {} : { 'content-type': type });
  response.end(status < 500 ? JSON.stringify(body) : '<h1>Bad Gateway</h1>');
}
