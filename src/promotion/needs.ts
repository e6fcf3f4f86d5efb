// What a phase needs to have looked at: the loop asks for this, not for everything (5,000 calls an hour).
import type { Instant } from '../lib/clock.ts';
import type { GateSpec } from '../policy/policy.ts';
import { type App, environmentsOf } from './app.ts';
import { type Environment, type ProjectAt, projectsOf } from './environment.ts';
import { freshMs } from './judgement.ts';
import { judgedPart, judgedSince, type Uncommitted } from './phases/joining.ts';

export type Needs = {
  /** Droplets per pool: only where nothing is known yet. */
  readonly pools: boolean;
  /** The balancer's record, at most this old. */
  readonly attachedMaxAgeMs: number;
  /** Answers through the balancer's own address. */
  readonly serving: boolean;
  readonly projects: readonly ProjectAt[];
  readonly connections: readonly ProjectAt[];
  readonly strangers: boolean;
  readonly gates: GatesWanted | null;
};

export type GatesWanted = {
  readonly gates: readonly GateSpec[];
  readonly environment: Environment;
  /** The other environment, which some gates compare with; null under the first release. */
  readonly baseline: Environment | null;
  /** Both are in the balancer, so that an answer which names nobody may be either's. */
  readonly shared?: true;
  /** What was measured before says nothing; the phase's beginning where it is not said. */
  readonly since?: Instant;
};

export function needs(app: App): Needs {
  const { live, other } = environmentsOf(app);
  const none: Needs = {
    pools: true,
    attachedMaxAgeMs: 30_000,
    serving: false,
    projects: [],
    connections: [],
    strangers: false,
    gates: null,
  };
  switch (app.phase) {
    case 'idle':
      return { ...none, strangers: app.blue === null };
    case 'starting':
      return { ...none, projects: projectsOf(app.green) };
    case 'gating':
      return {
        ...none,
        projects: projectsOf(app.green),
        gates: { gates: app.policy.gate.gates, environment: app.green, baseline: app.blue },
      };
    case 'switching':
      return {
        ...none,
        attachedMaxAgeMs: freshMs / 2,
        serving: true,
        projects: [...projectsOf(live), ...projectsOf(other)],
        connections: app.committed ? projectsOf(app.draining) : [],
        gates: app.committed ? null : whileJoining(app),
      };
    case 'verifying':
      return {
        ...none,
        projects: [...projectsOf(live), ...projectsOf(other)],
        gates: { gates: app.policy.verify.gates, environment: app.blue, baseline: app.draining },
      };
    case 'retiring':
      return { ...none, connections: projectsOf(app.draining) };
    case 'aborting':
      return {
        ...none,
        serving: true,
        projects: [...projectsOf(live), ...projectsOf(other)],
        connections: projectsOf(app.drop),
      };
    case 'held':
      return none;
  }
}

/** Green is judged beside blue once what came first was seen to serve. */
function whileJoining(app: Uncommitted): Needs['gates'] {
  const { gates = [] } = app.policy.switch;
  if (app.joining.judgedSince === null || gates.length === 0) return null;
  const environment = judgedPart(app);
  return { gates, environment, baseline: app.blue, shared: true, since: judgedSince(app) };
}
