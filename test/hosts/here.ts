// A droplet that is this machine: words are run as they are, with programs of a test found first; what came back is kept.
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ran } from '../../src/hosts/session.ts';
import type { SshHost } from '../../src/hosts/ssh.ts';

export type Here = SshHost & {
  /** Words that were run, and all that was answered. */
  readonly words: (readonly string[])[];
  heard: string;
};

/** `programs`: name → shell text; `uid`: who runs it, where this is root. */
export function here(
  directory: string,
  { programs = {}, uid }: { programs?: Readonly<Record<string, string>>; uid?: number } = {},
): Here {
  const bin = join(directory, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const self = {
    words: [] as (readonly string[])[],
    heard: '',
    exec(words: readonly string[], { stdin = '' }: { stdin?: string } = {}): Promise<Ran> {
      const [program = '', ...rest] = words;
      self.words.push(words);
      return new Promise((resolve) => {
        const options = { env, ...(uid === undefined ? {} : { uid }) };
        const child = execFile(program, rest, options, (error, stdout, stderr) => {
          self.heard += stdout + stderr;
          resolve({ code: error === null ? 0 : Number(error.code ?? 255), stdout, stderr });
        });
        child.stdin?.on('error', () => {}).end(stdin);
      });
    },
  };
  return self as unknown as Here;
}
