// Opens an SSH connection to a droplet whose host key is pinned, or says in words why it did not.
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import ssh2, { type Client, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2';
import { because, Failure } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import { algorithmsFor, fingerprint, judgeKey, type Pins, pinsFor } from './known-hosts.ts';

export type Dial = {
  /** `droplet 3164444`. */
  readonly name: string;
  readonly address: string;
  readonly hosts: Settings['hosts'];
};

const connectLimitMs = 10_000;

export type Dialled = {
  readonly client: Client;
  /** What the client speaks through: once it has said goodbye it does not let go of it by itself. */
  readonly socket: Socket;
};

/** Resolves with a client that is ready, and that nobody listens to yet. Rejects with `Failure` only. */
export async function dial(to: Dial): Promise<Dialled> {
  const pins = await pinned(to);
  const auth = await authentication(to);
  const client = new ssh2.Client();
  let shown: Buffer | null = null;
  const socket = connect({ host: to.address, port: to.hosts.port, noDelay: true });
  const config: ConnectConfig = {
    sock: socket,
    username: to.hosts.user,
    ...auth,
    readyTimeout: connectLimitMs,
    keepaliveInterval: 5_000,
    keepaliveCountMax: 3,
    algorithms: { serverHostKey: algorithmsFor(pins) as ServerHostKeyAlgorithm[] },
    hostVerifier: (key: Buffer) => {
      shown = key;
      return judgeKey(pins, key) === 'match';
    },
  };
  try {
    await ready(client, config);
  } catch (error) {
    client.on('error', () => {});
    socket.destroy();
    throw refused(to, pins, shown, error);
  }
  return { client, socket };
}

function ready(client: Client, config: ConnectConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    const lost = () => reject(new Error('the connection closed while it was being set up'));
    client.once('ready', () => {
      client.removeListener('error', reject).removeListener('close', lost);
      resolve();
    });
    client.once('error', reject).once('close', lost);
    client.connect(config);
  });
}

async function pinned(to: Dial): Promise<Pins> {
  const file = to.hosts.knownHosts;
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Failure(
      'host',
      `The known_hosts file cannot be read: ${because(error)}. ${howToPin(to)}`,
    );
  });
  const pins = pinsFor(text, to.address, to.hosts.port);
  if (pins.keys.length > 0) return pins;
  throw new Failure(
    'host',
    `${to.name} (${where(to)}) has no host key in ${file}, so it cannot be told from an impostor; ` +
      `nothing was sent to it. ${howToPin(to)}`,
  );
}

async function authentication(to: Dial): Promise<Pick<ConnectConfig, 'privateKey' | 'agent'>> {
  const { key } = to.hosts;
  if (key === null) {
    const agent = process.env.SSH_AUTH_SOCK;
    if (agent) return { agent };
    throw new Failure(
      'host',
      'No SSH agent: SSH_AUTH_SOCK is not set. Start ssh-agent and add the key, or name a key file in hosts.key.',
    );
  }
  const privateKey = await readFile(key).catch((error: unknown) => {
    throw new Failure('host', `The SSH key cannot be read: ${because(error)}.`);
  });
  if (ssh2.utils.parseKey(privateKey) instanceof Error) {
    throw new Failure(
      'host',
      `${key} is not a private key that can be used as it is. If it has a passphrase, add it to ssh-agent and leave hosts.key out.`,
    );
  }
  return { privateKey };
}

function refused(to: Dial, pins: Pins, shown: Buffer | null, error: unknown): Failure {
  const verdict = shown === null ? 'match' : judgeKey(pins, shown);
  if (shown !== null && verdict !== 'match') return wrongKey(to, verdict, shown);
  const { level } = error as { level?: string };
  const target = `${to.name} (${where(to)})`;
  if (level === 'client-authentication') {
    const means =
      to.hosts.key === null
        ? 'any key of the SSH agent: add the right one (ssh-add)'
        : `the key ${to.hosts.key}: name another in hosts.key`;
    return new Failure(
      'host',
      `${target} does not accept ${means}, or put its public key into ~/.ssh/authorized_keys of user ${to.hosts.user} there.`,
    );
  }
  if (level === 'handshake' && /host key/i.test(because(error))) {
    const types = [...new Set(pins.keys.map(({ type }) => type))].join(', ');
    return new Failure(
      'host',
      `${target} shows no host key of a kind pinned in ${to.hosts.knownHosts} (${types}). ${howToPin(to)}`,
    );
  }
  const text = `No SSH connection to ${target}: ${because(error).toLowerCase()}.`;
  return new Failure('host', text, { retry: 'soon' });
}

function wrongKey(to: Dial, verdict: 'changed' | 'unknown' | 'revoked', shown: Buffer): Failure {
  const what =
    verdict === 'revoked'
      ? 'shows a revoked host key'
      : 'shows another host key than the pinned one';
  const forget = `ssh-keygen -R '${knownName(to)}' -f ${to.hosts.knownHosts}`;
  return new Failure(
    'host',
    `${to.name} (${where(to)}) ${what} (${fingerprint(shown)}); nothing was sent to it. ` +
      `Somebody may be in between. If the droplet was rebuilt: ${forget}. ${howToPin(to)}`,
  );
}

function howToPin(to: Dial): string {
  return (
    `Pin its key: ssh-keyscan -p ${to.hosts.port} ${to.address} >> ${to.hosts.knownHosts}, and compare the ` +
    'fingerprint with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` in the droplet’s console.'
  );
}

function knownName(to: Dial): string {
  return to.hosts.port === 22 ? to.address : `[${to.address}]:${to.hosts.port}`;
}

function where(to: Dial): string {
  return `${to.address}:${to.hosts.port}`;
}
