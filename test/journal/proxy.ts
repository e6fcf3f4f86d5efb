// A way to a port of this machine that breaks on order: the answer lost, or nothing heard any more.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Way = {
  readonly port: number;
  /**
   * The next answer arrives here and goes no further. Both sides find the connection broken; or `half`, as over SSH:
   * the one who waits hears that nothing more will come, and may go on to speak.
   */
  loseNextAnswer(how?: 'broken' | 'half'): void;
  /** From now on nothing passes, and nobody is told. */
  fallSilent(): void;
  /** Resolves when the answer that was to be lost has come. */
  readonly lost: Promise<void>;
  close(): Promise<void>;
};

/** `reword` makes what a client says first into what arrives. */
export async function proxyTo(
  target: number,
  reword: (first: Buffer) => Buffer = (first) => first,
): Promise<Way> {
  const sockets = new Set<Socket>();
  const lost = Promise.withResolvers<void>();
  let loses: 'broken' | 'half' | null = null;
  let silent = false;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect(target, '127.0.0.1');
    const broken = () => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', broken).on('close', () => {
        sockets.delete(socket);
        broken();
      });
    }
    let first = true;
    near.on('data', (chunk: Buffer) => {
      if (!silent) far.write(first ? reword(chunk) : chunk);
      first = false;
    });
    far.on('data', (chunk) => {
      if (silent) return;
      if (loses === null) return void near.write(chunk);
      if (loses === 'broken') broken();
      else near.end();
      loses = null;
      lost.resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    loseNextAnswer: (how = 'broken') => {
      loses = how;
    },
    fallSilent: () => {
      silent = true;
    },
    lost: lost.promise,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
