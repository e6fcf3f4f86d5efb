// Whom a gate's probe asks: droplets one by one, or the balancer's address, behind which any of them may answer.
import type { GateSpec } from '../policy/policy.ts';
import { isAskedOnce } from '../policy/probe-spec.ts';
import type { Sample } from './sample.ts';

export type Asked = {
  /** Each of these must be heard of: droplets, or 0 for the balancer's address. */
  readonly names: readonly number[];
  /** Whose answer it is: one of the names; null: another environment's. */
  readonly whose: (sample: Sample) => number | null;
};

/** Answers at the balancer's address are the environment's where they name one of its droplets, or none. */
export function askedOf(spec: GateSpec, droplets: readonly number[]): Asked {
  if (isAskedOnce(spec.probe))
    return {
      names: [0],
      whose: ({ droplet }) => (droplet === 0 || droplets.includes(droplet) ? 0 : null),
    };
  return {
    names: droplets,
    whose: ({ droplet }) => (droplets.includes(droplet) ? droplet : null),
  };
}
