// Compose file → services as bgctl sees them: roles, images, ports, named volumes, each with its line.
import { type Ports, type PublishedPort, readPorts } from './compose-ports.ts';
import { deriveRole } from './compose-roles.ts';
import type { Entry, MapTree, Place, Tree } from './compose-tree.ts';
import { interpolate, type Variables } from './interpolate.ts';
import type { Role, Settings } from './settings.ts';

export type ComposeService = {
  readonly name: string;
  readonly role: Role;
  /** Why, when bgctl.yml does not say; null when it does. */
  readonly derivedBecause: string | null;
  /** As Compose would read it; as written when that depends on variables unknown here; null: none. */
  readonly image: string | null;
  readonly ports: readonly PublishedPort[];
  readonly containerName: string | null;
  /** Named volumes only. */
  readonly volumes: readonly string[];
  /** Of the service's name. */
  readonly line: number;
  readonly column: number;
};

/** What the rules need besides. */
export type ServiceNode = ComposeService & {
  readonly tree: MapTree;
  readonly unknownPorts: Ports['unknown'];
  readonly wrongPorts: Ports['wrong'];
  readonly volumePlaces: readonly (Place & { readonly name: string })[];
  readonly dependsOn: readonly (Place & { readonly name: string; readonly condition: string })[];
  readonly profiles: boolean;
};

export function readService(
  name: string,
  entry: Entry & { readonly value: MapTree },
  how: { settings: Settings; variables: Variables },
): ServiceNode {
  const tree = entry.value;
  const fill = (text: string) => interpolate(text, how.variables);
  const filled = (text: string) => {
    const result = fill(text);
    return result.known ? result.text : text;
  };
  const ports = readPorts(tree.entries.get('ports')?.value, fill);
  const image = textAt(tree, 'image');
  const volumePlaces = namedVolumes(tree.entries.get('volumes')?.value, filled);
  const service = {
    name,
    image: image === null ? null : filled(image),
    ports: ports.published,
    containerName: textAt(tree, 'container_name'),
    volumes: volumePlaces.map((volume) => volume.name),
    line: entry.line,
    column: entry.column,
  };
  return {
    ...service,
    ...roleOf(service, tree, how.settings),
    tree,
    unknownPorts: ports.unknown,
    wrongPorts: ports.wrong,
    volumePlaces,
    dependsOn: dependencies(tree.entries.get('depends_on')?.value),
    profiles: tree.entries.has('profiles'),
  };
}

function roleOf(
  service: Pick<ComposeService, 'name' | 'image' | 'ports'>,
  tree: MapTree,
  settings: Settings,
): Pick<ComposeService, 'role' | 'derivedBecause'> {
  const { services } = settings.compose;
  const said = Object.hasOwn(services, service.name) ? services[service.name] : undefined;
  if (said !== undefined) return { role: said, derivedBecause: null };
  const traffic = service.ports.find((port) => settings.traffic.ports.includes(port.host));
  const words = ['entrypoint', 'command'].flatMap((key) => wordsOf(tree.entries.get(key)?.value));
  const { role, because } = deriveRole({ ...service, words, trafficPort: traffic?.host ?? null });
  return { role, derivedBecause: because };
}

/** The text under a key; null when there is none, or not a text. */
export function textAt(map: MapTree, key: string): string | null {
  const value = map.entries.get(key)?.value;
  return value?.kind === 'text' && value.value !== '' ? value.value : null;
}

/** The words of a command in either form, quotes taken off; near enough to recognise a worker. */
function wordsOf(tree: Tree | undefined): string[] {
  if (tree === undefined || tree.kind === 'map') return [];
  const texts = tree.kind === 'list' ? tree.items : [tree];
  return texts
    .flatMap((text) => (text.kind === 'text' ? text.value.split(/[\s;&|'"]+/) : []))
    .filter((word) => word !== '');
}

function namedVolumes(
  tree: Tree | undefined,
  filled: (text: string) => string,
): (Place & { name: string })[] {
  if (tree?.kind !== 'list') return [];
  return tree.items.flatMap((item) => {
    const name = filled(sourceOf(item));
    const { line, column } = item;
    return /^[A-Za-z0-9][\w.-]*$/.test(name) ? [{ name, line, column }] : [];
  });
}

/** The part before the first colon, or `source` of a long volume; empty for an anonymous one or a bind. */
function sourceOf(item: Tree): string {
  if (item.kind === 'text') {
    const short = /^((?:\$\{[^}]*\}|[^:])+):./.exec(item.value);
    return short?.[1] ?? '';
  }
  if (item.kind === 'list' || textAt(item, 'type') !== 'volume') return '';
  return textAt(item, 'source') ?? '';
}

function dependencies(tree: Tree | undefined): (Place & { name: string; condition: string })[] {
  if (tree?.kind === 'list') {
    return tree.items.flatMap(({ line, column, ...item }) =>
      item.kind === 'text'
        ? [{ line, column, name: item.value, condition: 'service_started' }]
        : [],
    );
  }
  if (tree?.kind !== 'map') return [];
  return [...tree.entries].map(([name, { line, column, value }]) => {
    const condition = value.kind === 'map' ? textAt(value, 'condition') : null;
    return { line, column, name, condition: condition ?? 'service_started' };
  });
}
