// What a service publishes: Compose's short and long port syntax → host and container ports.
import type { Place, Tree } from './compose-tree.ts';
import type { Interpolated } from './interpolate.ts';

export type PublishedPort = Place & {
  readonly host: number;
  readonly container: number;
  readonly protocol: string;
  /** The host address it is bound to; null: every address. */
  readonly address: string | null;
};

export type Ports = {
  readonly published: readonly PublishedPort[];
  /** Entries whose host port only the droplet knows. */
  readonly unknown: readonly (Place & { readonly missing: readonly string[] })[];
  /** Entries that are no port. */
  readonly wrong: readonly Place[];
};

type Fill = (text: string) => Interpolated;

export function readPorts(tree: Tree | undefined, fill: Fill): Ports {
  const ports = { published: [], unknown: [], wrong: [] } as {
    published: PublishedPort[];
    unknown: (Place & { missing: readonly string[] })[];
    wrong: Place[];
  };
  if (tree === undefined) return ports;
  for (const item of tree.kind === 'list' ? tree.items : [tree]) {
    const place = { line: item.line, column: item.column };
    const filled = fill(shortForm(item));
    const read = filled.known ? publishedBy(filled.text) : null;
    if (!filled.known) ports.unknown.push({ ...place, missing: filled.missing });
    else if (read === null) ports.wrong.push(place);
    else ports.published.push(...read.map((port) => ({ ...place, ...port })));
  }
  return ports;
}

/** The long syntax says the same as the short one. */
function shortForm(item: Tree): string {
  if (item.kind === 'text') return item.value;
  if (item.kind === 'list') return '';
  const part = (key: string) => {
    const value = item.entries.get(key)?.value;
    return value?.kind === 'text' ? value.value : '';
  };
  const address = part('host_ip');
  const prefix = address === '' ? '' : `${address.includes(':') ? `[${address}]` : address}:`;
  const published = part('published') === '' ? '' : `${part('published')}:`;
  const protocol = part('protocol') === '' ? '' : `/${part('protocol')}`;
  return `${prefix}${prefix !== '' && published === '' ? ':' : published}${part('target')}${protocol}`;
}

const short =
  /^(?:(\[[0-9a-fA-F:.]+\]|\d+\.\d+\.\d+\.\d+):)?(?:(\d+)(?:-(\d+))?:|:)?(\d+)(?:-(\d+))?(?:\/([a-z]+))?$/;

/** Null when it is no port; empty when Docker chooses the host port. */
function publishedBy(text: string): Omit<PublishedPort, keyof Place>[] | null {
  const [whole, address, from, to, inner, innerTo, protocol = 'tcp'] = short.exec(text) ?? [];
  if (whole === undefined) return null;
  if (from === undefined) return [];
  const [first, last] = [Number(from), Number(to ?? from)];
  const [innerFirst, innerLast] = [Number(inner), Number(innerTo ?? inner)];
  if (last < first || last > 65_535 || innerLast > 65_535 || last - first > 1000) return null;
  // `8000-8010:80` lets Docker choose one of the range; any of them may be taken.
  const step = innerLast - innerFirst === last - first ? 1 : 0;
  return Array.from({ length: last - first + 1 }, (_, index) => ({
    host: first + index,
    container: innerFirst + index * step,
    protocol,
    address: address?.replace(/^\[|\]$/g, '') ?? null,
  }));
}

export function isLoopback({ address }: PublishedPort): boolean {
  return address !== null && (address.startsWith('127.') || address === '::1');
}
