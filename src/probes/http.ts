// Asks a path of a droplet's port, or of the balancer's address: ok, error, or unknown, with what was seen.
import type { Agent } from 'node:http';
import type { Outcome } from '../gates/sample.ts';
import type { Clock } from '../lib/clock.ts';
import { because } from '../lib/failure.ts';
import type { ProbeSpec } from '../policy/policy.ts';
import type { DropletId } from '../promotion/environment.ts';
import { type Answer, ask } from './ask.ts';
import { excerpt } from './detail.ts';

/** The way to a droplet's ports: its SSH connection, or the network itself. */
export type Reach = {
  /** Its private address, as the balancer knows it. Rejects with Failure. */
  readonly address: (droplet: DropletId) => Promise<string>;
  /**
   * Connects there, over a fresh connection each. A way that is broken raises a Failure; a port that refuses,
   * an error with code ECONNREFUSED. A socket through a tunnel is handed over when the port has answered.
   */
  readonly agent: (droplet: DropletId, address: string, port: number) => Agent;
  /** Resolves where the way itself answers now, within a second or two; rejects else. Asked after a time-out. */
  readonly check: (droplet: DropletId) => Promise<void>;
};

export type HttpSpec = Extract<ProbeSpec, { kind: 'http' }>;

export type Seen = { readonly outcome: Outcome; readonly detail: string };

/** Asks the app on the droplet, as the balancer's own health check does. */
export async function askDroplet(
  spec: HttpSpec,
  given: { droplet: DropletId; port: number; path: string; reach: Reach; clock: Clock },
): Promise<Seen> {
  const { droplet, reach, clock } = given;
  try {
    const address = await reach.address(droplet);
    const url = new URL(given.path, `http://${host(address)}:${given.port}`);
    const agent = reach.agent(droplet, address, given.port);
    const answer = await ask({ url, timeoutMs: spec.timeoutMs, agent }, clock);
    // A time-out is the app's only where the way to it still answers: else ours is the broken part (I5).
    if (answer.is === 'late') await reach.check(droplet);
    return seen(spec, answer);
  } catch (error) {
    return { outcome: 'unknown', detail: because(error) };
  }
}

/** Asks where people come in. */
export async function askBalancer(
  spec: HttpSpec,
  given: { address: string; path: string; clock: Clock },
): Promise<Seen> {
  const url = new URL(given.path, given.address);
  return seen(spec, await ask({ url, timeoutMs: spec.timeoutMs }, given.clock));
}

function seen(spec: HttpSpec, answer: Answer): Seen {
  if (answer.is === 'none')
    return { outcome: answer.ours ? 'unknown' : 'error', detail: answer.because };
  if (answer.is === 'late')
    return answer.sent
      ? { outcome: 'error', detail: answer.because }
      : { outcome: 'unknown', detail: `${answer.because}, before a connection was made` };
  const { status, body } = answer;
  const told = `HTTP ${status} ${excerpt(body)}`.trim();
  if (status < 200 || status > 299) return { outcome: 'error', detail: told };
  if (spec.expect === null || body.includes(spec.expect)) return { outcome: 'ok', detail: told };
  return {
    outcome: 'error',
    detail: `HTTP ${status} without ${JSON.stringify(spec.expect)}: ${excerpt(body)}`,
  };
}

function host(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
