// The endpoints that are emulated: what each needs of the token, and what it does.
import { z } from 'zod';
import type { Account } from './account.ts';
import type { Place } from './balancer.ts';
import { addDroplets, refuseUnlessFitting, removeDroplets } from './membership.ts';
import { rangeOf } from './metrics.ts';
import { page } from './page.ts';
import { missingScope, notFound, unprocessable } from './problem.ts';
import { membershipFrom, settingsFrom } from './settings.ts';
import { accountView, balancerView, dropletView, tagView } from './views.ts';

interface Call {
  account: Account;
  url: URL;
  /** What the pattern's groups matched, decoded. */
  args: string[];
  body: unknown;
}

export interface Answer {
  status: number;
  body?: unknown;
}

interface Route {
  method: string;
  pattern: RegExp;
  scope: string;
  handle: (call: Call) => Answer | Promise<Answer>;
}

const balancers = /^\/v2\/load_balancers$/;
const balancer = /^\/v2\/load_balancers\/([^/]+)$/;
const members = /^\/v2\/load_balancers\/([^/]+)\/droplets$/;
const metric = /^\/v2\/monitoring\/metrics\/load_balancer\/([^/]+)$/;

export const routes: readonly Route[] = [
  { method: 'GET', pattern: balancers, scope: 'load_balancer:read', handle: listBalancers },
  { method: 'POST', pattern: balancers, scope: 'load_balancer:create', handle: createBalancer },
  { method: 'GET', pattern: balancer, scope: 'load_balancer:read', handle: getBalancer },
  { method: 'PUT', pattern: balancer, scope: 'load_balancer:update', handle: replaceBalancer },
  { method: 'DELETE', pattern: balancer, scope: 'load_balancer:delete', handle: deleteBalancer },
  { method: 'POST', pattern: members, scope: 'load_balancer:update', handle: addMembers },
  { method: 'DELETE', pattern: members, scope: 'load_balancer:update', handle: removeMembers },
  { method: 'GET', pattern: /^\/v2\/droplets$/, scope: 'droplet:read', handle: listDroplets },
  { method: 'GET', pattern: /^\/v2\/droplets\/(\d+)$/, scope: 'droplet:read', handle: getDroplet },
  { method: 'GET', pattern: /^\/v2\/tags\/([^/]+)$/, scope: 'tag:read', handle: getTag },
  { method: 'GET', pattern: /^\/v2\/account$/, scope: 'account:read', handle: getAccount },
  { method: 'GET', pattern: metric, scope: 'monitoring:read', handle: queryMetric },
];

/** Throws the 403 of a token that lacks a scope. */
export function requireScope(account: Account, scope: string): void {
  const { scopes } = account.knobs;
  if (scopes !== null && !scopes.includes(scope)) throw missingScope();
}

function listBalancers({ account, url }: Call): Answer {
  return {
    status: 200,
    body: page('load_balancers', [...account.balancers.values()], url, balancerView),
  };
}

function getBalancer({ account, args: [id = ''] }: Call): Answer {
  return { status: 200, body: { load_balancer: balancerView(account.balancer(id)) } };
}

const placeSchema = z.object({
  region: z.string().default(''),
  vpc_uuid: z.uuid().optional(),
  type: z.enum(['REGIONAL', 'REGIONAL_NETWORK', 'GLOBAL']).default('REGIONAL'),
  network: z.enum(['EXTERNAL', 'INTERNAL']).default('EXTERNAL'),
});

async function createBalancer({ account, body }: Call): Promise<Answer> {
  const settings = settingsFrom(body, account.knobs.enforceHealthRanges);
  const membership = membershipFrom(body);
  const asked = placeSchema.safeParse(body);
  if (!asked.success) throw unprocessable(asked.error.issues[0]?.message ?? 'not valid');
  const { region, type, network } = asked.data;
  if (region === '' && type !== 'GLOBAL') throw unprocessable('region is required.');
  const place: Place = { region, type, network, vpcUuid: vpcOf(account, asked.data) };
  for (const id of membership.dropletIds) refuseUnlessFitting(account, { place }, id);
  const made = await account.createBalancer(place, settings, membership);
  return { status: 202, body: { load_balancer: balancerView(made) } };
}

function replaceBalancer({ account, args: [id = ''], body }: Call): Answer {
  const existing = account.balancer(id);
  existing.refuseIfBusy();
  const settings = settingsFrom(body, account.knobs.enforceHealthRanges);
  const membership = membershipFrom(body);
  for (const dropletId of membership.dropletIds) refuseUnlessFitting(account, existing, dropletId);
  existing.change({ settings, membership });
  return { status: 200, body: { load_balancer: balancerView(existing) } };
}

async function deleteBalancer({ account, args: [id = ''] }: Call): Promise<Answer> {
  const existing = account.balancer(id);
  existing.refuseIfBusy();
  account.balancers.delete(id);
  await existing.close();
  return { status: 204 };
}

function addMembers({ account, args: [id = ''], body }: Call): Answer {
  addDroplets(account, account.balancer(id), body);
  return { status: 204 };
}

function removeMembers({ account, args: [id = ''], body }: Call): Answer {
  removeDroplets(account, account.balancer(id), body);
  return { status: 204 };
}

function listDroplets({ account, url }: Call): Answer {
  const tag = url.searchParams.get('tag_name');
  const name = url.searchParams.get('name')?.toLowerCase();
  if (tag !== null && (name !== undefined || url.searchParams.has('type')))
    throw unprocessable('tag_name cannot be combined with name or type.');
  if (tag !== null) requireScope(account, 'tag:read');
  const all = tag === null ? [...account.droplets.values()] : account.tagged(tag);
  const found = all.filter((droplet) => name === undefined || droplet.name.toLowerCase() === name);
  return { status: 200, body: page('droplets', found, url, dropletView) };
}

function getDroplet({ account, args: [id = ''] }: Call): Answer {
  return { status: 200, body: { droplet: dropletView(account.droplet(Number(id))) } };
}

function getTag({ account, url, args: [name = ''] }: Call): Answer {
  const droplets = account.tagged(name);
  if (droplets.length === 0) throw notFound();
  return { status: 200, body: { tag: tagView(name, droplets, url.origin) } };
}

function getAccount({ account }: Call): Answer {
  return { status: 200, body: { account: accountView(account) } };
}

function queryMetric({ account, url, args: [name = ''] }: Call): Answer {
  const { start, end } = rangeOf(url.searchParams);
  const { metrics } = account.balancer(url.searchParams.get('lb_id') ?? '');
  const result = metrics.query(name, start, end);
  return { status: 200, body: { status: 'success', data: { resultType: 'matrix', result } } };
}

// Left out, the VPC is the region's default one: here, that of the first droplet there.
function vpcOf(account: Account, asked: z.output<typeof placeSchema>): string {
  const neighbour = [...account.droplets.values()].find(({ region }) => region === asked.region);
  return asked.vpc_uuid ?? neighbour?.vpcUuid ?? '00000000-0000-4000-8000-000000000000';
}
