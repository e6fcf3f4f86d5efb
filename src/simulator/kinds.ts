// The releases that a policy is rehearsed against: one that is well, and seven that are not, each in a way of its own.
import { type Behaviour, ordinary, slowMs } from './behaviour.ts';

export type Kind = {
  /** Short, for tables. */
  readonly name: string;
  /** What it does, for people. */
  readonly tells: string;
  readonly behaviour: Behaviour;
};

function broken(percent: number): Kind {
  return {
    name: `${percent} % broken`,
    tells: `${percent} % of its requests fail`,
    behaviour: { ...ordinary, errors: percent / 100 },
  };
}

export const healthy: Kind = {
  name: 'healthy',
  tells: 'as good as the old release: of both 0.1 % of the requests fail',
  behaviour: ordinary,
};

/** The least that its slow answers take. */
export const slowFromMs = slowMs.from;

/** The healthy one first. */
export const kinds: readonly Kind[] = [
  healthy,
  broken(1),
  broken(5),
  broken(50),
  broken(100),
  {
    name: 'slow',
    tells: 'a third of its answers take 1.2 to 1.8 s, the others 10 to 200 ms',
    behaviour: { ...ordinary, slow: 1 / 3 },
  },
  {
    name: 'crash-looping',
    tells: 'each container runs for 10 to 60 s, crashes, and is back 5 s later',
    behaviour: { ...ordinary, crashes: true },
  },
  {
    name: 'under traffic',
    tells:
      '20 % of what comes through the load balancer fails, and nothing that is asked of a droplet',
    behaviour: { ...ordinary, errors: 0.2, onlyUnderTraffic: true },
  },
];
