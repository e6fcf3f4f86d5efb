// Which environment answers at the balancer's own address: the truth about traffic, as a visitor meets it.
import type { Clock } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import type { Sighting, Traffic } from '../world.ts';
import { ask } from './ask.ts';
import { excerpt, statusAnd } from './detail.ts';
import { type Identity, type Name, nameIn, nobody, type Told } from './identity.ts';

/** A visitor would have left by then. */
const timeoutMs = 4_000;

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

function troubleOf(identity: Identity, { status, body }: Told, name: Name): string | null {
  if (status >= 500) return statusAnd(status, body);
  if (name.environment !== null || identity.kind === 'none') return null;
  return identity.kind === 'header'
    ? `HTTP ${status} without the header ${identity.environment}, so nobody can tell which environment answered`
    : `HTTP ${status} names no environment: ${excerpt(body)}`;
}
