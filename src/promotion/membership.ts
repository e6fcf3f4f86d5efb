// The balancer's membership: what the journal expects of it, what is seen, and what the difference means.
import { type App, environmentsOf } from './app.ts';
import type { BalancerEffect } from './effect.ts';
import type { DropletId } from './environment.ts';
import { list } from './judgement.ts';
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

/** Every droplet of the app's pools and environments; all others are foreign (I7). */
export function oursOf(app: App, seen: Observation): readonly DropletId[] {
  const { live, other } = environmentsOf(app);
  const pools = seen.pools.known ? [...seen.pools.value.a, ...seen.pools.value.b] : [];
  const all = [
    ...pools,
    ...(live?.droplets ?? []),
    ...(other?.droplets ?? []),
    ...app.attached,
    ...app.unsure,
  ];
  return [...new Set(all)].sort((one, two) => one - two);
}

/** Of our droplets those that should be attached now; what we are unsure of is taken as seen. */
export function expectedOf(
  app: App,
  seen: Observation,
  attached: readonly DropletId[],
): readonly DropletId[] {
  const gone = seen.lost.known ? seen.lost.value : [];
  return oursOf(app, seen).filter((droplet) =>
    app.unsure.includes(droplet)
      ? attached.includes(droplet)
      : app.attached.includes(droplet) && !gone.includes(droplet),
  );
}

/** Droplets that should be attached and are not, our own doubts left out. They may have been destroyed. */
export function missing(app: App, attached: readonly DropletId[]): readonly DropletId[] {
  return app.attached.filter((d) => !attached.includes(d) && !app.unsure.includes(d));
}

/** A sentence on how the balancer differs from what the journal expects, or null. */
export function drift(app: App, seen: Observation, attached: readonly DropletId[]): string | null {
  const gone = seen.lost.known ? seen.lost.value : [];
  const left = missing(app, attached).filter((droplet) => !gone.includes(droplet));
  const came = oursOf(app, seen).filter(
    (d) => attached.includes(d) && !app.attached.includes(d) && !app.unsure.includes(d),
  );
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
