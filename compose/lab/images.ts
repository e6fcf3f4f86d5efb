// Builds the two images of the lab, droplet and registry, when their recipes changed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBase } from './base.ts';
import { here, label, type Say } from './model.ts';
import { docker } from './run.ts';
import { fingerprint } from './secrets.ts';

const recipes = {
  droplet: ['droplet.Dockerfile', 'droplet-boot.sh', 'droplet-dockerd.sh', 'sshd.conf'],
  registry: ['registry.Dockerfile', 'registry.yml'],
} as const;

export type LabImageName = keyof typeof recipes;

export const imageName = (name: LabImageName): string => `bgctl-lab-${name}`;

/** Identifies what an image is made from; containers carry it too, so that old ones are replaced. */
export function recipe(name: LabImageName): string {
  return fingerprint(...recipes[name].map((file) => readFileSync(join(here, file), 'utf8')));
}

export async function ensureImages(say: Say): Promise<void> {
  const names: LabImageName[] = ['droplet', 'registry'];
  const stale = (
    await Promise.all(names.map(async (name) => ((await isCurrent(name)) ? [] : [name])))
  ).flat();
  if (stale.length === 0) return;
  await ensureBase(say);
  for (const name of stale) await build(name, say);
}

async function isCurrent(name: LabImageName): Promise<boolean> {
  const format = `{{index .Config.Labels "${label}"}}`;
  const seen = await docker(['image', 'inspect', '--format', format, imageName(name)], {
    mayFail: true,
  });
  return seen.code === 0 && seen.stdout.trim() === recipe(name);
}

async function build(name: LabImageName, say: Say): Promise<void> {
  say(`Building the image ${imageName(name)} (about 30 s).`);
  const words = ['build', '--network', 'host', '--label', `${label}=${recipe(name)}`];
  const file = join(here, `${name}.Dockerfile`);
  const buildx = await docker(['buildx', 'version'], { mayFail: true });
  await docker([...words, '-t', imageName(name), '-f', file, here], {
    env: { DOCKER_BUILDKIT: buildx.code === 0 ? '1' : '0' },
  });
}
