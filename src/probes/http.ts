// Asks a path of a droplet's port, or of the balancer's address: ok, error, or unknown, with what was seen.
import type { Agent } from 'node:http';
import type { Clock } from '../lib/clock.ts';
import { because } from '../lib/failure.ts';
import type { HttpProbe, HttpRequest } from '../policy/probe-spec.ts';
import type { Settings } from '../policy/settings.ts';
import type { DropletId, Environment } from '../promotion/environment.ts';
import { type Answer, ask, type Question } from './ask.ts';
import { judged } from './expect.ts';
import { nameIn } from './identity.ts';
import { type Ready, ready, type Variables } from './request.ts';
import { type Seen, unknown } from './seen.ts';
import { tlsOf } from './tls.ts';

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

export type HttpParts = {
  readonly settings: Pick<Settings, 'traffic'>;
  readonly reach: Reach;
  /** URL of the balancer's own address: `http://203.0.113.9`. */
  readonly address: string;
  readonly variables: Variables;
  readonly clock: Clock;
};

export type Target = {
  readonly spec: HttpProbe;
  /** Of the probe's endpoints, the one whose turn it is. */
  readonly request: HttpRequest;
  readonly environment: Environment;
  readonly droplet: DropletId;
};

/** Asks where the probe says. */
export async function askHttp(target: Target, parts: HttpParts): Promise<Seen> {
  const { spec, request, environment } = target;
  const message = ready(request, environment.project, parts.variables);
  if (!message.ok) return unknown(message.because);
  const asks = spec.of === 'balancer' ? askBalancer : askDroplet;
  try {
    const seen = await asks(target, message, parts);
    return { ...seen, detail: message.clean(seen.detail) };
  } catch (error) {
    return unknown(message.clean(because(error)));
  }
}

type Message = Extract<Ready, { ok: true }>;

/** Asks the app on the droplet, as the balancer's own health check does. */
async function askDroplet(target: Target, message: Message, parts: HttpParts): Promise<Seen> {
  const { spec, request, droplet } = target;
  const { reach, clock } = parts;
  const { health, ports } = parts.settings.traffic;
  const port = spec.port ?? ports[0];
  if (port === undefined) return unknown('traffic.ports names no port to ask');
  const address = await reach.address(droplet);
  const scheme = spec.tls === undefined ? 'http' : 'https';
  const url = new URL(request.path ?? health, `${scheme}://${host(address)}:${port}`);
  const agent = reach.agent(droplet, address, port);
  const answer = await ask({ ...(await question(target, message, url)), agent }, clock);
  // A time-out is the app's only where the way to it still answers: else ours is the broken part (I5).
  if (answer.is === 'late') await reach.check(droplet);
  return seen(request, answer);
}

/** Asks where people come in, and says who answered where the answer does. */
async function askBalancer(target: Target, message: Message, parts: HttpParts): Promise<Seen> {
  const { health, identity } = parts.settings.traffic;
  const path = target.request.path ?? health;
  const url = new URL(path, parts.address);
  const answer = await ask(await question(target, message, url), parts.clock);
  const told = seen(target.request, answer);
  // In a body only the identity's own path names anybody.
  if (answer.is !== 'answer' || (identity.kind === 'path' && identity.path !== path)) return told;
  const { environment, droplet } = nameIn(identity, answer);
  return {
    ...told,
    ...(environment === null ? {} : { environment }),
    ...(droplet === null ? {} : { droplet }),
  };
}

async function question({ spec }: Target, message: Message, url: URL): Promise<Question> {
  const { method, headers, body } = message;
  return {
    url,
    timeoutMs: spec.timeoutMs,
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    ...(spec.tls === undefined ? {} : { tls: await tlsOf(spec.tls) }),
  };
}

/** What an answer, or the lack of one, says of the thing asked. */
function seen(request: HttpRequest, answer: Answer): Seen {
  if (answer.is === 'none')
    return { outcome: answer.ours ? 'unknown' : 'error', detail: answer.because };
  if (answer.is === 'late')
    return answer.sent
      ? { outcome: 'error', detail: answer.because }
      : unknown(`${answer.because}, before a connection was made`);
  return judged(request, answer);
}

function host(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
