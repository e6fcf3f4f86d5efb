// One droplet behind a balancer: its connections, its requests in flight, and what its checks say.
import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Ending, Exchange } from './exchange.ts';
import type { TargetState } from './report.ts';
import { type Opening, Tunnel } from './tunnel.ts';

/** How a target is to be asked. */
export interface Via {
  port: number;
  keepAlive: boolean;
  /** Silence after which a request is given up, in ms. */
  idleMs: number;
  /** Silence after which an upgraded connection is ended, in ms. */
  tunnelIdleMs: number;
}

export interface Checked {
  passed: boolean;
  /** The status answered, or what went wrong. */
  because: string;
}

export class Target {
  readonly dropletId: number;
  readonly address: string;
  /** A new target starts DOWN and earns its requests. */
  state: TargetState = 'DOWN';
  since = Date.now();
  leaving = false;
  passes = 0;
  fails = 0;
  lastCheck: Checked | null = null;
  /** Requests ever sent here. */
  requests = 0;
  readonly #inFlight = new Set<Exchange | Tunnel>();
  readonly #pool: PoolingAgent;
  readonly #fresh = new Agent({ keepAlive: false });

  constructor(dropletId: number, address: string, poolIdleMs: number) {
    this.dropletId = dropletId;
    this.address = address;
    this.#pool = new PoolingAgent({ keepAlive: true, timeout: poolIdleMs });
  }

  get active(): number {
    return this.#inFlight.size;
  }

  /** Connections that are open for later requests, not for one in flight. */
  get idleConnections(): number {
    return Object.values(this.#pool.freeSockets).reduce(
      (sum, list) => sum + (list?.length ?? 0),
      0,
    );
  }

  serve(
    request: IncomingMessage,
    response: ServerResponse,
    via: Via,
    ended: (ending: Ending) => void,
  ): void {
    this.requests += 1;
    const way = {
      host: this.address,
      port: via.port,
      agent: via.keepAlive ? this.#pool : this.#fresh,
      freshAgent: this.#fresh,
      idleMs: via.idleMs,
    };
    const exchange = new Exchange(request, response, way, (ending) => {
      this.#inFlight.delete(exchange);
      ended(ending);
    });
    this.#inFlight.add(exchange);
  }

  /** An upgraded connection is in flight for as long as it is open. */
  tunnel(opening: Opening, via: Via, ended: (ending: Ending, status: number) => void): void {
    this.requests += 1;
    const way = { host: this.address, agent: this.#fresh, ...via };
    const tunnel = new Tunnel(opening, way, (ending, status) => {
      this.#inFlight.delete(tunnel);
      ended(ending, status);
    });
    this.#inFlight.add(tunnel);
  }

  /** Ends every connection at once; requests in flight fail. */
  cut(): void {
    for (const exchange of this.#inFlight) exchange.cut();
    this.#pool.destroy();
    this.#fresh.destroy();
  }

  /** Closes idle connections, and each other one as its request finishes. */
  drain(): void {
    this.#pool.closing = true;
    for (const sockets of Object.values(this.#pool.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
  }
}

class PoolingAgent extends Agent {
  closing = false;

  // Node's types say void; what counts is whether the answer is true.
  override keepSocketAlive(socket: Parameters<Agent['keepSocketAlive']>[0]): boolean {
    const keep = super.keepSocketAlive(socket) as unknown as boolean;
    return keep && !this.closing;
  }
}
