// One SSH connection to a droplet: commands, channels, limits, loss, host keys; against an sshd in this process.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeKeyPair } from '../../compose/lab/keys.ts';
import type { Ran } from '../../src/hosts/session.ts';
import { type SshGiven, type SshHost, type SshPool, sshPool } from '../../src/hosts/ssh.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Failure } from '../../src/lib/failure.ts';
import { type StandIn, standIn } from './stand-in.ts';

let droplet: StandIn;
let pool: SshPool;
let host: SshHost;
const commands: string[] = [];

function poolOf(changes: Partial<SshGiven['hosts']> = {}): SshPool {
  return sshPool({
    hosts: { ...droplet.hosts, ...changes },
    addresses: () => '127.0.0.1',
    clock: systemClock,
    onCommand: (id, words) => commands.push(`${id} ${words[0]}`),
  });
}

beforeEach(async () => {
  droplet = await standIn();
  pool = poolOf();
  host = pool.on(7);
});
afterEach(async () => {
  await pool.close();
  await droplet.close();
});

const timeoutMs = 10_000;
const sh = (script: string, ...words: string[]): Promise<Ran> =>
  host.exec(['sh', '-c', script, 'x', ...words], { timeoutMs });

async function failure(result: Promise<unknown>): Promise<Failure> {
  const error = await result.catch((thrown: unknown) => thrown);
  if (error instanceof Failure) return error;
  throw new Error(`no failure: ${String(error)}`);
}

const when = async (truth: () => boolean) => {
  while (!truth()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('a command over SSH', () => {
  test('gives exit code, stdout and stderr, and takes stdin', async () => {
    const ran = await host.exec(['sh', '-c', 'cat; echo oh >&2; exit 3'], {
      stdin: 'in\nand out',
      timeoutMs,
    });
    expect(ran).toEqual({ code: 3, stdout: 'in\nand out', stderr: 'oh\n' });
  });

  test('carries hostile words to the far side unchanged', async () => {
    const word = fc.string({ unit: 'binary' }).filter((one) => !one.includes('\0'));
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 4 }), async (words) => {
        const { stdout } = await sh('[ $# = 0 ] || printf "%s\\0" "$@"', ...words);
        expect(stdout.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 15 },
    );
  });

  test('that a signal ended has an exit code too', async () => {
    expect((await sh('kill -9 $PPID')).code).toBe(255);
  });

  test('is not too quick to be heard', async () => {
    const all = await Promise.all(Array.from({ length: 40 }, () => sh('exit 0')));
    expect(all.every(({ code }) => code === 0)).toBe(true);
  });

  test('with large output comes through whole; beyond the limit it is a Failure', async () => {
    const max = 300_000;
    const print = ['sh', '-c', 'head -c 300000 /dev/zero | tr "\\0" x'];
    const { stdout } = await host.exec(print, { timeoutMs, outputMaxBytes: max });
    expect(stdout).toHaveLength(max);
    const over = await failure(host.exec(print, { timeoutMs, outputMaxBytes: max - 1 }));
    expect(over.message).toContain('299999 bytes');
  });

  test('that lasts too long is a Failure that may have been done, and gives its session back', async () => {
    const late = await failure(
      host.exec(['sleep', '20'], { timeoutMs: 200, what: 'Pulling images' }),
    );
    expect(late.message).toBe('Pulling images on droplet 7 did not end within 200 ms.');
    expect(late).toMatchObject({ from: 'host', retry: 'soon', ambiguous: true });
    await when(() => droplet.sessions === 0);
  });

  test('can be given up', async () => {
    const stop = new AbortController();
    const given = failure(host.exec(['sleep', '20'], { timeoutMs, signal: stop.signal }));
    await when(() => droplet.sessions === 1);
    stop.abort();
    expect((await given).message).toContain('was given up');
    await when(() => droplet.sessions === 0);
    const never = await failure(host.exec(['true'], { timeoutMs, signal: stop.signal }));
    expect(never.message).toContain('before it began');
  });

  test('never meets the limit of ten sessions, however many there are at once', async () => {
    const all = await Promise.all(
      Array.from({ length: 30 }, (_, n) => sh('sleep 0.05; echo "$1"', String(n))),
    );
    expect(all.map(({ stdout }) => Number(stdout))).toEqual(
      Array.from({ length: 30 }, (_, n) => n),
    );
    expect(droplet.sessionsMost).toBe(8);
    expect(droplet.connections).toBe(1);
    expect(pool.counters()).toEqual({ commands: 30, connects: 1, channels: 0 });
    expect(commands.at(-1)).toBe('7 sh');
  });
});

describe('an sshd that allows fewer sessions', () => {
  test('is asked again until one is free', async () => {
    droplet.sessionsMax = 3;
    const all = await Promise.all(Array.from({ length: 12 }, (_, n) => sh('echo "$1"', String(n))));
    expect(all.map(({ stdout }) => Number(stdout))).toEqual(
      Array.from({ length: 12 }, (_, n) => n),
    );
    expect(droplet.sessionsMost).toBe(3);
  });

  test('and has none left for long is a Failure that ran nothing', async () => {
    droplet.sessionsMax = 0;
    const error = await failure(sh('true'));
    expect(error.message).toContain('could not begin');
    expect(error.retry).toBe('soon');
  });
});

describe('a lost connection', () => {
  test('fails the commands in progress, and the next command connects again', async () => {
    const marks = ['a', 'b'].map((name) => `${droplet.directory}/${name}`);
    const running = marks.map((mark) => failure(sh('touch "$1"; sleep 5', mark)));
    await when(() => marks.every((mark) => existsSync(mark)));
    droplet.cut();
    for (const lost of await Promise.all(running)) {
      expect(lost.message).toContain('the SSH connection was lost');
      expect(lost).toMatchObject({ from: 'host', retry: 'soon', ambiguous: true });
    }
    expect((await sh('echo back')).stdout).toBe('back\n');
    expect(pool.counters().connects).toBe(2);
  });

  test('fails open channels with a Failure, not with an end', async () => {
    const silent = createTcpServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const wire = await host.connectTcp('127.0.0.1', (silent.address() as AddressInfo).port);
    const read = failure(text(wire));
    droplet.cut();
    expect((await read).message).toContain('was lost');
    silent.close();
  });

  test('that cannot be made again is a Failure worth repeating', async () => {
    await sh('true');
    await droplet.stop();
    const gone = await failure(sh('true'));
    expect(gone.message).toContain('No SSH connection to droplet 7');
    expect(gone.retry).toBe('soon');
  });

  test('is one attempt for all who wait', async () => {
    await Promise.all([sh('true'), sh('true'), sh('true')]);
    expect(droplet.connections).toBe(1);
  });
});

test('a droplet that fell silent does not keep a closed connection alive', async () => {
  const silent = await network(droplet.hosts.port);
  writeFileSync(
    droplet.hosts.knownHosts,
    droplet.pin.replace(`:${droplet.hosts.port} `, `:${silent.port} `),
  );
  const far = poolOf({ port: silent.port });
  await far.on(7).exec(['true'], { timeoutMs });
  silent.mute();
  const before = sockets();
  await far.close();
  await when(() => sockets() === before - 1);
  silent.close();
});

describe('channels', () => {
  test('carry HTTP from the droplet to its own ports', async () => {
    const web = createServer((request, response) => response.end(`you asked ${request.url}`));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const { port } = web.address() as AddressInfo;
    const agent = host.httpAgent('127.0.0.1', port);
    const bodies = await Promise.all(
      Array.from({ length: 50 }, (_, n) => body(`http://anywhere/${n}`, agent)),
    );
    expect(bodies[49]).toBe('you asked /49');
    web.close();
  });

  test('to a port that nobody listens on fail like a direct connection', async () => {
    const error = await failure(host.connectTcp('127.0.0.1', 1));
    expect(error).toMatchObject({ code: 'ECONNREFUSED', from: 'host' });
  });

  test('that sshd forbids are named with the setting', async () => {
    droplet.refuseForwarding = true;
    const error = await failure(host.connectTcp('127.0.0.1', 1));
    expect(error.message).toContain('AllowTcpForwarding');
    expect(error.retry).toBe('never');
  });
});

describe('Docker’s socket', () => {
  async function docker(): Promise<{ close(): void; connections(): number }> {
    let connections = 0;
    const server = createServer((request, response) => response.end(`docker ${request.url}`));
    server.on('connection', () => {
      connections += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    droplet.dockerPort = (server.address() as AddressInfo).port;
    return { close: () => server.close(), connections: () => connections };
  }

  test('is reached by its path, over a connection that is kept', async () => {
    const api = await docker();
    for (let n = 0; n < 3; n++) await body('http://localhost/info', host.dockerAgent);
    expect(await body('http://localhost/info', host.dockerAgent)).toBe('docker /info');
    expect(api.connections()).toBe(1);
    expect(pool.counters()).toMatchObject({ channels: 1 });
    api.close();
  });

  test('is reached by `docker system dial-stdio` where paths cannot be forwarded', async () => {
    const api = await docker();
    droplet.refuseStreams = true;
    expect(await body('http://localhost/info', host.dockerAgent)).toBe('docker /info');
    expect(droplet.sessionsMost).toBe(1);
    api.close();
  });

  test('with nobody behind it says what the command said', async () => {
    const error = await failure(body('http://localhost/info', host.dockerAgent));
    expect(error.message).toContain('Docker on droplet 7 does not answer: Cannot connect');
    expect(error.retry).toBe('soon');
  });
});

describe('host keys', () => {
  test('that are not pinned are refused before anything is sent, with how to pin them', async () => {
    writeFileSync(droplet.hosts.knownHosts, '10.0.0.1 ssh-ed25519 AAAA\n');
    const error = await failure(sh('true'));
    expect(error.message).toContain('has no host key in');
    expect(error.message).toContain('ssh-keyscan -p');
    expect(error.retry).toBe('never');
    expect(droplet.connections).toBe(0);
    writeFileSync(droplet.hosts.knownHosts, droplet.pin);
    expect((await sh('echo mended')).stdout).toBe('mended\n');
  });

  test('that changed are refused, with the fingerprint and the mend', async () => {
    const other = makeKeyPair('other').public.split(' ').slice(0, 2);
    const name = droplet.pin.split(' ')[0];
    writeFileSync(droplet.hosts.knownHosts, `${name} ${other.join(' ')}\n`);
    const error = await failure(sh('true'));
    expect(error.message).toContain('another host key than the pinned one (SHA256:');
    expect(error.message).toContain(`ssh-keygen -R '${name}'`);
    expect(error.retry).toBe('never');
  });

  test('of another kind than the pinned one are refused', async () => {
    const name = droplet.pin.split(' ')[0];
    writeFileSync(droplet.hosts.knownHosts, `${name} ssh-rsa AAAA\n`);
    expect((await failure(sh('true'))).message).toContain('no host key of a kind pinned');
  });

  test('that were revoked are refused although they are pinned', async () => {
    const key = droplet.pin.split(' ').slice(1).join(' ');
    writeFileSync(droplet.hosts.knownHosts, `${droplet.pin}@revoked * ${key}`);
    expect((await failure(sh('true'))).message).toContain('revoked');
  });
});

describe('our own key', () => {
  async function with_(changes: Partial<SshGiven['hosts']>): Promise<Failure> {
    const other = poolOf(changes);
    try {
      return await failure(other.on(7).exec(['true'], { timeoutMs }));
    } finally {
      await other.close();
    }
  }

  test('that the droplet does not know is named, never shown', async () => {
    const stranger = `${droplet.directory}/stranger`;
    const { private: secret } = makeKeyPair('stranger');
    writeFileSync(stranger, secret);
    const error = await with_({ key: stranger });
    expect(error.message).toContain(
      `does not accept the key ${stranger}: name another in hosts.key, or put its public key into ~/.ssh/authorized_keys of user deploy there.`,
    );
    expect(error.retry).toBe('never');
    expect(JSON.stringify(error) + error.message).not.toContain(secret.slice(60, 100));
  });

  test('that is missing, or needs a passphrase, is said before connecting', async () => {
    expect((await with_({ key: '/nowhere' })).message).toContain('cannot be read');
    const locked = ssh2.utils.generateKeyPairSync('ed25519', {
      passphrase: 'open sesame',
      cipher: 'aes256-cbc',
      rounds: 1,
    });
    const path = `${droplet.directory}/locked`;
    writeFileSync(path, locked.private);
    expect((await with_({ key: path })).message).toContain('ssh-agent');
    expect(readFileSync(path, 'utf8')).toContain('PRIVATE');
    expect(droplet.connections).toBe(0);
  });
});

function body(url: string, agent: SshHost['dockerAgent']): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => resolve(text(answer))).on('error', reject);
  });
}

/** What keeps this process alive. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}

/** A network between us and the droplet that can swallow everything, the end of a connection too. */
async function network(port: number) {
  const ends: Socket[] = [];
  const server = createTcpServer({ allowHalfOpen: true }, (near) => {
    const far = connect(port, '127.0.0.1');
    ends.push(near, far);
    for (const end of [near, far]) end.on('error', () => {});
    near.on('data', (chunk) => far.write(chunk));
    far.on('data', (chunk) => near.write(chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    mute() {
      for (const end of ends) end.removeAllListeners('data').on('data', () => {});
    },
    close() {
      for (const end of ends) end.destroy();
      server.close();
    },
  };
}
