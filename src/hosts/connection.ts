// Keeps one SSH connection to a droplet: made when first needed, made again after a loss, never made in a hurry.
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { Clock, Instant } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import { within } from '../lib/within.ts';
import type { Settings } from '../policy/settings.ts';
import { type Dialled, dial } from './dial.ts';

const goodbyeMs = 500;

export type ConnectionGiven = {
  readonly name: string;
  readonly hosts: Settings['hosts'];
  readonly clock: Clock;
  readonly address: () => string;
  readonly onConnect: () => void;
};

export interface Connection {
  /** The client, connected; callers share one attempt. */
  client(): Promise<Client>;
  /** Destroys the stream with a Failure when the connection is lost, so that no loss looks like an end. */
  adopt<T extends Duplex>(stream: T): T;
  close(): Promise<void>;
}

export function connection(given: ConnectionGiven): Connection {
  let live: Dialled | null = null;
  let attempt: Promise<Dialled> | null = null;
  let failedInARow = 0;
  let notBefore: Instant = 0;
  const closed = new AbortController();
  const streams = new Set<Duplex>();

  async function connect(): Promise<Dialled> {
    const restMs = notBefore - given.clock.now();
    if (restMs > 0) await given.clock.sleep(restMs, closed.signal);
    if (closed.signal.aborted) throw gone(given.name, 'was closed');
    try {
      given.onConnect();
      const dialled = await dial({
        name: given.name,
        hosts: given.hosts,
        address: given.address(),
      });
      failedInARow = 0;
      watch(dialled);
      return dialled;
    } catch (error) {
      failedInARow += 1;
      // sshd punishes an address that keeps knocking; 0.25, 0.5, 1, 2, 4 s.
      notBefore = given.clock.now() + 250 * 2 ** Math.min(4, failedInARow - 1);
      throw error;
    }
  }

  function watch(dialled: Dialled): void {
    live = dialled;
    const { client, socket } = dialled;
    const over = () => {
      if (live === dialled) live = null;
      socket.destroy();
      for (const stream of streams) stream.destroy(gone(given.name, 'was lost'));
      streams.clear();
    };
    client.on('error', over).on('end', over).on('close', over);
    if (closed.signal.aborted) over();
  }

  return {
    async client() {
      if (live !== null) return live.client;
      attempt ??= connect().finally(() => {
        attempt = null;
      });
      return (await attempt).client;
    },
    adopt(stream) {
      streams.add(stream);
      stream.once('close', () => streams.delete(stream));
      return stream;
    },
    async close() {
      closed.abort();
      await attempt?.catch(() => {});
      if (live !== null) await leave(live, given.clock);
    },
  };
}

/** Says goodbye; a droplet that has fallen silent would keep the process alive until its system gives up. */
async function leave({ client, socket }: Dialled, clock: Clock): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    client.once('close', () => resolve());
  });
  client.end();
  await within(goodbyeMs, clock, closed);
  socket.destroy();
}

function gone(name: string, how: string): Failure {
  return new Failure('host', `The SSH connection to ${name} ${how}.`, { retry: 'soon' });
}
