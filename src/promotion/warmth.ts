// How long the old environment stays warm: by the policy, and by what people said.
import type { Instant } from '../lib/clock.ts';
import { type App, environmentsOf, type In } from './app.ts';
import type { Command } from './command.ts';
import type { Environment } from './environment.ts';
import { hooksEnded, nextHook } from './hook.ts';
import { wait } from './judgement.ts';
import { releaseNumber } from './release.ts';
import type { Step } from './rules.ts';

/** What a person's word, or the policy's `never`, keeps until somebody lets it go: a sentence; null: nothing does. */
export function keptBecause(app: App): string | null {
  const { kept, until } = app.warm;
  if (kept !== null) return `kept warm by ${kept.by} (${kept.because})`;
  const never = app.policy.drain.warmMs === null && until === null;
  return never ? `kept warm by the policy ${app.policy.name} (drain.warm: never)` : null;
}

/** When it may be retired at the earliest, if nothing keeps it. */
export function warmUntil(app: App): Instant {
  const byPolicy = (app.committedAt ?? app.since) + (app.policy.drain.warmMs ?? 0);
  return Math.max(byPolicy, app.warm.until ?? 0);
}

/** Waits for people's word; null where nothing that people said keeps it any more. */
export function asPeopleSaid(app: App, old: Environment, at: Instant): Step | null {
  const because = keptBecause(app);
  if (because !== null)
    return wait(`${old.project} is ${because}; \`bgctl hold --off\` lets it go`, null);
  const { until } = app.warm;
  return until === null || at >= until ? null : wait(`${old.project} stays warm`, until);
}

/** A choice out of held leaves one environment: a sentence where that ends what kept the old one; null: it does not. */
export function endOfHold(app: App, choice: Command): string | null {
  const because = keptBecause(app);
  const goes = app.phase === 'held' && because !== null ? leftBehind(app, choice) : null;
  if (goes === null) return null;
  return `${goes.project} was ${because}: that ends here, since only one environment stays, and ${goes.project} is removed`;
}

/** The old environment, where the choice gives it up. */
function leftBehind({ blue, other }: In<'held'>, choice: Command): Environment | null {
  const named = choice.kind === 'keep' ? choice.project : blue?.project;
  const stays = choice.kind === 'adopt' ? choice.blue?.project : named;
  const goes = [blue, other].find((one) => one !== null && one.project !== stays) ?? null;
  const newer = goes === blue ? other : blue;
  if (goes === null || newer === null) return null;
  return releaseNumber(goes.release.id) < releaseNumber(newer.release.id) ? goes : null;
}

/** Until when the verification may take: it begins anew when its hooks end, or people let the old environment go. */
export function verifiedUntil(app: In<'verifying'>): Instant {
  if (nextHook(app) !== null || (app.draining !== null && keptBecause(app) !== null))
    return Number.POSITIVE_INFINITY;
  return Math.max(app.since, app.warm.until ?? 0, hooksEnded(app)) + app.policy.verify.limitMs;
}

/** The old environment that people may keep: it stands, whole, and nothing of it is being removed. */
export function keepable(app: App): Environment | null {
  const { live, other } = environmentsOf(app);
  switch (app.phase) {
    case 'starting':
    case 'gating':
      return live;
    case 'switching':
      return app.committed ? other : live;
    case 'verifying':
      return other;
    case 'retiring':
      return other === null || isGoing(app, other) ? null : other;
    default:
      return null;
  }
}

function isGoing(app: App, { project, droplets }: Environment): boolean {
  const begun = app.unsettled.some(
    ({ effect }) => effect.kind === 'remove-project' && effect.project === project,
  );
  const tried = Object.keys(app.failures).some((key) =>
    key.startsWith(`remove-project ${project}@`),
  );
  const standing = app.present.filter((place) => place.project === project);
  return begun || tried || standing.length < droplets.length;
}
