// `{environment}` and the like in a query or a word, filled in so that each environment is asked for apart.
import { placeholders } from '../policy/probe-spec.ts';
import type { DropletId, Environment } from '../promotion/environment.ts';

const placeholder = new RegExp(`\\{(${placeholders.join('|')})\\}`, 'g');

export function fillIn(text: string, environment: Environment, droplet: DropletId): string {
  const { project, release, pool } = environment;
  const values: Readonly<Record<string, string>> = {
    environment: project,
    release: release.id,
    app: project.slice(0, -release.id.length - 1),
    pool,
    droplet: String(droplet),
  };
  return text.replace(placeholder, (_, name: string) => values[name] ?? '');
}
