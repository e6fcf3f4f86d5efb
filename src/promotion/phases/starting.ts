// Starting: green's compose project starts on every droplet of the free pool; ends early when that is hopeless.
import type { In } from '../app.ts';
import { type Effect, keyOf } from '../effect.ts';
import { type DropletId, type Environment, projectName } from '../environment.ts';
import { enter, fail, healthOf, tail, tired, wait, without } from '../judgement.ts';
import type { Observation } from '../observation.ts';
import type { Rules, Step } from '../rules.ts';

export const starting: Rules<'starting'> = {
  enter(from) {
    if (from.phase !== 'idle' || from.asked?.kind !== 'promote') return null;
    const { release, pool, droplets } = from.asked;
    const project = projectName(from.name, release.id);
    const green: Environment = { release, pool, droplets, project, state: 'green' };
    return { blue: from.blue, green };
  },
  abort: () => 'aborting',
  next(app, seen) {
    const until = app.since + app.policy.start.limitMs;
    const states = app.green.droplets.map((droplet) => look(app, seen, droplet));
    const lost = states.filter((state) => state.is === 'hopeless' || state.is === 'out-of-reach');
    if (lost.length > app.policy.start.missingMax)
      return fail(`${app.green.project} cannot become healthy: ${lost[0]?.because}`);
    if (seen.at >= until) {
      const slow = states.find((state) => state.is !== 'healthy');
      return fail(`${app.green.project} did not become healthy in time: ${slow?.because ?? ''}`);
    }
    const absent = states.filter((state) => state.is === 'absent');
    if (absent.length > 0)
      return start(
        app,
        absent.map((state) => state.droplet),
      );
    const slow = states.find((state) => state.is === 'starting' || state.is === 'unknown');
    if (slow !== undefined) return wait(slow.because, until);
    return enter('gating', `${app.green.project} is healthy on every droplet`, {
      ...(lost.length > 0 ? { without: lost.map((state) => state.droplet) } : {}),
    });
  },
};

type State = {
  readonly droplet: DropletId;
  readonly is: 'absent' | 'starting' | 'healthy' | 'hopeless' | 'unknown' | 'out-of-reach';
  readonly because: string;
};

function look(app: In<'starting'>, seen: Observation, droplet: DropletId): State {
  const { project } = app.green;
  const effect: Effect = { kind: 'start-project', project, droplet };
  const failure = app.failures[keyOf(effect)];
  if (failure !== undefined && tired(app, effect))
    return {
      droplet,
      is: 'hopeless',
      because: `it could not be started on droplet ${droplet}, ${failure.times} times: ${failure.because}`,
    };
  const health = healthOf(seen, project, droplet);
  if (!health.known) {
    const blindMs = seen.at - Math.max(health.since, app.since);
    return {
      droplet,
      is: blindMs >= app.policy.unreachableMs ? 'out-of-reach' : 'unknown',
      because: `droplet ${droplet} cannot be looked at: ${health.because}`,
    };
  }
  const { is, detail, restarts } = health.value;
  const because = `${is} on droplet ${droplet}${tail(detail)}`;
  if (is === 'absent' || is === 'healthy' || is === 'starting') return { droplet, is, because };
  const hopeless = is !== 'restarting' || restarts >= app.policy.start.restartsMax;
  return { droplet, is: hopeless ? 'hopeless' : 'starting', because };
}

function start(app: In<'starting'>, droplets: readonly DropletId[]): Step {
  const effects = droplets.map(
    (droplet): Effect => ({ kind: 'start-project', project: app.green.project, droplet }),
  );
  return { is: 'act', effects, because: `${app.green.project} is not running everywhere` };
}

/** Green as it goes on: without the droplets that the policy lets go. */
export function narrowed(green: Environment, gone: readonly DropletId[]): Environment {
  return { ...green, droplets: without(green.droplets, gone) };
}
