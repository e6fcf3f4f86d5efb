// The compose file of one release: switched services only, images by digest, labelled, told who they are.
import { assert } from '../lib/assert.ts';
import type { ServiceNode } from './compose-services.ts';
import {
  listTree,
  type MapTree,
  mapTree,
  printTree,
  readTree,
  type Tree,
  textTree,
  withKeys,
} from './compose-tree.ts';
import { type ComposeView, view } from './compose-view.ts';
import type { Variables } from './interpolate.ts';
import type { Settings } from './settings.ts';

export type RenderOrder = {
  /** The user's compose file, which `readComposeFile` accepted. */
  readonly text: string;
  readonly app: string;
  /** `r42`. */
  readonly release: string;
  /** Service → `repository@sha256:…`, for every switched service. */
  readonly images: Readonly<Record<string, string>>;
  readonly settings: Settings;
  readonly variables?: Variables;
};

/** The same order gives the same text, whatever comments, anchors or quotes the user changes. */
export function renderCompose(order: RenderOrder): { text: string; services: string[] } {
  const { tree } = readTree(order.text, order.settings.compose.file);
  assert(tree !== null, 'a compose file is rendered that was never read');
  const viewed = view(tree, order.settings, order.variables ?? {});
  assert('switched' in viewed, 'a compose file is rendered that was refused');
  const { root, switched } = viewed;
  const services = switched.map(
    (service) => [service.name, rendered(service, viewed, order)] as const,
  );
  const text = printTree(
    withKeys(withoutExtensions(root), {
      name: null,
      version: null,
      services: mapTree(Object.fromEntries(services)),
      volumes: usedVolumes(root, switched),
    }),
  );
  return { text, services: switched.map((service) => service.name) };
}

/** What tells releases apart: the rendering without its number, else no two would ever be the same. */
export function composeFingerprintText(order: Omit<RenderOrder, 'release'>): string {
  return renderCompose({ ...order, release: 'r0' }).text;
}

function rendered(service: ServiceNode, viewed: ComposeView, order: RenderOrder): MapTree {
  const { app, release, images } = order;
  const image = Object.hasOwn(images, service.name) ? images[service.name] : undefined;
  assert(
    image !== undefined && /@sha256:[0-9a-f]{64}$/.test(image),
    `${service.name} has no digest`,
  );
  const { entries } = service.tree;
  return withKeys(service.tree, {
    image: textTree(image),
    // What is pulled by digest is never built, and Compose need not ask the registry again.
    build: null,
    pull_policy: null,
    depends_on: dependencies(entries.get('depends_on')?.value, viewed),
    environment: merged(entries.get('environment')?.value, {
      BGCTL_RELEASE: release,
      BGCTL_ENVIRONMENT: `${app}-${release}`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose interpolates it on each droplet.
      BGCTL_DROPLET: '${BGCTL_DROPLET}',
    }),
    labels: merged(entries.get('labels')?.value, { 'bgctl.app': app, 'bgctl.release': release }),
  });
}

/** Into `A: 1` or `- A=1`, whichever the user writes; what the user said of our own names is replaced. */
function merged(tree: Tree | undefined, ours: Readonly<Record<string, string>>): Tree {
  const texts = Object.entries(ours).map(([key, value]) => [key, textTree(value)] as const);
  if (tree?.kind !== 'list') {
    const map = tree?.kind === 'map' ? tree : mapTree({});
    return withKeys(map, Object.fromEntries(texts));
  }
  const theirs = tree.items.filter(
    (item) => item.kind !== 'text' || !Object.hasOwn(ours, item.value.split('=', 1).join('')),
  );
  return listTree([
    ...theirs,
    ...Object.entries(ours).map(([key, value]) => textTree(`${key}=${value}`)),
  ]);
}

/** Only on services of the same rendering; null when none is left. */
function dependencies(tree: Tree | undefined, { switched }: ComposeView): Tree | null {
  const kept = new Set(switched.map((service) => service.name));
  if (tree?.kind === 'list') {
    const items = tree.items.filter((item) => item.kind === 'text' && kept.has(item.value));
    return items.length > 0 ? { ...tree, items } : null;
  }
  if (tree?.kind !== 'map') return null;
  const entries = [...tree.entries].filter(([name]) => kept.has(name));
  return entries.length > 0 ? { ...tree, entries: new Map(entries) } : null;
}

function withoutExtensions(root: MapTree): MapTree {
  return { ...root, entries: new Map([...root.entries].filter(([key]) => !key.startsWith('x-'))) };
}

function usedVolumes(root: MapTree, switched: readonly ServiceNode[]): Tree | null {
  const declared = root.entries.get('volumes')?.value;
  if (declared?.kind !== 'map') return null;
  const used = new Set(switched.flatMap((service) => service.volumes));
  const entries = [...declared.entries].filter(([name]) => used.has(name));
  return entries.length > 0 ? { ...declared, entries: new Map(entries) } : null;
}
