// Droplets as containers: made, started, given their keys, their login and the app's env file.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureContainer, execIn, type Standing } from './containers.ts';
import { imageName, recipe } from './images.ts';
import { droplets, envFile, type LabDroplet, ports, registryHost, state } from './model.ts';
import { LabError, until } from './run.ts';
import { fingerprint, type Secrets, sshPort } from './secrets.ts';

/** An engine inside a container without --privileged, which needs more than some sandboxes give. */
const nesting = [
  ...['--cgroupns', 'host', '--cap-add', 'ALL', '--cap-drop', 'SYS_RESOURCE'],
  ...['--security-opt', 'seccomp=unconfined', '--security-opt', 'apparmor=unconfined'],
  ...['--security-opt', 'systempaths=unconfined', '-v', '/sys/fs/cgroup:/sys/fs/cgroup:rw'],
  // Overlay on overlay does not work, so the engine's own data is an anonymous volume.
  ...['--tmpfs', '/run:exec', '-v', '/var/lib/docker'],
];

export async function ensureDroplets(
  known: Secrets,
  seen: ReadonlyMap<string, Standing>,
): Promise<void> {
  await Promise.all(
    droplets.map(async (droplet) => {
      await ensureContainer(container(droplet, known), seen);
      await prepareDroplet(droplet, known);
    }),
  );
}

/** Waits for sshd and dockerd (started again when it died), then puts login and env file where they belong. */
export async function prepareDroplet(droplet: LabDroplet, known: Secrets): Promise<void> {
  await execIn(droplet.container, ['/usr/local/sbin/droplet-dockerd.sh']);
  await until(`${droplet.name}: sshd and dockerd answer`, 40_000, async () => {
    const script = 'pgrep -x sshd >/dev/null && docker version >/dev/null 2>&1';
    return (await execIn(droplet.container, ['bash', '-c', script])).code === 0;
  });
  const done = await execIn(droplet.container, ['bash', '-s'], preparation(known));
  if (done.code !== 0) throw new LabError(`${droplet.name} was not prepared: ${done.stderr}`);
}

function container(droplet: LabDroplet, known: Secrets) {
  const { address, container: name, id, name: hostname } = droplet;
  const range = `${ports.from}-${ports.to}`;
  const publish = ['-p', `${address}:${sshPort()}:22`, '-p', `${address}:${range}:${range}`];
  const words = ['--hostname', hostname, ...nesting, ...publish, imageName('droplet')];
  const hostKey = known.hostKeys[id] ?? '';
  return {
    name,
    recipe: fingerprint(recipe('droplet'), ...words, known.authorizedKey, hostKey),
    words,
    files: {
      [hostKey]: '/etc/ssh/ssh_host_ed25519_key',
      [authorizedKeys(known, 0o600)]: '/root/.ssh/authorized_keys',
      // Read as the user who logs in.
      [authorizedKeys(known, 0o644)]: '/etc/ssh/authorized_keys/deploy',
    },
  };
}

function authorizedKeys(known: Secrets, mode: number): string {
  const path = join(state, 'keys', `authorized_keys.${mode.toString(8)}`);
  writeFileSync(path, known.authorizedKey, { mode });
  return path;
}

/** A script for the droplet's stdin, so that neither secret is ever among a process's words. */
export function preparation(known: Secrets): string {
  const login = Buffer.from(`${known.registryUser}:${known.registryPassword}`).toString('base64');
  return `set -e
umask 077
mkdir -p -m 0755 /opt/shop /opt/shop/env
printf 'SECRET_KEY=%s\\n' '${known.canary}' > ${envFile}
grep -qsF '${login}' /root/.docker/config.json ||
  printf %s '${known.registryPassword}' |
  docker login -u '${known.registryUser}' --password-stdin ${registryHost} >/dev/null 2>&1
`;
}
