// Asks a droplet for the connections of a container, inside the container's own network.
import type { Clock, Instant } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import type { Connections } from '../promotion/observation.ts';
import { countConnections, type Sections, sectionsOf } from './connections.ts';
import type { Container } from './container.ts';
import { privileged } from './project.ts';
import { connectionsScript } from './scripts.ts';
import type { SshHost } from './ssh.ts';

/** The droplet's own addresses and who else holds connections to the app there: dear to ask for, and slow to change. */
const aroundMs = 5_000;
/** This droplet serves: the app goes first. */
const kindly = ['nice', '-n', '10'];
type Around = { readonly sections: Sections; readonly until: Instant };

/** Counts, for one controller; remembers for some seconds what is around a container. */
export class ConnectionCounter {
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #around = new Map<string, Around>();

  constructor(settings: Settings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Connections to those of the app's ports that the containers publish; DNAT hides them from the droplet's own `ss`. */
  async count(host: SshHost, containers: readonly Container[]): Promise<Connections> {
    const reads = containers
      .filter(({ pid }) => pid > 0)
      .map((container) => ({ container, ports: appPorts(this.#settings, container) }))
      .filter(({ ports }) => ports.length > 0)
      .map(({ container, ports }) => this.#read(host, container, ports));
    const counts = await Promise.all(reads);
    return {
      open: counts.reduce((sum, { open }) => sum + open, 0),
      busy: counts.reduce((sum, { busy }) => sum + busy, 0),
    };
  }

  async #read(host: SshHost, container: Container, ports: readonly Port[]): Promise<Connections> {
    const key = `${container.id} ${container.pid}`;
    const known = this.#around.get(key);
    const now = this.#clock.now();
    const fresh = known !== undefined && now < known.until;
    const inside = filter(
      'sport',
      ports.map((port) => port.inside),
    );
    const outside = filter(
      'dport',
      ports.map((port) => port.outside),
    );
    const data = [String(container.pid), inside, fresh ? '' : outside];
    const words = privileged(this.#settings, [
      ...kindly,
      'sh',
      '-c',
      connectionsScript,
      'bgctl',
      ...data,
    ]);
    const what = `Counting connections of ${container.name}`;
    const ran = await host.exec(words, { timeoutMs: 10_000, what });
    if (ran.code !== 0) {
      const because = ran.stderr.trim().slice(-300);
      throw new Failure('host', `${what} failed: ${because}`, { retry: 'soon' });
    }
    const sections = sectionsOf(ran.stdout);
    const counted =
      sections &&
      countConnections(
        fresh ? { ...around(known.sections), ...sections } : sections,
        ports.map((port) => port.inside),
      );
    if (counted === null)
      throw new Failure('host', `${what} failed: the answer did not arrive whole.`, {
        retry: 'soon',
      });
    if (!fresh && sections) this.#around.set(key, { sections, until: now + aroundMs });
    return counted;
  }
}

/** What lists the connections themselves must be there anew. */
function around({ own, outside }: Sections): Sections {
  return { ...(own !== undefined && { own }), ...(outside !== undefined && { outside }) };
}

type Port = Container['ports'][number];

function appPorts(settings: Settings, container: Container): readonly Port[] {
  const { ports } = settings.traffic;
  if (container.hostNetwork) return ports.map((port) => ({ inside: port, outside: port }));
  return container.ports.filter(({ outside }) => ports.includes(outside));
}

/** `( sport = :8000 or sport = :9000 )`; ss takes it as one word. */
function filter(side: 'sport' | 'dport', ports: readonly number[]): string {
  return `( ${[...new Set(ports)].map((port) => `${side} = :${port}`).join(' or ')} )`;
}
