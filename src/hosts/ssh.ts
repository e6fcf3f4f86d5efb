// One SSH connection a droplet, and on it: commands, TCP to the droplet's ports, Docker's socket.
import type { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import type { Clock } from '../lib/clock.ts';
import { because, Failure } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import type { DropletId } from '../promotion/environment.ts';
import { type Connection, connection } from './connection.ts';
import { dialWords, privileged } from './project.ts';
import { commandLine } from './quote.ts';
import { type ExecOptions, type Ran, runOn } from './session.ts';
import { slots } from './slots.ts';
import { agentOver, Wire } from './wire.ts';
import { within } from './within.ts';

/** Rejects with `Failure` only; a lost connection is `retry: 'soon'` and the next call connects again. */
export interface SshHost {
  /** Where SSH goes. */
  address(): string;
  /** Runs words, never through a shell's eyes; any exit code resolves, a signal is 128 + its usual number or 255. */
  exec(words: readonly string[], options: ExecOptions): Promise<Ran>;
  /** TCP from the droplet. A port that nobody listens on rejects with `code: 'ECONNREFUSED'`. */
  connectTcp(host: string, port: number): Promise<Duplex>;
  /** Docker's API socket. */
  connectDocker(): Promise<Duplex>;
  /** For HTTP requests from the droplet to `host:port`; a fresh connection each. */
  httpAgent(host: string, port: number): Agent;
  /** For HTTP requests to Docker's API; few connections, kept. */
  readonly dockerAgent: Agent;
}

export interface SshPool {
  on(droplet: DropletId): SshHost;
  /** Since the start: commands begun, connections made, other channels opened. For the benchmark. */
  counters(): { readonly commands: number; readonly connects: number; readonly channels: number };
  close(): Promise<void>;
}

/** The droplet answers, but not on that port; as node says it of a direct connection. */
class PortRefused extends Failure {
  readonly code = 'ECONNREFUSED';
}

export type SshGiven = {
  readonly hosts: Settings['hosts'];
  /** Address for SSH; throws Failure for a droplet that has none. */
  readonly addresses: (droplet: DropletId) => string;
  readonly clock: Clock;
  readonly onCommand?: (droplet: DropletId, words: readonly string[]) => void;
};

// OpenSSH allows ten sessions a connection; sessions whose command outlived our patience still count there.
const sessionsMax = 8;
const wiresMax = 32;
const wireLimitMs = 10_000;
/** Why a channel did not open: RFC 4254, 5.1. */
const prohibited = 1;
const connectFailed = 2;
const dockerSocket = '/var/run/docker.sock';

export function sshPool(given: SshGiven): SshPool {
  const droplets = new Map<DropletId, { host: SshHost; connection: Connection }>();
  const counts = { commands: 0, connects: 0, channels: 0 };
  return {
    on(droplet) {
      const known = droplets.get(droplet) ?? sshHost(given, droplet, counts);
      droplets.set(droplet, known);
      return known.host;
    },
    counters: () => ({ ...counts }),
    async close() {
      const all = [...droplets.values()];
      for (const { host } of all) host.dockerAgent.destroy();
      await Promise.all(all.map(({ connection }) => connection.close()));
    },
  };
}

const triesMax = 12;

/**
 * sshd forgets closed sessions only after it has read all that arrived with the news, so that eight that end together
 * and eight that follow are sixteen to it; and an owner may allow fewer. A session that did not open ran nothing.
 */
async function repeated<T>(once: () => Promise<T>, clock: Clock, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await once();
    } catch (error) {
      const full = (error as { reason?: unknown }).reason === connectFailed;
      if (!full || tries === triesMax || signal.aborted) throw error;
      await clock.sleep(Math.min(500, 10 * 2 ** tries), signal);
    }
  }
}

type Ask = (
  client: Client,
  ready: (error: Error | undefined, channel: ClientChannel) => void,
) => void;

/** node's http sets a time-out on every connection that it keeps, if only to none. */
class SocketWire extends Wire {
  setTimeout(ms: number, listener?: () => void): this {
    return this.timeoutAfter(ms, listener);
  }
}

type Counts = { commands: number; connects: number; channels: number };

function sshHost(
  given: SshGiven,
  droplet: DropletId,
  counts: Counts,
): { host: SshHost; connection: Connection } {
  const { clock, hosts } = given;
  const name = `droplet ${droplet}`;
  const sessions = slots(sessionsMax);
  const wires = slots(wiresMax);
  const onConnect = () => {
    counts.connects += 1;
  };
  const link = connection({
    name,
    hosts,
    clock,
    onConnect,
    address: () => given.addresses(droplet),
  });

  /**
   * A channel's slot is given back when the far side has closed it: a hung command holds its session there too.
   * `attach` runs before anything else can: a quick command's whole answer may be in the same packet.
   */
  async function open<T>(
    from: typeof sessions,
    signal: AbortSignal,
    ask: Ask,
    attach: (channel: ClientChannel) => T,
  ): Promise<{ attached: T }> {
    const back = await from.take(signal);
    const once = async () => {
      const client = await link.client();
      return new Promise<{ attached: T }>((resolve, reject) => {
        ask(client, (error, channel) => {
          if (error) return reject(error);
          channel.once('close', back);
          if (!signal.aborted) return resolve({ attached: attach(channel) });
          channel.close();
          reject(new Error('given up'));
        });
      });
    };
    try {
      return await (from === sessions ? repeated(once, clock, signal) : once());
    } catch (error) {
      back();
      throw error;
    }
  }

  async function openWire(
    what: string,
    from: typeof sessions,
    ask: Ask,
    failure?: (stderr: string) => Error,
  ): Promise<Wire> {
    counts.channels += 1;
    return within({ clock, ms: wireLimitMs, what }, async (signal) => {
      const attach = (channel: ClientChannel) => new SocketWire(channel, clock, failure);
      return link.adopt((await open(from, signal, ask, attach)).attached);
    });
  }

  const host: SshHost = {
    address: () => given.addresses(droplet),
    exec(words, options) {
      counts.commands += 1;
      given.onCommand?.(droplet, words);
      const line = commandLine(words);
      const what = `${options.what ?? words[0]} on ${name}`;
      const { timeoutMs: ms, signal } = options;
      return within({ clock, ms, what, signal, ambiguous: true }, async (stop) => {
        const ask: Ask = (client, ready) => client.exec(line, ready);
        const attach = (channel: ClientChannel) => runOn(channel, what, options, stop);
        const { attached } = await open(sessions, stop, ask, attach).catch((error) => {
          // The command may have been on its way when the connection was lost.
          throw channelFailure(what, error, true);
        });
        return attached;
      });
    },
    async connectTcp(address, port) {
      const what = `A connection from ${name} to ${address}:${port}`;
      try {
        return await openWire(what, wires, (client, ready) =>
          client.forwardOut('127.0.0.1', 0, address, port, ready),
        );
      } catch (error) {
        throw tcpFailure(what, error);
      }
    },
    async connectDocker() {
      const what = `A connection to Docker on ${name}`;
      try {
        return await openWire(what, wires, (client, ready) =>
          client.openssh_forwardOutStreamLocal(dockerSocket, ready),
        );
      } catch (error) {
        if (error instanceof Failure) throw error;
      }
      // No forwarding of sockets here, or this user may not open it: the command may.
      const words = privileged({ hosts }, dialWords);
      return openWire(
        what,
        sessions,
        (client, ready) => client.exec(commandLine(words), ready),
        (stderr) => dockerSilent(name, stderr, hosts.sudo),
      ).catch((error) => {
        throw channelFailure(what, error);
      });
    },
    httpAgent: (address, port) => agentOver(() => host.connectTcp(address, port)),
    dockerAgent: agentOver(() => host.connectDocker(), {
      keepAlive: true,
      maxSockets: 3,
      maxFreeSockets: 1,
    }),
  };
  return { host, connection: link };
}

function channelFailure(what: string, error: unknown, ambiguous = false): Failure {
  if (error instanceof Failure) return error;
  const text = `${what} could not begin: ${because(error)}`;
  return new Failure('host', text, { retry: 'soon', ambiguous });
}

function tcpFailure(what: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { reason } = error as { reason?: number };
  if (reason === prohibited) {
    return new Failure(
      'host',
      `${what} is forbidden by its sshd. Set AllowTcpForwarding to yes or local, or hosts.via to direct.`,
    );
  }
  if (reason === connectFailed)
    return new PortRefused('host', `${what} was refused.`, { retry: 'soon' });
  return channelFailure(what, error);
}

function dockerSilent(name: string, text: string, sudo: boolean): Failure {
  const why = text.trim().split('\n').at(-1) ?? '';
  if (!sudo && /permission denied/i.test(why))
    return new Failure(
      'host',
      `Docker on ${name} may not be used by this user. Let it run sudo without a password, and set hosts.sudo: true.`,
    );
  return new Failure('host', `Docker on ${name} does not answer: ${why || 'no reason given'}`, {
    retry: 'soon',
  });
}
