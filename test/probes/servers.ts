// Small HTTP and TCP servers on loopback for the probes' tests, closed after each test.
import * as http from 'node:http';
import * as net from 'node:net';
import { afterEach } from 'vitest';

const open: { close: () => void }[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** Serves on a free port of the address; resolves with the port. */
export async function serve(handler: http.RequestListener, address = '127.0.0.1'): Promise<number> {
  const server = http.createServer(handler);
  open.push({ close: () => server.close().closeAllConnections() });
  return listening(server, address);
}

/** Accepts connections and hands each over. */
export async function serveTcp(onSocket: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  open.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  return listening(server, '127.0.0.1');
}

/** A port where nobody listens. */
export async function deadPort(): Promise<number> {
  const server = net.createServer();
  const port = await listening(server, '127.0.0.1');
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(server: net.Server, address: string): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return bound.port;
}
