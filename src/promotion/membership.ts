// The balancer's membership: what the journal expects of it, what is seen, and what the difference means.
import { type App, environmentsOf } from './app.ts';
import type { BalancerEffect } from './effect.ts';
import { type DropletId, dropletsOf, type Environment } from './environment.ts';
import { list, lostOf, without } from './judgement.ts';
import type { Known, Observation } from './observation.ts';

/** Attached droplets as seen since the last write, or why that is not known. */
export function attachedNow(app: App, seen: Observation): Known<readonly DropletId[]> {
  const { attached } = seen;
  if (attached.known && attached.at < app.wroteAt)
    return {
      known: false,
      because: 'the balancer was not read since the last write',
      since: app.wroteAt,
    };
  return attached;
}

const nobody = { a: [], b: [] };

/** Every droplet of the app's pools and environments; all others are foreign (I7). */
export function oursOf(app: App, seen: Observation): readonly DropletId[] {
  return [...new Set(oursIn(app, seen).flat())].sort((one, two) => one - two);
}

function oursIn(app: App, seen: Observation): readonly (readonly DropletId[])[] {
  const { live, other } = environmentsOf(app);
  const { a, b } = seen.pools.known ? seen.pools.value : nobody;
  return [a, b, dropletsOf(live), dropletsOf(other), app.attached, app.unsure];
}

/** Of our droplets those that should be attached now; what we are unsure of is taken as seen. */
function expectedOf(
  app: App,
  seen: Observation,
  attached: readonly DropletId[],
): readonly DropletId[] {
  const excused = [...lostOf(seen), ...departing(app)];
  return oursOf(app, seen).filter((droplet) =>
    app.unsure.includes(droplet) || excused.includes(droplet)
      ? attached.includes(droplet)
      : app.attached.includes(droplet),
  );
}

/** Droplets of which it must be known whether they still exist, because that explains what is seen. */
export function missing(app: App, attached: readonly DropletId[]): readonly DropletId[] {
  const astray = strayed(app, attached);
  const absent = comingBack(app).filter((d) => !attached.includes(d) && !astray.includes(d));
  return absent.length === 0 ? astray : [...astray, ...absent];
}

/** Droplets of which one may have been destroyed while it was out of the balancer, where nobody noticed. */
function comingBack(app: App): readonly DropletId[] {
  if (app.phase === 'held' && app.asked !== null)
    return [...dropletsOf(app.blue), ...dropletsOf(app.other)];
  // Going back must not wait for the question: it is asked only when one could not be attached.
  const refused = Object.keys(app.failures).some((key) => key.startsWith('attach-droplets '));
  return app.phase === 'aborting' && refused ? dropletsOf(app.keep) : [];
}

/** Droplets that should be attached and are not, our own doubts left out. */
function strayed(app: App, attached: readonly DropletId[]): readonly DropletId[] {
  const absent = without(app.attached, attached);
  return absent.length === 0 ? absent : without(absent, [...app.unsure, ...departing(app)]);
}

/** Going back, it is all one why the other side has left: asking would only delay it (I3). */
export function departing(app: App): readonly DropletId[] {
  if (app.phase !== 'aborting') return [];
  return without(dropletsOf(app.drop), dropletsOf(app.keep));
}

/** Our droplets that are found otherwise than the journal has them. */
export function differing(
  app: App,
  seen: Observation,
  attached: readonly DropletId[],
): readonly DropletId[] {
  return oursOf(app, seen).filter((d) => attached.includes(d) !== app.attached.includes(d));
}

/** A sentence on droplets of an unproven environment that people already reach, or null: a late write of ours. */
export function early(app: App, seen: Observation, green: Environment): string | null {
  const attached = attachedNow(app, seen);
  const inside = attached.known ? green.droplets.filter((d) => attached.value.includes(d)) : [];
  if (inside.length === 0) return null;
  return `${list(inside)} got into the load balancer before ${green.project} was proven`;
}

/** A sentence on how the balancer differs from what the journal expects, or null. */
export function drift(app: App, seen: Observation, attached: readonly DropletId[]): string | null {
  const left = without(strayed(app, attached), lostOf(seen));
  const unexpected = without(without(attached, app.attached), app.unsure);
  const ours = unexpected.length === 0 ? [] : oursIn(app, seen);
  const came = unexpected.filter((d) => ours.some((droplets) => droplets.includes(d)));
  if (left.length === 0 && came.length === 0) return null;
  const parts = [
    ...(left.length > 0 ? [`${list(left)} should be in it and ${are(left)} not`] : []),
    ...(came.length > 0 ? [`${list(came)} ${are(came)} in it and should not be`] : []),
  ];
  return `the load balancer was changed by someone else: ${parts.join('; ')}`;
}

export function attachEffect(
  app: App,
  seen: Observation,
  attached: readonly DropletId[],
  droplets: readonly DropletId[],
): BalancerEffect {
  return effectOn('attach-droplets', app, seen, attached, droplets, false);
}

export function detachEffect(
  app: App,
  seen: Observation,
  attached: readonly DropletId[],
  droplets: readonly DropletId[],
  mayEmpty = false,
): BalancerEffect {
  return effectOn('detach-droplets', app, seen, attached, droplets, mayEmpty);
}

function effectOn(
  kind: BalancerEffect['kind'],
  app: App,
  seen: Observation,
  attached: readonly DropletId[],
  droplets: readonly DropletId[],
  mayEmpty: boolean,
): BalancerEffect {
  return {
    kind,
    droplets,
    expected: expectedOf(app, seen, attached),
    ours: oursOf(app, seen),
    mayEmpty,
  };
}

function are(droplets: readonly DropletId[]): string {
  return droplets.length === 1 ? 'is' : 'are';
}
