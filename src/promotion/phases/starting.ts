// Starting: green's compose project starts on every droplet of the free pool; ends early when that is hopeless.
import type { In } from '../app.ts';
import { type Effect, keyOf } from '../effect.ts';
import { type DropletId, type Environment, projectName } from '../environment.ts';
import { enter, fail, healthOf, tail, tired, wait, without } from '../judgement.ts';
import { early } from '../membership.ts';
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
    const intruded = early(app, seen, app.green);
    if (intruded !== null) return fail(intruded);
    const states = app.green.droplets.map((droplet) => look(app, seen, droplet));
    const lost = states.filter((state) => state.is === 'hopeless' || state.is === 'out-of-reach');
    if (!bearable(app, states, lost))
      return fail(
        `${app.green.project} cannot become healthy: ${lost[0]?.because ?? 'it has too few droplets'}`,
      );
    const pending = states.filter((state) => state.is !== 'healthy' && !lost.includes(state));
    if (pending.length === 0) return goOn(app, lost);
    if (seen.at >= until)
      return bearable(app, states, [...lost, ...pending])
        ? goOn(app, [...lost, ...pending])
        : fail(`${app.green.project} did not become healthy in time: ${pending[0]?.because}`);
    const absent = pending.filter((state) => state.is === 'absent');
    if (absent.length === 0) return wait(pending[0]?.because ?? '', until);
    return start(
      app,
      absent.map((state) => state.droplet),
    );
  },
};

type State = {
  readonly droplet: DropletId;
  readonly is: 'absent' | 'starting' | 'healthy' | 'hopeless' | 'unknown' | 'out-of-reach';
  readonly because: string;
};

/** Whether green may go on without these: the policy lets so many go, and enough stay to carry the traffic. */
function bearable(app: In<'starting'>, states: readonly State[], gone: readonly State[]): boolean {
  const { start, switch: switching } = app.policy;
  const left = states.length - gone.length;
  return gone.length <= start.missingMax && left >= Math.max(switching.floor, 1);
}

function goOn(app: In<'starting'>, gone: readonly State[]): Step {
  if (gone.length === 0) return enter('gating', `${app.green.project} is healthy on every droplet`);
  const because = `${app.green.project} is healthy on enough droplets: ${gone.map((state) => state.because).join('; ')}`;
  return enter('gating', because, { without: gone.map((state) => state.droplet) });
}

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
  // Somebody else's containers under its name would pass for it: nobody knows what release they are.
  if (!isBegun(app, droplet))
    return { droplet, is: 'absent', because: `not begun on droplet ${droplet}` };
  const { is, detail, restarts } = health.value;
  const because = `${is} on droplet ${droplet}${tail(detail)}`;
  if (is === 'absent' || is === 'healthy' || is === 'starting') return { droplet, is, because };
  const hopeless = is !== 'restarting' || restarts >= app.policy.start.restartsMax;
  return { droplet, is: hopeless ? 'hopeless' : 'starting', because };
}

function isBegun(app: In<'starting'>, droplet: DropletId): boolean {
  return app.present.some(
    (place) => place.project === app.green.project && place.droplet === droplet,
  );
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
