// The lab's network and containers as Docker sees them: which stand, which are stale, how they are made.
import { label, network, registryContainer } from './model.ts';
import { docker } from './run.ts';

export type Standing = { running: boolean; recipe: string };

/** Container name → how it stands, of all that carry the lab's label. */
export async function standing(): Promise<Map<string, Standing>> {
  const format = `{{.Names}}|{{.State}}|{{.Label "${label}"}}`;
  const listed = await docker(['ps', '-a', '--filter', `label=${label}`, '--format', format]);
  const rows = listed.stdout.split('\n').filter((line) => line.includes('|'));
  return new Map(
    rows.map((row) => {
      const [name = '', status = '', recipe = ''] = row.split('|');
      return [name, { running: status === 'running', recipe }];
    }),
  );
}

export async function ensureNetwork(): Promise<void> {
  const seen = await docker(['network', 'inspect', network], { mayFail: true });
  if (seen.code !== 0) await docker(['network', 'create', '--label', `${label}=network`, network]);
}

export type Container = {
  name: string;
  recipe: string;
  words: readonly string[];
  /** Files to put in before it starts: path here → path there. */
  files: Readonly<Record<string, string>>;
};

/** Makes it, replaces it when its recipe changed, starts it when it stopped. Returns true when it is new. */
export async function ensureContainer(
  wanted: Container,
  seen: ReadonlyMap<string, Standing>,
): Promise<boolean> {
  const now = seen.get(wanted.name);
  if (now?.recipe === wanted.recipe) {
    if (!now.running) await docker(['start', wanted.name]);
    return false;
  }
  if (now !== undefined) await remove([wanted.name]);
  const labels = ['--label', `${label}=${wanted.recipe}`];
  const words = ['create', '--name', wanted.name, '--network', network, ...labels];
  await docker([...words, ...wanted.words]);
  for (const [from, to] of Object.entries(wanted.files)) {
    await docker(['cp', from, `${wanted.name}:${to}`]);
  }
  await docker(['start', wanted.name]);
  return true;
}

export async function remove(names: readonly string[]): Promise<void> {
  if (names.length > 0) await docker(['rm', '-f', '-v', ...names]);
}

/** Runs words inside a container; `input` is their stdin. */
export function execIn(container: string, words: readonly string[], input?: string) {
  const stdin = input === undefined ? {} : { input };
  return docker(['exec', '-i', container, ...words], { mayFail: true, ...stdin });
}

/** Digests that the registry's own files name, by tag; empty when there are none. */
export async function publishedTags(repository: string): Promise<Map<string, string>> {
  const base = `/var/lib/registry/docker/registry/v2/repositories/${repository}/_manifests/tags`;
  const script = `cd ${base} 2>/dev/null && for t in *; do echo "$t $(cat "$t/current/link")"; done`;
  const listed = await execIn(registryContainer, ['sh', '-c', script]);
  const rows = listed.stdout.split('\n').map((line) => line.split(' '));
  return new Map(rows.flatMap(([tag, digest]) => (tag && digest ? [[tag, digest]] : [])));
}
