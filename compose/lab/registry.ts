// The lab's registry: a container on the lab's network that insists on a login.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureContainer, execIn, type Standing } from './containers.ts';
import { imageName, recipe } from './images.ts';
import { registryContainer, registryHost, state } from './model.ts';
import { docker, until } from './run.ts';
import { fingerprint, type Secrets } from './secrets.ts';

/** Returns true when it is new, and therefore empty. */
export async function ensureRegistry(
  known: Secrets,
  seen: ReadonlyMap<string, Standing>,
): Promise<boolean> {
  const made = await ensureContainer(
    {
      name: registryContainer,
      recipe: fingerprint(recipe('registry'), known.registryPassword),
      words: ['--network-alias', registryHost.split(':')[0] ?? '', imageName('registry')],
      files: { [await passwordFile(known)]: '/etc/registry.htpasswd' },
    },
    seen,
  );
  await until('the registry answers', 15_000, async () => {
    const asked = await execIn(registryContainer, [
      'bash',
      '-c',
      'exec 3<>/dev/tcp/127.0.0.1/5000',
    ]);
    return asked.code === 0;
  });
  return made;
}

async function passwordFile(known: Secrets): Promise<string> {
  const path = join(state, `htpasswd-${fingerprint(known.registryPassword)}`);
  if (existsSync(path)) return path;
  const words = [
    'run',
    '--rm',
    '-i',
    imageName('registry'),
    'htpasswd',
    '-Bin',
    known.registryUser,
  ];
  const made = await docker(words, { input: known.registryPassword });
  writeFileSync(path, `${made.stdout.trim()}\n`, { mode: 0o600 });
  return path;
}
