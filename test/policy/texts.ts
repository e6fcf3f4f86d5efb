// A bgctl.yml and a compose file without a fault, for tests that say only what differs.
import { parseSettings } from '../../src/policy/parse.ts';
import { formatProblems, type Parsed } from '../../src/policy/problem.ts';
import type { Settings } from '../../src/policy/settings.ts';

export const where = { home: '/home/ann', cwd: '/ci', policies: '/bgctl/policies' };

export const bgctlYml = `app: shop
cloud:
  token: \${DIGITALOCEAN_TOKEN}
  balancer: shop-lb
pools:
  a: { tag: shop-a }
  b: { droplets: [11, 12] }
hosts: { user: deploy }
compose:
  file: compose.yml
  directory: /opt/shop
  services: { db: shared }
  ephemeralVolumes: [cache]
images: { web: ghcr.io/acme/shop/web }
traffic:
  ports: [8000]
  health: /health
  identity: { header: x-bgctl-environment, path: / }
  drain: { service: web, fail: { signal: SIGUSR1 }, restore: { signal: SIGUSR2 } }
`;

export const composeYml = `services:
  web:
    image: ghcr.io/acme/shop/web:v1
    restart: unless-stopped
    ports: ["8000:8000"]
`;

/** Aliases of aliases: twelve lines that would grow to many millions. */
export const bomb = Array.from(
  { length: 12 },
  (_, n) => `k${n}: &a${n} [${`*a${n - 1}, `.repeat(n ? 9 : 0)}x]`,
).join('\n');

/** Replaces one passage that must be there, so that a test cannot pass because nothing was changed. */
export function changed(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`"${from}" is not there exactly once`);
  return text.replace(from, () => to);
}

export function settings(text = bgctlYml): Settings {
  return parsedValue(parseSettings(text, 'bgctl.yml', where));
}

export function parsedValue<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(formatProblems(parsed.problems));
  return parsed.value;
}

/** What an operator would read; empty when there is nothing to complain about. */
export function complaints(parsed: Parsed<unknown>): string[] {
  return parsed.ok ? [] : formatProblems(parsed.problems).split('\n');
}
