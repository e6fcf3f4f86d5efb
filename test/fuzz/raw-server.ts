// A TCP server that answers every request with the bytes it was given, whatever they are, and hangs up.
import { type AddressInfo, createServer, type Socket } from 'node:net';

export type RawServer = {
  readonly address: string;
  answer: Buffer;
  /** The first line of every request, as it came. */
  readonly requests: string[];
  close(): Promise<void>;
};

export async function startRaw(): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => {
      raw.requests.push(bytes.toString('latin1').split('\r\n', 1).join(''));
      socket.end(raw.answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const raw: RawServer = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answer: Buffer.alloc(0),
    requests: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return raw;
}
