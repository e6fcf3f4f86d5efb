// Asks a droplet for the connections of a container, inside the container's own network.
import { Failure } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import type { Connections } from '../promotion/observation.ts';
import { countConnections, sectionsOf } from './connections.ts';
import type { Container } from './container.ts';
import { privileged } from './project.ts';
import { connectionsScript } from './scripts.ts';
import type { SshHost } from './ssh.ts';

/** Connections to those of the app's ports that the containers publish; DNAT hides them from the droplet's own `ss`. */
export async function connectionsOf(
  settings: Settings,
  host: SshHost,
  containers: readonly Container[],
): Promise<Connections> {
  const reads = containers
    .filter(({ pid }) => pid > 0)
    .map((container) => ({ container, ports: appPorts(settings, container) }))
    .filter(({ ports }) => ports.length > 0)
    .map(({ container, ports }) => read(settings, host, container, ports));
  const counts = await Promise.all(reads);
  return {
    open: counts.reduce((sum, { open }) => sum + open, 0),
    busy: counts.reduce((sum, { busy }) => sum + busy, 0),
  };
}

type Port = Container['ports'][number];

function appPorts(settings: Settings, container: Container): readonly Port[] {
  const { ports } = settings.traffic;
  if (container.hostNetwork) return ports.map((port) => ({ inside: port, outside: port }));
  return container.ports.filter(({ outside }) => ports.includes(outside));
}

async function read(
  settings: Settings,
  host: SshHost,
  container: Container,
  ports: readonly Port[],
): Promise<Connections> {
  const inside = filter(
    'sport',
    ports.map((port) => port.inside),
  );
  const outside = filter(
    'dport',
    ports.map((port) => port.outside),
  );
  const data = [String(container.pid), inside, outside];
  const words = privileged(settings, ['sh', '-c', connectionsScript, 'bgctl', ...data]);
  const what = `Counting connections of ${container.name}`;
  const ran = await host.exec(words, { timeoutMs: 10_000, what });
  if (ran.code !== 0) {
    const because = ran.stderr.trim().slice(-300);
    throw new Failure('host', `${what} failed: ${because}`, { retry: 'soon' });
  }
  return countConnections(
    sectionsOf(ran.stdout),
    ports.map((port) => port.inside),
  );
}

/** `( sport = :8000 or sport = :9000 )`; ss takes it as one word. */
function filter(side: 'sport' | 'dport', ports: readonly number[]): string {
  return `( ${[...new Set(ports)].map((port) => `${side} = :${port}`).join(' or ')} )`;
}
