// A droplet's sshd in this process, with OpenSSH's limit of ten sessions: real SSH, commands run by this machine's sh.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import ssh2, { type Connection, type Server, type ServerChannel } from 'ssh2';
import { makeKeyPair } from '../../compose/lab/keys.ts';
import type { Settings } from '../../src/policy/settings.ts';
import { shopSettings } from './settings.ts';

export type StandIn = {
  readonly hosts: Settings['hosts'];
  /** Lines of known_hosts for the key that it shows. */
  readonly pin: string;
  readonly directory: string;
  /** Sessions open now, and the most there ever were at once. */
  sessions: number;
  sessionsMost: number;
  connections: number;
  /** OpenSSH's MaxSessions. */
  sessionsMax: number;
  refuseForwarding: boolean;
  refuseStreams: boolean;
  /** Where Docker's socket leads: a port of this machine. */
  dockerPort: number;
  /** Cuts every connection, as a lost network does. */
  cut(): void;
  /** Cuts and listens no more. */
  stop(): Promise<void>;
  close(): Promise<void>;
};

export async function standIn(): Promise<StandIn> {
  const directory = mkdtempSync(join(tmpdir(), 'bgctl-ssh-'));
  const [hostKey, userKey] = [makeKeyPair('droplet'), makeKeyPair('bgctl')];
  const live = new Set<Connection>();
  const self: StandIn = {
    hosts: shopSettings().hosts,
    pin: '',
    directory,
    sessions: 0,
    sessionsMost: 0,
    connections: 0,
    sessionsMax: 10,
    refuseForwarding: false,
    refuseStreams: false,
    dockerPort: 0,
    cut: () => {
      for (const client of live) client.end();
    },
    stop: () =>
      new Promise((resolve) => {
        self.cut();
        server.close(() => resolve());
      }),
    async close() {
      await self.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  const server: Server = new ssh2.Server({ hostKeys: [hostKey.private] }, (client) => {
    self.connections += 1;
    live.add(client);
    (client as unknown as Untyped).setNoDelay(true);
    client.on('error', () => {});
    client.on('close', () => live.delete(client));
    client.on('authentication', (asked) => {
      const known = asked.method === 'publickey' && asked.key.data.equals(blob(userKey.public));
      if (known) asked.accept();
      else asked.reject(['publickey']);
    });
    client.on('ready', () => serve(self, client));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const pin = `[127.0.0.1]:${port} ${hostKey.public}\n`;
  const [key, knownHosts] = [join(directory, 'id'), join(directory, 'known_hosts')];
  writeFileSync(key, userKey.private, { mode: 0o600 });
  writeFileSync(knownHosts, pin);
  return Object.assign(self, { pin, hosts: { ...self.hosts, key, knownHosts, port } });
}

function serve(self: StandIn, client: Connection): void {
  client.on('session', (accept, reject) => {
    if (self.sessions >= self.sessionsMax) return reject();
    self.sessions += 1;
    self.sessionsMost = Math.max(self.sessionsMost, self.sessions);
    const session = accept();
    session.on('close', () => {
      self.sessions -= 1;
    });
    session.on('exec', (start, _reject, { command }) => run(self, start(), command));
  });
  // Without a listener ssh2 answers as an sshd that forbids it.
  if (!self.refuseForwarding)
    client.on('tcpip', (accept, reject, { destIP, destPort }) => {
      const socket = connect(destPort, destIP);
      socket.once('connect', () => joined(socket, accept()));
      // To the client this is reason 2, "connection failed", as it is from OpenSSH.
      socket.once('error', () => reject());
    });
  (client as unknown as Untyped).on('openssh.streamlocal', (accept, reject) => {
    if (self.refuseStreams || self.dockerPort === 0) return reject();
    const socket = connect(self.dockerPort, '127.0.0.1');
    socket.once('connect', () => joined(socket, accept()));
    socket.once('error', () => reject());
  });
}

/** What ssh2 has and its types lack. */
type Untyped = {
  setNoDelay(on: boolean): void;
  on(
    event: 'openssh.streamlocal',
    listener: (accept: () => ServerChannel, reject: () => void) => void,
  ): void;
};

function run(self: StandIn, channel: ServerChannel, command: string): void {
  if (command === "'docker' 'system' 'dial-stdio'") {
    dialStdio(self, channel);
    return;
  }
  const child = spawn('sh', ['-c', command], { stdio: 'pipe' });
  channel.pipe(child.stdin).on('error', () => {});
  child.stdout.on('data', (chunk: Buffer) => channel.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => channel.stderr.write(chunk));
  (channel as Signals).on('signal', (name) => child.kill(`SIG${name}` as 'SIGTERM'));
  channel.on('error', () => {});
  child.on('close', (code, signal) => {
    if (code !== null) channel.exit(code);
    else channel.exit((signal ?? 'KILL').replace('SIG', ''));
    channel.end();
  });
}

type Signals = { on(event: 'signal', listener: (name: string) => void): void };

function dialStdio(self: StandIn, channel: ServerChannel): void {
  if (self.dockerPort === 0) {
    channel.stderr.write('Cannot connect to the Docker daemon. Is the docker daemon running?\n');
    channel.exit(1);
    channel.end();
    return;
  }
  const socket = connect(self.dockerPort, '127.0.0.1');
  joined(socket, channel);
  socket.on('close', () => {
    channel.exit(0);
    channel.end();
  });
}

function joined(socket: Duplex, channel: Duplex): void {
  socket.on('error', () => channel.destroy());
  channel.on('error', () => socket.destroy());
  channel.on('close', () => socket.destroy());
  socket.pipe(channel).pipe(socket);
}

function blob(publicKey: string): Buffer {
  return Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
}
