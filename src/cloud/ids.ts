// Names and numbers that go into an address of the API: dots-wrapper puts them there as they are.
import { assert } from '../lib/assert.ts';
import type { DropletId } from '../promotion/environment.ts';
import { CloudFailure } from './failure.ts';

export function checkBalancerId(id: string): void {
  if (/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(id)) return;
  throw wrong(
    `${quoted(id)} is not the id of a load balancer: those look like 4de7ac8b-495b-4884-9a69-1050c6793cd6.`,
  );
}

export function checkCertificateId(id: string): void {
  if (/^[\w-]{1,64}$/.test(id)) return;
  throw wrong(`${quoted(id)} is not the id of a certificate.`);
}

/** Throws Bug on an empty list: what the API makes of one is unknown, so none is ever sent. */
export function checkDropletIds(ids: readonly DropletId[]): void {
  assert(ids.length > 0, 'a list of droplets for DigitalOcean is never empty');
  for (const id of ids) {
    if (!Number.isSafeInteger(id) || id <= 0)
      throw wrong(`${quoted(id)} is not the id of a droplet.`);
  }
}

export function checkTag(tag: string): void {
  if (/^[\w:-]{1,255}$/.test(tag)) return;
  throw wrong(`${quoted(tag)} is not a tag: those are made of letters, digits, "_", "-" and ":".`);
}

/** The message never holds the token, not even a wrong one. */
export function checkTokenText(token: string): void {
  if (/^[\x21-\x7e]+$/.test(token)) return;
  throw wrong(
    token === ''
      ? 'The DigitalOcean token is empty: set the environment variable that bgctl.yml names.'
      : 'The DigitalOcean token holds characters that no token has, perhaps a space or the end of a line.',
  );
}

function quoted(value: unknown): string {
  return JSON.stringify(value).slice(0, 80);
}

function wrong(because: string): CloudFailure {
  return new CloudFailure('refused', `${because} Nothing was sent.`);
}
