// Which environment answers at the balancer's own address: the truth about traffic, as a visitor meets it.
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import type { DropletId } from '../promotion/environment.ts';
import type { Sighting, Traffic } from '../world.ts';
import { ask } from './ask.ts';
import { excerpt } from './detail.ts';

type Identity = Settings['traffic']['identity'];
type Name = Pick<Sighting, 'environment' | 'droplet'>;

/** A visitor would have left by then. */
const timeoutMs = 4_000;

const nobody: Name = { environment: null, droplet: null };

export function balancerTraffic(given: {
  readonly settings: Pick<Settings, 'traffic'>;
  /** URL of the balancer's own address: `https://shop.example`. */
  readonly address: string;
  readonly warmUpMs: () => Promise<number>;
  readonly clock: Clock;
}): Traffic {
  const { settings, address, warmUpMs, clock } = given;
  const { identity, health } = settings.traffic;
  const url = new URL(identity.kind === 'none' ? health : identity.path, address);
  return {
    identifies: identifies(identity),
    warmUpMs,
    async ask(): Promise<Sighting> {
      const answer = await ask({ url, timeoutMs }, clock);
      const at = clock.now();
      if (answer.is === 'none' && answer.ours)
        throw new Failure('traffic', `${url.origin} could not be asked: ${answer.because}`, {
          retry: 'soon',
        });
      if (answer.is !== 'answer')
        return { at, ...nobody, trouble: `${url.origin}: ${answer.because}` };
      const name = nameIn(identity, answer);
      return { at, ...name, trouble: troubleOf(identity, answer, name) };
    },
  };
}

/**
 * An identity path whose answers name no droplet still tells the environment, so no more is promised of it.
 */
function identifies(identity: Identity): Traffic['identifies'] {
  if (identity.kind === 'none') return 'nothing';
  return identity.kind === 'header' && identity.droplet !== null ? 'droplet' : 'environment';
}

type Told = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

function nameIn(identity: Identity, { status, headers, body }: Told): Name {
  switch (identity.kind) {
    case 'none':
      return nobody;
    case 'header':
      return {
        environment: text(headers[identity.environment.toLowerCase()]),
        droplet: identity.droplet === null ? null : id(headers[identity.droplet.toLowerCase()]),
      };
    case 'path':
      // An error page is no name, whatever stands in it.
      return status >= 200 && status <= 299 ? nameInBody(body) : nobody;
  }
}

/** JSON with `environment` and perhaps `droplet`, or the name alone. */
function nameInBody(body: string): Name {
  const value = json(body);
  if (typeof value === 'object' && value !== null)
    return {
      environment: 'environment' in value ? text(value.environment) : null,
      droplet: 'droplet' in value ? id(value.droplet) : null,
    };
  const plain = typeof value === 'string' ? value : body.trim();
  return { environment: /^[\w.-]{1,200}$/.test(plain) ? plain : null, droplet: null };
}

function troubleOf(identity: Identity, { status, body }: Told, name: Name): string | null {
  if (status >= 500) return `HTTP ${status} ${excerpt(body)}`.trim();
  if (name.environment !== null || identity.kind === 'none') return null;
  return identity.kind === 'header'
    ? `HTTP ${status} without the header ${identity.environment}, so nobody can tell which environment answered`
    : `HTTP ${status} names no environment: ${excerpt(body)}`;
}

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.trim() : null;
}

function id(value: unknown): DropletId | null {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number > 0 ? number : null;
}
