// A release's place on a droplet, and Docker Compose's words for it, as arrays.
import type { Settings } from '../policy/settings.ts';
import type { ProjectAt } from '../promotion/environment.ts';

/** `/opt/shop/releases/shop-r42`: everything bgctl keeps of one release on a droplet. */
export function releaseDirectory(settings: Settings, project: string): string {
  return `${settings.compose.directory}/releases/${project}`;
}

export function composeFile(settings: Settings, project: string): string {
  return `${releaseDirectory(settings, project)}/compose.yml`;
}

/** Locks and fences; outlives releases. */
export function fenceDirectory(settings: Settings): string {
  return `${settings.compose.directory}/.bgctl`;
}

export function pullWords(settings: Settings, place: ProjectAt): readonly string[] {
  return composeWords(settings, place, ['pull', '--quiet']);
}

export function upWords(settings: Settings, place: ProjectAt): readonly string[] {
  return composeWords(settings, place, ['up', '--detach', '--remove-orphans', '--no-build']);
}

/** `graceS`: what containers get between SIGTERM and SIGKILL. */
export function downWords(settings: Settings, place: ProjectAt, graceS: number): readonly string[] {
  return composeWords(settings, place, ['down', '--remove-orphans', '--timeout', String(graceS)]);
}

/** Docker's API over a command's own stdin and stdout, where its socket cannot be forwarded. */
export const dialWords: readonly string[] = ['docker', 'system', 'dial-stdio'];

/** Words as root where the user needs it. */
export function privileged(
  { hosts }: Pick<Settings, 'hosts'>,
  words: readonly string[],
): readonly string[] {
  return hosts.sudo ? ['sudo', '-n', ...words] : words;
}

/** Every switched service has a repository in bgctl.yml: the compose file is refused otherwise. */
export function switchedServices(settings: Settings): readonly string[] {
  const { services } = settings.compose;
  return Object.keys(settings.images).filter(
    (name) => (services[name] ?? 'switched') === 'switched',
  );
}

function composeWords(
  settings: Settings,
  place: ProjectAt,
  verb: readonly string[],
): readonly string[] {
  const { directory, envFiles } = settings.compose;
  return [
    'env',
    `BGCTL_DROPLET=${place.droplet}`,
    'docker',
    'compose',
    '-p',
    place.project,
    '--project-directory',
    directory,
    '-f',
    composeFile(settings, place.project),
    ...envFiles.flatMap((file) => ['--env-file', file]),
    ...verb,
  ];
}
