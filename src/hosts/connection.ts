// Keeps one SSH connection to a droplet: made when first needed, made again after a loss, never made in a hurry.
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { Clock, Instant } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import { dial } from './dial.ts';

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
  let live: Client | null = null;
  let attempt: Promise<Client> | null = null;
  let failedInARow = 0;
  let notBefore: Instant = 0;
  const closed = new AbortController();
  const streams = new Set<Duplex>();

  async function connect(): Promise<Client> {
    const restMs = notBefore - given.clock.now();
    if (restMs > 0) await given.clock.sleep(restMs, closed.signal);
    if (closed.signal.aborted) throw gone(given.name, 'was closed');
    try {
      given.onConnect();
      const client = await dial({
        name: given.name,
        hosts: given.hosts,
        address: given.address(),
      });
      failedInARow = 0;
      watch(client);
      return client;
    } catch (error) {
      failedInARow += 1;
      // sshd punishes an address that keeps knocking; 0.25, 0.5, 1, 2, 4 s.
      notBefore = given.clock.now() + 250 * 2 ** Math.min(4, failedInARow - 1);
      throw error;
    }
  }

  function watch(client: Client): void {
    live = client;
    const over = () => {
      if (live === client) live = null;
      client.destroy();
      for (const stream of streams) stream.destroy(gone(given.name, 'was lost'));
      streams.clear();
    };
    client.on('error', over).on('end', over).on('close', over);
    if (closed.signal.aborted) over();
  }

  return {
    client() {
      if (live !== null) return Promise.resolve(live);
      attempt ??= connect().finally(() => {
        attempt = null;
      });
      return attempt;
    },
    adopt(stream) {
      streams.add(stream);
      stream.once('close', () => streams.delete(stream));
      return stream;
    },
    async close() {
      closed.abort();
      await attempt?.catch(() => {});
      live?.end();
    },
  };
}

function gone(name: string, how: string): Failure {
  return new Failure('host', `The SSH connection to ${name} ${how}.`, { retry: 'soon' });
}
