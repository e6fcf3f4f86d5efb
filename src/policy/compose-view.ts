// A compose file as rules and rendering look at it: services with their trees, or why there are none.
import { readService, type ServiceNode } from './compose-services.ts';
import type { Entry, MapTree, Place, Tree } from './compose-tree.ts';
import type { Variables } from './interpolate.ts';
import type { Problem } from './problem.ts';
import type { Settings } from './settings.ts';

/** Everything a rule may look at. Services with profiles are left out: Compose does not start them. */
export type ComposeView = {
  readonly root: MapTree;
  /** Of the key `services`. */
  readonly place: Place;
  readonly services: readonly ServiceNode[];
  readonly switched: readonly ServiceNode[];
  readonly settings: Settings;
  /** What stands under `services` and is none. */
  readonly misshapen: readonly Trouble[];
};

export type Trouble = Place & Pick<Problem, 'path' | 'message' | 'mend'>;
export function view(
  root: Tree,
  settings: Settings,
  variables: Variables,
): ComposeView | { readonly trouble: readonly Trouble[] } {
  const key = root.kind === 'map' ? root.entries.get('services') : undefined;
  if (root.kind !== 'map' || key === undefined || key.value.kind !== 'map') {
    const { line, column } = key ?? root;
    const message = 'is not a map of services';
    return {
      trouble: [
        {
          line,
          column,
          path: 'services',
          message,
          mend: 'write `services:` and the services under it',
        },
      ],
    };
  }
  const misshapen = [...key.value.entries].filter(([, entry]) => !isMapEntry(entry));
  const nodes = [...key.value.entries].flatMap(([name, entry]) =>
    isMapEntry(entry) ? [readService(name, entry, { settings, variables })] : [],
  );
  const services = nodes.filter((service) => !service.profiles);
  return {
    root,
    place: { line: key.line, column: key.column },
    services,
    switched: services.filter((service) => service.role === 'switched'),
    settings,
    misshapen: misshapen.map(notAService),
  };
}

function isMapEntry(entry: Entry): entry is Entry & { readonly value: MapTree } {
  return entry.value.kind === 'map';
}

function notAService([name, { line, column }]: [string, Entry]): Trouble {
  return {
    line,
    column,
    path: `services.${name}`,
    message: 'is not a map',
    mend: 'write image and ports under it',
  };
}

/** At a key of a service, or at its name. */
export function at(
  service: ServiceNode,
  key: string,
  words: Pick<Problem, 'message' | 'mend'>,
): Trouble {
  const { line, column } = service.tree.entries.get(key) ?? service;
  return { line, column, path: `services.${service.name}${key === '' ? '' : `.${key}`}`, ...words };
}
