// The base image debian:trixie-slim: here already, else pulled, else made with debootstrap.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall } from './engine.ts';
import { label, type Say, state } from './model.ts';
import { docker, LabError, run } from './run.ts';

const base = 'debian:trixie-slim';

/** Throws LabError (exit 2) when the image can neither be pulled nor made on this machine. */
export async function ensureBase(say: Say): Promise<void> {
  if ((await docker(['image', 'inspect', base], { mayFail: true })).code === 0) return;
  say(`Pulling ${base}.`);
  const pulled = await docker(['pull', '--quiet', base], { mayFail: true, limitMs: 180_000 });
  if (pulled.code === 0) return;
  say(`No registry in reach has it; making ${base} with debootstrap (about 40 s).`);
  await make(await mirror());
}

async function make(from: string): Promise<void> {
  if ((await run(['debootstrap', '--version'], { mayFail: true })).code !== 0) {
    if ((await aptInstall(['debootstrap'])) !== 0) throw unavailable('debootstrap is missing');
  }
  const directory = mkdtempSync('/var/tmp/bgctl-lab-');
  const tar = join(state, 'trixie.tar');
  try {
    const words = ['--variant=minbase', '--include=ca-certificates', 'trixie', directory, from];
    const outputFile = join(state, 'debootstrap.log');
    const made = await run(['debootstrap', ...words], { mayFail: true, outputFile });
    if (made.code !== 0) throw unavailable(`debootstrap failed, see ${outputFile}`);
    rmSync(join(directory, 'var/cache/apt/archives'), { recursive: true, force: true });
    await run(['tar', '-C', directory, '--numeric-owner', '-cf', tar, '.']);
    await docker(['import', '--change', `LABEL ${label}=base`, tar, base]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
    rmSync(tar, { force: true });
  }
}

/** The Debian mirror that this machine's own apt uses. It may be private, so it is never shown. */
async function mirror(): Promise<string> {
  if (process.getuid?.() !== 0) throw unavailable('only root can run debootstrap');
  const format = '$(ORIGIN)|$(LABEL)|$(REPO_URI)';
  const words = ['indextargets', '--format', format, 'Created-By: Packages'];
  const listed = await run(['apt-get', ...words], { mayFail: true });
  const lines = listed.stdout.split('\n').filter((line) => line.startsWith('Debian|Debian|'));
  const uri = lines[0]?.split('|')[2];
  if (uri === undefined) throw unavailable('this machine’s apt has no Debian mirror');
  return uri;
}

function unavailable(because: string): LabError {
  return new LabError(
    `The image ${base} could not be pulled, and it could not be made here: ${because}. ` +
      `Load it into Docker (docker pull ${base}, or docker load), then run this again.`,
    2,
  );
}
