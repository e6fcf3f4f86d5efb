// Reads the user's compose file: the services with their roles, or everything in it that bgctl refuses.
import { repositoryOf } from './compose-roles.ts';
import { composeRules } from './compose-rules.ts';
import type { ComposeService, ServiceNode } from './compose-services.ts';
import { readTree } from './compose-tree.ts';
import { at, type ComposeView, type Trouble, view } from './compose-view.ts';
import type { Variables } from './interpolate.ts';
import { type Parsed, problem } from './problem.ts';
import type { Settings } from './settings.ts';

export type ComposeFile = {
  /** In the order of the file; those with profiles are left out: Compose does not start them. */
  readonly services: readonly ComposeService[];
};

/** `variables`: what is known of the environment that Compose will interpolate from. Never throws. */
export function readComposeFile(
  text: string,
  file: string,
  settings: Settings,
  variables: Variables = {},
): Parsed<ComposeFile> {
  const { tree, problems } = readTree(text, file);
  const viewed = tree === null ? null : view(tree, settings, variables);
  const place = (trouble: Trouble) => problem(file, trouble);
  if (viewed === null || 'trouble' in viewed) {
    return { ok: false, problems: [...problems, ...(viewed?.trouble ?? []).map(place)] };
  }
  const found = [...problems, ...composeRules.flatMap((rule) => rule(viewed)).map(place)];
  if (found.length > 0) return { ok: false, problems: found };
  const services = viewed.services.map(publicPart);
  return { ok: true, value: { services }, warnings: warnings(viewed).map(place) };
}

function warnings({ switched, settings }: ComposeView): Trouble[] {
  const names = new Set(switched.map((service) => service.name));
  return switched.flatMap((service) => [
    ...service.dependsOn
      .filter(({ name }) => !names.has(name))
      .map(({ name, line, column }) => ({
        line,
        column,
        path: `services.${service.name}.depends_on`,
        message: `"${name}" is not started with a release: the dependency is left out`,
        mend: `see that ${name} runs before a promotion`,
      })),
    ...service.unknownPorts.map(({ line, column, missing }) => ({
      line,
      column,
      path: `services.${service.name}.ports`,
      message: `cannot be checked: ${missing.join(', ')} has no value here`,
      mend: `write a default, such as $\{${missing[0]}:-8000}`,
    })),
    ...withoutRestart(service),
    ...otherRepository(service, settings),
  ]);
}

function withoutRestart(service: ServiceNode): Trouble[] {
  if (service.tree.entries.has('restart') || service.tree.entries.has('deploy')) return [];
  const message = 'has no restart policy: it stays down after a crash or a restart of the droplet';
  return [at(service, '', { message, mend: 'write `restart: unless-stopped`' })];
}

function otherRepository(service: ServiceNode, { images }: Settings): Trouble[] {
  const { name, image } = service;
  const ours = Object.hasOwn(images, name) ? images[name] : undefined;
  // As written it still holds a variable, of which nothing is known.
  if (image === null || ours === undefined || image.includes('$')) return [];
  if (repositoryOf(image) === ours) return [];
  const message = `is ${repositoryOf(image)} here and ${ours} in bgctl.yml, which wins`;
  return [at(service, 'image', { message, mend: 'let both say the same' })];
}

function publicPart(service: ServiceNode): ComposeService {
  const { name, role, derivedBecause, image, ports, containerName, volumes, line, column } =
    service;
  return { name, role, derivedBecause, image, ports, containerName, volumes, line, column };
}
