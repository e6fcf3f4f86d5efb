// What a compose file needs on a droplet before it can start: env files of its services, and variables that it interpolates.
import { readTree, type Tree } from './compose-tree.ts';
import { view } from './compose-view.ts';
import { type Asked, interpolate, variablesIn } from './interpolate.ts';
import { absolute } from './paths.ts';
import type { Settings } from './settings.ts';

export type NeededFile = {
  /** Absolute, on the droplets. */
  readonly path: string;
  readonly required: boolean;
};

type NeededVariable = Asked & {
  /** `docker-compose.prod.yml:12`. */
  readonly where: string;
};

export type ComposeNeeds = {
  /** `env_file` of the services that a release runs. */
  readonly files: readonly NeededFile[];
  /** Paths of env files that depend on variables, as they are written. */
  readonly untold: readonly string[];
  /** Without a default, each once. */
  readonly variables: readonly NeededVariable[];
};

/** Of a compose file that `readComposeFile` accepted; never throws. */
export function composeNeeds(text: string, settings: Settings): ComposeNeeds {
  const { tree } = readTree(text, settings.compose.file);
  const viewed = tree === null ? { trouble: [] } : view(tree, settings, {});
  if ('trouble' in viewed) return { files: [], untold: [], variables: [] };
  const files = viewed.switched.flatMap((service) =>
    envFilesOf(service.tree.entries.get('env_file')?.value),
  );
  const told = files.flatMap(({ path, required }) => {
    const filled = interpolate(path, {});
    return filled.known ? [{ path: onDroplet(filled.text, settings), required }] : [];
  });
  const untold = files.filter(({ path }) => !interpolate(path, {}).known).map(({ path }) => path);
  const variables = viewed.switched.flatMap((service) => {
    const read = [...service.tree.entries].filter(([key]) => !rewritten.includes(key));
    return read.flatMap(([, { value }]) => variablesOf(value, settings.compose.file));
  });
  return { files: told, untold, variables: onceEach(variables) };
}

/** Replaced in the rendered file, so that Compose never reads what is written there. */
const rewritten = ['image', 'build', 'pull_policy', 'depends_on'];

function envFilesOf(tree: Tree | undefined): NeededFile[] {
  if (tree?.kind === 'text') return tree.value === '' ? [] : [{ path: tree.value, required: true }];
  if (tree?.kind === 'list') return tree.items.flatMap(envFilesOf);
  const path = tree?.entries.get('path')?.value;
  if (path?.kind !== 'text') return [];
  const required = tree?.entries.get('required')?.value;
  return [{ path: path.value, required: required?.kind !== 'text' || required.value !== 'false' }];
}

/** Relative paths start at `--project-directory`. */
function onDroplet(path: string, { compose }: Settings): string {
  return absolute(path, compose.directory, '/root');
}

function variablesOf(tree: Tree, file: string): NeededVariable[] {
  if (tree.kind === 'list') return tree.items.flatMap((item) => variablesOf(item, file));
  if (tree.kind === 'map')
    return [...tree.entries.values()].flatMap(({ value }) => variablesOf(value, file));
  const where = `${file}:${tree.line}`;
  return variablesIn(tree.value)
    .filter(({ name }) => !name.startsWith('BGCTL_'))
    .map(({ name, must }) => ({ name, must, where }));
}

function onceEach(variables: readonly NeededVariable[]): NeededVariable[] {
  const known = new Map<string, NeededVariable>();
  for (const one of variables) {
    const before = known.get(one.name);
    if (before === undefined || strictness(one) > strictness(before)) known.set(one.name, one);
  }
  return [...known.values()];
}

function strictness({ must }: Asked): number {
  return [false, 'there', 'filled'].indexOf(must);
}
