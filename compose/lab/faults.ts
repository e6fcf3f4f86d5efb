// Bad days to order: each function breaks or mends one thing of a droplet, or brings droplets back to clean.
import { preparation, prepareDroplet } from './droplets.ts';
import { enter } from './enter.ts';
import { droplets, type LabDroplet, registryContainer } from './model.ts';
import { docker, LabError, type Ran } from './run.ts';
import { secrets } from './secrets.ts';

/** Runs words on a droplet, past SSH; a non-zero exit is in the result, not thrown. */
export function exec(droplet: LabDroplet, words: readonly string[], input?: string): Promise<Ran> {
  return enter(droplet.container, words, input);
}

/** dockerd dies at once. Containers go on running, but nothing can ask about them. */
export async function killDockerd(droplet: LabDroplet): Promise<void> {
  await script(droplet, 'pkill -KILL -x dockerd; pkill -KILL -x containerd; true');
}

/** Starts dockerd again and waits until it answers; containers come back by their restart policy. */
export async function startDockerd(droplet: LabDroplet): Promise<void> {
  await prepareDroplet(droplet, secrets());
}

/** Cuts the SSH connections that are open now. Commands that they started go on; new connections work. */
export async function cutSsh(droplet: LabDroplet): Promise<void> {
  await script(droplet, 'pkill -KILL -x "sshd-session|sshd-auth"; true');
}

/**
 * No SSH until `unblockSsh`: open connections end too. `refuse`: the daemon is gone, a client gets no banner
 * and a reset. `silence`: packets vanish, a client gets nothing at all and has to give up by itself.
 */
export async function blockSsh(
  droplet: LabDroplet,
  how: 'refuse' | 'silence' = 'refuse',
): Promise<void> {
  await script(droplet, how === 'refuse' ? gone : silence);
}

export async function unblockSsh(droplet: LabDroplet): Promise<void> {
  await script(droplet, unblock);
}

/** Power off: everything on it ends without warning. Its addresses stay. */
export async function stopDroplet(droplet: LabDroplet): Promise<void> {
  await docker(['stop', '-t', '3', droplet.container]);
}

/** Power on, until sshd and dockerd answer. */
export async function startDroplet(droplet: LabDroplet): Promise<void> {
  await docker(['start', droplet.container]);
  await prepareDroplet(droplet, secrets());
}

export async function stopRegistry(): Promise<void> {
  await docker(['stop', '-t', '3', registryContainer]);
}

export async function startRegistry(): Promise<void> {
  await docker(['start', registryContainer]);
}

export type Reset = {
  /** Only this app: compose projects `<app>` and `<app>-…`, /opt/<app>, its journal. Without it, everything. */
  app?: string;
};

/** Mends every fault above and removes containers, projects, networks, volumes and release directories. */
export async function resetDroplet(droplet: LabDroplet, reset: Reset = {}): Promise<void> {
  // In one command where the droplet is well: rows do this all the time, and each command costs a tenth of a second.
  if ((await swept(droplet, reset)).code === 0) return;
  await startDroplet(droplet);
  const done = await swept(droplet, reset);
  if (done.code !== 0) throw new LabError(`${droplet.name} was not reset: ${done.stderr}`);
}

function swept(droplet: LabDroplet, { app = '' }: Reset): Promise<Ran> {
  const text = `${unblock}${sweep}${preparation(secrets())}`;
  return enter(droplet.container, ['bash', '-s', '--', app], text);
}

export async function resetDroplets(reset: Reset = {}): Promise<void> {
  await Promise.all(droplets.map((droplet) => resetDroplet(droplet, reset)));
}

async function script(droplet: LabDroplet, text: string): Promise<void> {
  const done = await enter(droplet.container, ['bash', '-s'], text);
  if (done.code !== 0) throw new LabError(`${droplet.name}: ${done.stderr || done.stdout}`);
}

const gone = 'pkill -KILL -x "sshd|sshd-session|sshd-auth"; true';

const silence = `iptables -w -I INPUT -p tcp --dport 22 -j DROP
iptables -w -I OUTPUT -p tcp --sport 22 -j DROP
`;

const unblock = `while iptables -w -D INPUT -p tcp --dport 22 -j DROP 2>/dev/null; do :; done
while iptables -w -D OUTPUT -p tcp --sport 22 -j DROP 2>/dev/null; do :; done
pgrep -x sshd >/dev/null || /usr/sbin/sshd
`;

/** bash with the app as $1: empty means everything, commands still running from cut connections included. */
const sweep = `app=$1
project='com.docker.compose.project'
ours() { [ -z "$app" ] || [ "$1" = "$app" ] || [[ $1 == "$app"-* ]]; }
if [ -z "$app" ]; then pkill -KILL -x 'docker|docker-compose|flock|timeout'; fi
remove() {
  local list=$1 label=$2 removal=$3 found id name
  found=$(docker $list --format "{{.$4}} {{.Label \\"$label\\"}}" 2>/dev/null) || exit 1
  while read -r id name; do
    [ -z "$id" ] || ! ours "$name" || echo "$id"
  done <<<"$found" | sort -u | xargs -r docker $removal >/dev/null 2>&1
}
remove 'ps -a' "$project" 'rm -f -v' ID
remove 'network ls --filter type=custom' "$project" 'network rm' ID
remove 'volume ls' "$project" 'volume rm -f' Name
if [ -z "$app" ]; then
  find /opt -mindepth 1 -maxdepth 1 ! -name containerd -exec rm -rf {} +
  rm -rf /var/lib/bgctl /run/bgctl* /tmp/bgctl*
else
  find "/opt/$app" -mindepth 1 -maxdepth 1 ! -name env -exec rm -rf {} + 2>/dev/null
  find /var/lib/bgctl /run/bgctl /opt -maxdepth 2 -type f '(' -name "$app.*" -o -name "$app-*" ')' -delete 2>/dev/null
fi
true
`;
