// Keys, passwords and canaries of the lab: made once, kept in .lab, never printed.
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { makeKeyPair } from './keys.ts';
import { droplets, state } from './model.ts';

export type Secrets = {
  registryUser: string;
  registryPassword: string;
  canary: string;
  /** Path of the client's private key. */
  key: string;
  authorizedKey: string;
  /** Droplet id → path of its private host key. */
  hostKeys: Record<number, string>;
};

const keys = join(state, 'keys');
export const knownHosts = join(state, 'known_hosts');

export function makeState(): void {
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  chmodSync(state, 0o700);
}

/** Reads the lab's secrets, making those that are not there yet. */
export function secrets(): Secrets {
  makeState();
  const hostKeys = droplets.map(({ id }) => [id, keyPair(`droplet-${id}`)] as const);
  return {
    registryUser: 'lab',
    registryPassword: kept('registry-password', () => `lab-${randomBytes(18).toString('hex')}`),
    canary: kept('canary', () => `canary-${randomBytes(12).toString('hex')}`),
    key: keyPair('id_ed25519'),
    authorizedKey: readFileSync(join(keys, 'id_ed25519.pub'), 'utf8'),
    hostKeys: Object.fromEntries(hostKeys),
  };
}

/** Pins each droplet's host key in the file that OpenSSH would read. */
export function writeKnownHosts(port: number): void {
  const lines = droplets.map(({ id, address }) => {
    const publicKey = readFileSync(join(keys, `droplet-${id}.pub`), 'utf8').trim();
    const [type = '', body = ''] = publicKey.split(' ');
    return `${port === 22 ? address : `[${address}]:${port}`} ${type} ${body}\n`;
  });
  writeFileSync(knownHosts, lines.join(''), { mode: 0o600 });
}

export function sshPort(): number {
  return Number(kept('ssh-port', () => '22'));
}

/** Port 22 on 127.0.1.x, or 2222 where this machine's own sshd listens on every address. */
export async function chooseSshPort(): Promise<void> {
  const free = await Promise.all(droplets.map(({ address }) => bindable(address, 22)));
  writeFileSync(join(state, 'ssh-port'), free.every(Boolean) ? '22' : '2222', { mode: 0o600 });
}

/** A short fingerprint of texts, to see whether something was made from these. */
export function fingerprint(...texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16);
}

function kept(name: string, make: () => string): string {
  const path = join(state, name);
  if (!existsSync(path)) writeFileSync(path, make(), { mode: 0o600 });
  return readFileSync(path, 'utf8').trim();
}

function keyPair(name: string): string {
  const path = join(keys, name);
  if (!existsSync(path)) {
    const made = makeKeyPair(`bgctl-lab-${name}`);
    writeFileSync(`${path}.pub`, `${made.public}\n`, { mode: 0o600 });
    writeFileSync(path, made.private, { mode: 0o600 });
  }
  return path;
}

function bindable(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EACCES'));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}
