// Which compose projects on a droplet belong to the app — pure.
import type { Settings } from '../policy/settings.ts';
import type { Listed } from './docker.ts';

/**
 * By name (`app`, `app-r7`), by bgctl's label, or, for adoption, because it was started under the app's directory;
 * a project that holds only shared services (a database of its own) is never the app's.
 */
export function projectsOfApp(settings: Settings, all: readonly Listed[]): readonly string[] {
  const named = all.filter(({ project }) => project !== '');
  const names = [...new Set(named.map(({ project }) => project))].sort();
  return names.filter((name) =>
    isOfApp(
      settings,
      name,
      named.filter(({ project }) => project === name),
    ),
  );
}

function isOfApp(settings: Settings, name: string, containers: readonly Listed[]): boolean {
  const { app, compose } = settings;
  if (name === app || (name.startsWith(`${app}-r`) && /^\d+$/.test(name.slice(app.length + 2)))) {
    return true;
  }
  if (containers.some(({ labels }) => labels['bgctl.app'] === app)) return true;
  return containers.some(({ labels }) => {
    const directory = labels['com.docker.compose.project.working_dir'] ?? '';
    const role = compose.services[labels['com.docker.compose.service'] ?? ''];
    const under = directory === compose.directory || directory.startsWith(`${compose.directory}/`);
    return under && role !== 'shared' && labels['bgctl.app'] === undefined;
  });
}
