// Reads OpenSSH's known_hosts: which keys are pinned for an address, and what a key that was shown means.
import { createHash, createHmac } from 'node:crypto';

export type Pins = {
  /** Pinned for the address; empty when nobody ever pinned one. */
  readonly keys: readonly { readonly type: string; readonly key: Buffer }[];
  readonly revoked: readonly Buffer[];
};

/** Pins for `host` on `port`, from plain, wildcard, negated and hashed (`|1|`) entries. */
export function pinsFor(text: string, host: string, port: number): Pins {
  const names = port === 22 ? [host, `[${host}]:22`] : [`[${host}]:${port}`];
  const lines = text
    .split(/\r?\n/)
    .map(parse)
    .filter((line) => line !== null);
  const ours = lines.filter((line) => names.some((name) => covers(line.hosts, name)));
  return {
    keys: ours.filter((line) => line.marker === '').map(({ type, key }) => ({ type, key })),
    revoked: ours.filter((line) => line.marker === '@revoked').map(({ key }) => key),
  };
}

export function judgeKey(pins: Pins, key: Buffer): 'match' | 'changed' | 'unknown' | 'revoked' {
  if (pins.revoked.some((revoked) => revoked.equals(key))) return 'revoked';
  if (pins.keys.some((pin) => pin.key.equals(key))) return 'match';
  return pins.keys.length > 0 ? 'changed' : 'unknown';
}

/** As `ssh-keygen -l` prints it: `SHA256:…`. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/**
 * Names for the negotiation, so that the droplet shows a key of a kind that is pinned and not another of its keys.
 */
export function algorithmsFor(pins: Pins): readonly string[] {
  const types = new Set(pins.keys.map(({ type }) => type));
  return [...types].flatMap((type) =>
    type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type],
  );
}

type Line = { marker: string; hosts: string; type: string; key: Buffer };

function parse(line: string): Line | null {
  const words = line.trim().split(/\s+/);
  const marker = words[0]?.startsWith('@') ? words.shift() : '';
  const [hosts, type, body] = words;
  if (marker === undefined || hosts === undefined || hosts.startsWith('#')) return null;
  if (type === undefined || body === undefined) return null;
  return { marker, hosts, type, key: Buffer.from(body, 'base64') };
}

function covers(hosts: string, name: string): boolean {
  if (hosts.startsWith('|1|')) return hashed(hosts, name);
  const patterns = hosts.split(',');
  const fits = (pattern: string) => wildcard(pattern).test(name);
  if (patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern));
}

function hashed(entry: string, name: string): boolean {
  const [, , salt = '', hash = ''] = entry.split('|');
  const wanted = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return wanted.equals(Buffer.from(hash, 'base64'));
}

function wildcard(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i');
}
