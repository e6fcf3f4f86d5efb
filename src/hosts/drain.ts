// Makes the app fail its health check while it keeps serving, and stop doing so, as the owner says it can be done.
import { type RequestOptions, request } from 'node:http';
import type { Clock } from '../lib/clock.ts';
import { because, Failure } from '../lib/failure.ts';
import type { HealthOrder, Settings } from '../policy/settings.ts';
import type { ProjectAt } from '../promotion/environment.ts';
import type { Container } from './container.ts';
import { signalScript } from './scripts.ts';
import type { SshHost } from './ssh.ts';
import { within } from './within.ts';

type DrainGiven = {
  readonly settings: Settings;
  readonly host: SshHost;
  readonly clock: Clock;
};

/** `write` runs words on the droplet under the guard. A project of which nothing runs has nothing to do. */
export async function orderHealth(
  given: DrainGiven,
  place: ProjectAt,
  which: 'fail' | 'restore',
  containers: readonly Container[],
  write: (command: readonly string[]) => Promise<void>,
): Promise<void> {
  const { drain } = given.settings.traffic;
  if (drain === null) return;
  const running = containers.filter(
    ({ service, status }) => service === drain.service && status === 'running',
  );
  if (running.length === 0 && containers.some(({ status }) => status === 'running')) {
    throw new Failure(
      'host',
      `${place.project} on droplet ${place.droplet} runs, but not its service ${drain.service} (traffic.drain.service).`,
    );
  }
  if (running.length === 0) return;
  const order = drain[which];
  if ('signal' in order) {
    const pairs = running.flatMap(({ id, pid }) => [id, String(pid)]);
    return write(['sh', '-c', signalScript, 'bgctl', order.signal, ...pairs]);
  }
  if ('command' in order) {
    for (const { id } of running) await write(['docker', 'exec', id, ...order.command]);
    return;
  }
  // The fence is on the droplet, the request is not: pass the fence first.
  await write(['true']);
  await ask(given, place, order.request);
}

type Request = Extract<HealthOrder, { request: unknown }>['request'];

const limitMs = 5_000;

async function ask(given: DrainGiven, place: ProjectAt, order: Request): Promise<void> {
  const port = given.settings.traffic.ports[0] ?? 80;
  const what = `${order.method} ${order.path} on droplet ${place.droplet}`;
  const host = given.host.address();
  const agent = given.host.httpAgent(host, port);
  const status = await within({ clock: given.clock, ms: limitMs, what }, (signal) =>
    statusOf({ ...order, agent, signal, host, port }),
  ).catch((error: unknown) => {
    if (error instanceof Failure) throw error;
    throw new Failure('host', `${what} failed: ${because(error)}.`, { retry: 'soon' });
  });
  if (status >= 200 && status < 300) return;
  throw new Failure('host', `${what} answered ${status}; wanted 200 to 299.`, { retry: 'soon' });
}

function statusOf(options: RequestOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(options, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}
