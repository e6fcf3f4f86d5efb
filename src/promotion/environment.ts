// One running copy of a release, and its state machine: four states, five arrows, no other.
import { assert } from '../lib/assert.ts';
import type { Release } from './release.ts';

export type DropletId = number;
export type Pool = 'a' | 'b';
export type EnvironmentState = 'green' | 'blue' | 'draining' | 'retired';

export type Environment = {
  readonly release: Release;
  /** The place it runs on; a colour is never a place. */
  readonly pool: Pool;
  /** The pool's droplets as they were when the release was asked for. */
  readonly droplets: readonly DropletId[];
  /** Compose project: `vulcan-production-r42`. */
  readonly project: string;
  readonly state: EnvironmentState;
};

/** A compose project on one droplet. */
export type ProjectAt = { readonly project: string; readonly droplet: DropletId };

const arrows: Readonly<Record<EnvironmentState, readonly EnvironmentState[]>> = {
  green: ['blue', 'retired'],
  blue: ['draining'],
  draining: ['blue', 'retired'],
  retired: [],
};

/** The environment in its next state. Throws Bug where there is no such arrow: an illegal move stops the process. */
export function move(environment: Environment, to: EnvironmentState): Environment {
  assert(
    arrows[environment.state].includes(to),
    `${environment.project} cannot go from ${environment.state} to ${to}`,
  );
  return { ...environment, state: to };
}

/** Whether the arrow exists. */
export function mayMove(from: EnvironmentState, to: EnvironmentState): boolean {
  return arrows[from].includes(to);
}

/** Project name of a release of an app: `vulcan-production-r42`. */
export function projectName(app: string, release: string): string {
  return `${app}-${release}`;
}

export function otherPool(pool: Pool): Pool {
  return pool === 'a' ? 'b' : 'a';
}

/** The droplets that it runs on; none where there is no environment. */
export function dropletsOf(environment: Environment | null): readonly DropletId[] {
  return environment === null ? [] : environment.droplets;
}

/** The environment's project on each of its droplets. */
export function projectsOf(environment: Environment | null): readonly ProjectAt[] {
  if (environment === null) return [];
  return environment.droplets.map((droplet) => ({ project: environment.project, droplet }));
}

/** `vulcan-production-r42@3164444`: key of a project on a droplet. */
export function at(place: ProjectAt): string {
  return `${place.project}@${place.droplet}`;
}
