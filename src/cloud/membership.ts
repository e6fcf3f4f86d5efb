// What a change of the balancer's membership means against what is attached now: send, done, or drift. Pure.
import { assert } from '../lib/assert.ts';
import type { DropletId } from '../promotion/environment.ts';
import type { MembershipChange } from '../world.ts';

export type Verb = 'attach' | 'detach';

export type Plan =
  /** Never empty. */
  | { readonly is: 'send'; readonly droplets: readonly DropletId[] }
  /** The balancer is already as wanted, by this change or an earlier try of it. */
  | { readonly is: 'done' }
  | { readonly is: 'drift'; readonly because: string };

type Wish = Pick<MembershipChange, 'droplets' | 'expected' | 'ours' | 'mayEmpty'>;

export function planChange(verb: Verb, wish: Wish, attached: readonly DropletId[]): Plan {
  assert(isWithin(wish.droplets, wish.ours), 'only droplets of ours are attached or detached');
  const mine = attached.filter((id) => wish.ours.includes(id));
  const expected = wish.expected.filter((id) => wish.ours.includes(id));
  if (isSame(mine, wanted(verb, wish, expected))) return { is: 'done' };
  if (!isSame(mine, expected)) return { is: 'drift', because: surprise(mine, expected) };
  const droplets = wish.droplets.filter((id) => attached.includes(id) === (verb === 'detach'));
  const left = wanted(verb, { droplets }, attached);
  if (left.length === 0 && !wish.mayEmpty) return { is: 'drift', because: emptied(droplets) };
  return { is: 'send', droplets };
}

/** Whether the balancer's record shows the change, whatever else it shows. */
export function isShown(
  verb: Verb,
  { droplets }: Pick<Wish, 'droplets'>,
  attached: readonly DropletId[],
): boolean {
  return droplets.every((id) => attached.includes(id) === (verb === 'attach'));
}

function wanted(
  verb: Verb,
  { droplets }: Pick<Wish, 'droplets'>,
  from: readonly DropletId[],
): readonly DropletId[] {
  if (verb === 'attach') return [...new Set([...from, ...droplets])];
  return from.filter((id) => !droplets.includes(id));
}

function surprise(mine: readonly DropletId[], expected: readonly DropletId[]): string {
  const came = mine.filter((id) => !expected.includes(id));
  const went = expected.filter((id) => !mine.includes(id));
  const parts = [
    ...(came.length === 0 ? [] : [`${named(came)} came`]),
    ...(went.length === 0 ? [] : [`${named(went)} went`]),
  ];
  return `The load balancer is not as the journal says: ${parts.join(', ')}. Somebody else changed it, or a droplet was destroyed. Put the membership back, or see with bgctl status what to resolve.`;
}

function emptied(droplets: readonly DropletId[]): string {
  return `Without ${named(droplets)} the load balancer would be empty, and answer everybody with 503. Attach another droplet first.`;
}

function named(ids: readonly DropletId[]): string {
  if (ids.length === 1) return `droplet ${ids[0]}`;
  return `droplets ${ids.slice(0, -1).join(', ')} and ${ids.at(-1)}`;
}

function isSame(some: readonly DropletId[], others: readonly DropletId[]): boolean {
  return isWithin(some, others) && isWithin(others, some);
}

function isWithin(some: readonly DropletId[], others: readonly DropletId[]): boolean {
  return some.every((id) => others.includes(id));
}
