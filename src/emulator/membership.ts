// Adding droplets to a balancer and removing them: which edits the API takes, and how it refuses the rest.
import { z } from 'zod';
import type { Account } from './account.ts';
import type { Balancer } from './balancer.ts';
import { notFound, unprocessable, unprocessableFor } from './problem.ts';

const bodySchema = z.object({ droplet_ids: z.array(z.int()) });

export function addDroplets(account: Account, balancer: Balancer, body: unknown): void {
  const asked = droplets(account, balancer, body);
  if (asked.length === 0) return;
  const present = new Set(balancer.memberIds());
  for (const id of asked) refuseUnlessFitting(account, balancer, id);
  if (account.knobs.addPresent === 422 && asked.some((id) => present.has(id)))
    throw unprocessable('One of the droplets is already assigned to this load balancer.');
  balancer.change({ membership: { tag: '', dropletIds: [...new Set([...present, ...asked])] } });
}

export function removeDroplets(account: Account, balancer: Balancer, body: unknown): void {
  const asked = droplets(account, balancer, body);
  if (asked.length === 0) return;
  const present = new Set(balancer.memberIds());
  if (asked.some((id) => !present.has(id))) {
    if (account.knobs.removeAbsent === 404) throw notFound();
    if (account.knobs.removeAbsent === 422)
      throw unprocessable('One of the droplets is not assigned to this load balancer.');
  }
  const dropletIds = [...present].filter((id) => !asked.includes(id));
  balancer.change({ membership: { tag: '', dropletIds } });
}

/** Throws unless the droplet exists, in the balancer's region and VPC. */
export function refuseUnlessFitting(
  account: Account,
  { place }: Pick<Balancer, 'place'>,
  id: number,
): void {
  const droplet = account.droplets.get(id);
  if (droplet === undefined)
    throw account.knobs.unknownDroplet === 404 ? notFound() : unprocessableFor('droplet');
  if (droplet.region !== place.region) throw unprocessableFor('region');
  if (droplet.vpcUuid !== place.vpcUuid) throw unprocessableFor('vpc');
}

/** The droplets that an edit names; none where an empty list is allowed. */
function droplets(account: Account, balancer: Balancer, body: unknown): number[] {
  balancer.refuseIfBusy();
  if (balancer.membership.tag !== '') throw unprocessableFor('tag');
  if (balancer.place.type === 'GLOBAL')
    throw unprocessable('A global load balancer has no droplets of its own.');
  const parsed = bodySchema.safeParse(body);
  if (!parsed.success) throw unprocessable('droplet_ids must be a list of droplet ids.');
  const ids = parsed.data.droplet_ids;
  if (ids.length === 0 && account.knobs.emptyList === 422)
    throw unprocessable('need to provide either a tag or a list of droplets');
  return ids;
}
