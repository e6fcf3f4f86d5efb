// The droplet of examples/cloud-init: what it may run as root is what bgctl runs as root, no more and no less.
import { describe, expect, test } from 'vitest';
import type { Container } from '../../src/hosts/container.ts';
import { ConnectionCounter } from '../../src/hosts/counting.ts';
import { dropletFacts } from '../../src/hosts/facts.ts';
import { runGuarded } from '../../src/hosts/guarded.ts';
import { dialWords, privileged } from '../../src/hosts/project.ts';
import { timeScript } from '../../src/hosts/scripts.ts';
import type { SshHost, SshPool } from '../../src/hosts/ssh.ts';
import { order } from '../../src/journal/remote.ts';
import { systemClock as clock } from '../../src/lib/clock.ts';
import { shopSettings } from '../hosts/settings.ts';
import { read, yaml } from './files.ts';

type CloudConfig = {
  readonly packages: readonly string[];
  readonly users: readonly {
    readonly name: string;
    readonly groups?: string;
    readonly sudo: string;
    readonly ssh_authorized_keys: readonly string[];
  }[];
  readonly runcmd: readonly string[];
};

const path = 'examples/cloud-init/droplet.yml';
const config = yaml<CloudConfig>(path);
const [deploy] = config.users;
const [, listed = ''] = /^ALL=\(root\) NOPASSWD: (.*)$/.exec(deploy?.sudo ?? '') ?? [];
const entries = listed.split(', ');
const settings = shopSettings({ hosts: { sudo: true } });

/** As sudo reads them: a program alone may have any words after it, one with words only these. */
function allows(entry: string, [program = '', ...rest]: readonly string[]): boolean {
  const [file = '', ...fixed] = entry.split(' ');
  if (!new RegExp(`^/usr/bin/${program}$`).test(file)) return false;
  return fixed.length === 0 || fixed.join(' ') === rest.join(' ');
}

/** What bgctl runs on a droplet, without `sudo -n`: each of its errands, on a host that only writes down. */
async function asked(): Promise<readonly (readonly string[])[]> {
  const words: (readonly string[])[] = [];
  const answer = { code: 0, stdout: '', stderr: '' };
  const host = {
    exec: (given: readonly string[]) => Promise.resolve(words.push(given)).then(() => answer),
    connectTcp: () => Promise.reject(new Error('not here')),
  } as unknown as SshHost;
  const pool = { on: () => host } as unknown as SshPool;
  const facts = dropletFacts({ settings, pool, clock });
  const place = { project: 'shop-r1', droplet: 1 };
  const guard = { epoch: 1, limitMs: 5_000, signal: new AbortController().signal };
  const web = { id: 'c1', name: 'web', pid: 7, ports: [{ inside: 80, outside: 8000 }] };
  const journal = { directory: '/opt/shop/bgctl', app: 'shop', place: 'droplet 1' };
  const run = (given: readonly string[]) =>
    host.exec(privileged(settings, given), { timeoutMs: 1 });
  const errands = [
    order({ ...journal, run }, 'read', ['1']),
    facts.hostFacts(1, ['ghcr.io/acme/shop/web']),
    facts.fingerprints(1, ['/opt/shop/env/web.env']),
    runGuarded(settings, host, {
      place,
      guard,
      turn: 1,
      limitMs: 5_000,
      command: ['true'],
      what: 'x',
    }),
    new ConnectionCounter(settings, clock).count(host, [web as unknown as Container]),
  ];
  // They find nothing in empty answers, and say so: only what they asked for matters here.
  await Promise.allSettled(errands);
  return [...words, privileged(settings, dialWords)].flatMap((given) => {
    // The time anybody may ask.
    if (given.includes(timeScript)) return [];
    expect(given.slice(0, 2)).toEqual(['sudo', '-n']);
    return [given.slice(2)];
  });
}

describe('the user that bgctl logs in as', () => {
  test('may run as root all that bgctl runs as root', async () => {
    const refused = (await asked()).filter(
      (words) => !entries.some((entry) => allows(entry, words)),
    );
    expect(refused).toEqual([]);
  });

  test('may run nothing else', async () => {
    const words = await asked();
    expect(words.length).toBeGreaterThan(4);
    expect(entries.filter((entry) => !words.some((one) => allows(entry, one)))).toEqual([]);
  });

  test('is not in the group docker, and its key gives no terminal', () => {
    expect(config.users.map(({ name }) => name)).toEqual([settings.hosts.user]);
    expect(deploy?.groups).toBeUndefined();
    expect(
      deploy?.ssh_authorized_keys.every((key) => key.startsWith('restrict,port-forwarding ')),
    ).toBe(true);
  });
});

describe('the droplet', () => {
  test('is marked as cloud-init wants it, and holds no secret', () => {
    expect(read(path).split('\n')[0]).toBe('#cloud-config');
    expect(read(path)).not.toMatch(/ghp_|github_pat_|dop_v1_|PRIVATE KEY/);
  });

  test('has the folders of the runbook, secrets for root alone', () => {
    const made = config.runcmd.flatMap((line) => {
      const [, owner, group, mode, folders = ''] =
        /^install -d -o (\w+) -g (\w+) -m (\d+) (.+)$/.exec(line) ?? [];
      return folders
        .split(' ')
        .filter(Boolean)
        .map((folder) => `${folder} ${owner}:${group} ${mode}`);
    });
    expect(made).toEqual([
      '/opt/vulcan root:root 0755',
      '/opt/vulcan/compose root:root 0755',
      '/opt/vulcan/env root:root 0700',
      '/opt/vulcan/backups root:root 0700',
      '/opt/vulcan/logs root:adm 0750',
    ]);
  });

  test('has the packages of the programs that bgctl uses, and Compose V2', () => {
    // flock and nsenter; ss and ip; the engine. timeout and sha256sum are in every Debian.
    for (const one of ['util-linux', 'iproute2', 'docker.io', 'sudo'])
      expect(config.packages).toContain(one);
    expect(config.runcmd.join('\n')).toContain('docker-compose-v2');
  });
});
