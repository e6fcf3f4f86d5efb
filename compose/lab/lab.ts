// The lab: four droplets as containers, a registry with a login and a sample app. `up`, `down`, `status`.
import { join } from 'node:path';
import { ensureApp, prepull } from './app.ts';
import { ensureNetwork, publishedTags, remove, standing } from './containers.ts';
import { ensureDroplets } from './droplets.ts';
import { engineAnswers, ensureEngine, stopEngine } from './engine.ts';
import { ensureImages } from './images.ts';
import { removeCgroups, thaw, withLock } from './leftovers.ts';
import {
  droplets,
  envFile,
  here,
  type Lab,
  label,
  ports,
  registryContainer,
  registryHost,
  repository,
  type Say,
} from './model.ts';
import { ensurePlane } from './plane.ts';
import { ensureRegistry } from './registry.ts';
import { docker, LabError } from './run.ts';
import {
  chooseSshPort,
  knownHosts,
  makeState,
  secrets,
  sshPort,
  writeKnownHosts,
} from './secrets.ts';

export type { Lab, LabDroplet, LabImage } from './model.ts';

const quiet: Say = () => {};

/** Brings the lab up, or finds it standing (a few seconds). Throws LabError with what a person can do. */
export function labUp(say: Say = quiet): Promise<Lab> {
  makeState();
  return withLock(async () => {
    await ensurePlane(say);
    await ensureEngine(say);
    thaw();
    await ensureImages(say);
    const known = secrets();
    const seen = await standing();
    if (!droplets.some(({ container }) => seen.has(container))) await chooseSshPort();
    writeKnownHosts(sshPort());
    await ensureNetwork();
    if (seen.size < droplets.length + 1) say('Starting four droplets and a registry.');
    await ensureRegistry(known, seen);
    await ensureDroplets(known, seen);
    const images = await ensureApp(say);
    if (images.v1 !== undefined) await prepull(images.v1.reference);
    return {
      droplets: droplets.map((droplet) => ({ ...droplet })),
      ssh: { user: 'root', key: known.key, knownHosts, port: sshPort() },
      registry: { host: registryHost, user: known.registryUser, password: known.registryPassword },
      images,
      ports,
      canaries: [known.canary, known.registryPassword],
      app: { composeFile: join(here, 'app.compose.yml'), envFile, repository },
    };
  });
}

/** Removes everything that carries the lab's label. Keys and caches in .lab stay. */
export async function labDown(
  options: { images?: boolean; engine?: boolean } = {},
  say: Say = quiet,
): Promise<void> {
  makeState();
  await withLock(async () => {
    if (!(await engineAnswers())) return say('Docker does not answer, so nothing of the lab runs.');
    thaw();
    await remove([...(await standing()).keys()]);
    await sweep(['volume', 'ls'], ['volume', 'rm', '-f']);
    await sweep(['network', 'ls'], ['network', 'rm']);
    removeCgroups();
    if (options.images) await sweep(['images'], ['rmi', '-f']);
    if (options.engine) await stopEngine(say);
  });
}

/** How it stands, a line each; `whole` when nothing is missing. */
export async function labStatus(): Promise<{ whole: boolean; lines: string[] }> {
  if (!(await engineAnswers())) return { whole: false, lines: ['Docker does not answer.'] };
  const seen = await standing();
  const names = [...droplets.map(({ container }) => container), registryContainer];
  const lines = names.map((name) => {
    const now = seen.get(name);
    return `${name}: ${now === undefined ? 'missing' : now.running ? 'running' : 'stopped'}`;
  });
  const tags = seen.get(registryContainer)?.running ? await publishedTags(repository) : new Map();
  lines.push(`images: ${[...tags.keys()].join(' ') || 'none'}`);
  return { whole: names.every((name) => seen.get(name)?.running) && tags.size > 0, lines };
}

async function sweep(list: readonly string[], removal: readonly string[]): Promise<void> {
  const listed = await docker([...list, '--filter', `label=${label}`, '-q']);
  const ids = [...new Set(listed.stdout.split('\n').filter(Boolean))];
  if (ids.length > 0) await docker([...removal, ...ids]);
}

async function main(words: readonly string[]): Promise<number> {
  const print: Say = (line) => process.stdout.write(`${line}\n`);
  const [command, ...flags] = words;
  const known = command === 'down' ? ['--images', '--engine'] : [];
  const strange = flags.find((flag) => !known.includes(flag));
  if (strange !== undefined) throw new LabError(`${command} does not know ${strange}.`, 2);
  if (command === 'up') {
    const began = Date.now();
    const lab = await labUp(print);
    print(`The lab stands (${((Date.now() - began) / 1000).toFixed(1)} s).`);
    for (const { name, address, pool } of lab.droplets) {
      print(`  ${name}  ${address}  pool ${pool}  ssh port ${lab.ssh.port}`);
    }
    print(`  registry ${lab.registry.host}, images ${Object.keys(lab.images).join(' ')}`);
    return 0;
  }
  if (command === 'down') {
    const chosen = { images: flags.includes('--images'), engine: flags.includes('--engine') };
    await labDown(chosen, print);
    print('The lab is gone.');
    return 0;
  }
  if (command === 'status') {
    const { whole, lines } = await labStatus();
    for (const line of lines) print(line);
    return whole ? 0 : 1;
  }
  throw new LabError('Say one of: up, down [--images] [--engine], status.', 2);
}

if (import.meta.main) {
  // Whoever reads may stop reading (`| head`); the lab is to be finished all the same.
  process.stdout.on('error', () => {});
  main(process.argv.slice(2)).then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      process.stderr.write(`lab: ${message}\n`);
      process.exitCode = error instanceof LabError ? error.exitCode : 1;
    },
  );
}
