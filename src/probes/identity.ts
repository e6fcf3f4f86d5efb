// Who answered, as far as an answer says so: its environment, and perhaps its droplet.
import type { IncomingHttpHeaders } from 'node:http';
import type { Settings } from '../policy/settings.ts';
import type { DropletId } from '../promotion/environment.ts';
import type { Sighting } from '../world.ts';

export type Identity = Settings['traffic']['identity'];
export type Name = Pick<Sighting, 'environment' | 'droplet'>;

export const nobody: Name = { environment: null, droplet: null };

export type Told = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

export function nameIn(identity: Identity, { status, headers, body }: Told): Name {
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
