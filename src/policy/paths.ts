// Paths as text: what an operator wrote, made absolute. `node:path` would tie this folder to a machine.

export type Where = {
  /** What `~` means. */
  readonly home: string;
  /** Where relative paths of the command line start. */
  readonly cwd: string;
  /** The folder of the policies that come with bgctl. */
  readonly policies: string;
};

/** Absolute and without `.` and `..`; relative paths start at `from`. */
export function absolute(path: string, from: string, home: string): string {
  if (path === '~' || path.startsWith('~/')) return tidy(`${home}/${path.slice(1)}`);
  return tidy(path.startsWith('/') ? path : `${from}/${path}`);
}

export function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 1));
}

/** `standard` of `/opt/policies/standard.yml`. */
export function stemOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.ya?ml$/, '');
}

function tidy(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
