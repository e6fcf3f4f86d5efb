// The files on this machine that SSH needs: looked at once, whatever the number of droplets.
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { Path, Problem } from '../policy/problem.ts';
import { readYaml } from '../policy/yaml-file.ts';
import type { Opened } from './connect.ts';
import { unfit } from './exit.ts';
import { unreadable } from './files.ts';

/** Each at the key of bgctl.yml that names it; none where all are there. */
export async function sshProblems(
  { settings, written }: Pick<Opened, 'settings' | 'written'>,
  agent = process.env.SSH_AUTH_SOCK ?? '',
): Promise<readonly Problem[]> {
  const { key, knownHosts, port } = settings.hosts;
  const look = async (path: string, name: Path, mend: string): Promise<readonly Problem[]> =>
    access(path, constants.R_OK).then(
      () => [],
      (error) => [unreadable(written, path, { key: name, mend }, error)],
    );
  const keys =
    key === null
      ? agent === ''
        ? [noAgent(written)]
        : []
      : await look(
          key,
          ['hosts', 'key'],
          'name the private key that the droplets accept, or write agent and add it to ssh-agent',
        );
  const pins = await look(
    knownHosts,
    ['hosts', 'knownHosts'],
    `pin the droplets' host keys in it: ssh-keyscan -p ${port} ADDRESS >> ${knownHosts}, and compare each fingerprint`,
  );
  return [...keys, ...pins];
}

/** Throws Exit with what is missing. */
export async function needSshFiles(opened: Opened): Promise<void> {
  const problems = await sshProblems(opened);
  if (problems.length > 0) throw unfit(problems);
}

function noAgent({ text, file }: Opened['written']): Problem {
  return readYaml(text, file).place({
    path: ['hosts', 'key'],
    message: 'no SSH agent is there: SSH_AUTH_SOCK is not set',
    mend: 'start ssh-agent and add the key, or name a key file here',
  });
}
