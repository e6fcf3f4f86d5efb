// Small web servers on loopback addresses that stand for droplets, with what they see kept to look at.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Droplet {
  address: string;
  /** What /health answers; 0: nothing, ever. */
  healthStatus: number;
  /** Requests that were not health checks, oldest first. */
  seen: IncomingMessage[];
  /** Connections that requests (not health checks) came on. */
  sockets: Set<Socket>;
  /** Lets the requests to /hold go on. */
  release(): void;
  /** Closes every connection and stops answering on the port. */
  stop(): Promise<void>;
}

/** One server an address, all on the same free port. */
export async function startDroplets(
  addresses: readonly string[],
): Promise<{ port: number; droplets: Droplet[]; stop: () => Promise<void> }> {
  for (let attempt = 0; ; attempt += 1) {
    const droplets: Droplet[] = [];
    const stop = async () => {
      await Promise.all(droplets.map((droplet) => droplet.stop()));
    };
    let port = 0;
    try {
      for (const address of addresses) {
        const { droplet, server } = makeDroplet(address);
        port = await listen(server, address, port);
        droplets.push(droplet);
      }
      return { port, droplets, stop };
    } catch (error) {
      await stop();
      if (attempt === 5) throw error;
    }
  }
}

/** Resolves once `condition` holds; fails after 20 s, saying what was awaited. */
export async function until(what: string, condition: () => boolean | Promise<boolean>) {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited 20 s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function makeDroplet(address: string): { droplet: Droplet; server: Server } {
  let held: (() => void)[] = [];
  const droplet: Droplet = {
    address,
    healthStatus: 200,
    seen: [],
    sockets: new Set(),
    release() {
      for (const go of held) go();
      held = [];
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/health') {
      if (droplet.healthStatus > 0) response.writeHead(droplet.healthStatus).end();
      return;
    }
    droplet.seen.push(request);
    droplet.sockets.add(request.socket);
    if (request.url === '/hold') return held.push(() => response.end(address));
    if (request.url === '/head') {
      response.flushHeaders();
      return held.push(() => response.end(address));
    }
    if (request.url === '/half') {
      response.write('first ');
      return held.push(() => response.end('second'));
    }
    if (request.url === '/echo') return request.pipe(response);
    if (request.url === '/vanish') return request.socket.destroy();
    response.setHeader('x-app', 'sample');
    return response.end(address);
  };
  const server = createServer((request, response) => void answer(request, response));
  server.keepAliveTimeout = 60_000;
  return { droplet, server };
}

function listen(server: Server, address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => resolve((server.address() as AddressInfo).port));
  });
}
