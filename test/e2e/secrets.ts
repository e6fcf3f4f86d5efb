// Secrets must appear nowhere: outputs, journal, requests, files on the droplets, command lines.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, inject } from 'vitest';
import { exec } from '../../compose/lab/faults.ts';
import type { LabDroplet } from '../../compose/lab/lab.ts';
import type { Stage } from '../../compose/lab/stage.ts';

/** Canaries and the token are in no output, no journal, no request's text and no file on a droplet. */
export async function expectNoSecrets(stage: Stage): Promise<void> {
  const asked = await stage.emulator.admin.requests();
  expect(asked.filter(({ method }) => method === 'PUT')).toEqual([]);
  const requests = JSON.stringify(asked);
  const files = await Promise.all(inject('lab').droplets.map((one) => releaseFiles(one, stage)));
  const places = { outputs: stage.written(), requests, droplets: files.join('\n') };
  for (const [place, text] of Object.entries(places))
    for (const secret of secretsOf(stage))
      expect(text.includes(secret), `a secret is in ${place}`).toBe(false);
}

async function releaseFiles(droplet: LabDroplet, { app }: Stage): Promise<string> {
  const words = ['sh', '-c', 'find "/opt/$1" -type f -exec cat {} + 2>/dev/null', 'sh', app];
  return (await exec(droplet, words)).stdout;
}

export function secretsOf(stage: Stage): readonly string[] {
  return [...inject('lab').canaries, stage.token];
}

/** The droplets are containers of this machine, so all their processes are in its /proc too. */
export function watchCommandLines(secrets: readonly string[]) {
  const found = new Set<string>();
  const look = () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const line = commandLine(pid);
      if (secrets.some((secret) => line.includes(secret))) found.add(line.split('\0')[0] ?? pid);
    }
  };
  const timer = setInterval(look, 500);
  return { found: () => [...found], stop: () => clearInterval(timer) };
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It ended between the two reads.
    return '';
  }
}
