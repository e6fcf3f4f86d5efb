// How a compose project stands, judged from its containers: the worst of them speaks for it.
import type { Instant } from '../lib/clock.ts';
import type { ProjectHealth } from '../promotion/observation.ts';
import type { Container } from './container.ts';
import { redact } from './redact.ts';

type Standing = ProjectHealth['is'];

/** Worst first. */
const order: readonly Standing[] = ['exited', 'restarting', 'unhealthy', 'starting', 'healthy'];

/** Without a health check a container must have run so long before it counts. */
const provenMs = 1000;

/** `now` is the droplet's clock, as `startedAt` is. */
export function standing(container: Container, now: Instant): Standing {
  const { status, health } = container;
  if (status === 'exited' || status === 'dead' || status === 'removing') return 'exited';
  if (status === 'restarting') return 'restarting';
  if (status === 'paused') return 'unhealthy';
  if (status === 'created') return container.error === '' ? 'starting' : 'exited';
  // What Docker is not known to say is no good news (I5).
  if (status !== 'running') return 'unhealthy';
  if (health === null) return now - container.startedAt >= provenMs ? 'healthy' : 'starting';
  if (health.status === 'healthy') return 'healthy';
  return health.status === 'unhealthy' ? 'unhealthy' : 'starting';
}

export type Judged = {
  readonly is: Standing;
  readonly restarts: number;
  /** Those that speak for the project; empty when it is healthy or absent. */
  readonly worst: readonly Container[];
};

export function judge(all: readonly Container[], now: Instant): Judged {
  const lasting = all.filter((container) => !container.oneOff);
  const containers = lasting.filter((container) => !completed(container, lasting));
  const restarts = Math.max(0, ...containers.map((container) => container.restarts));
  if (containers.length === 0) return { is: 'absent', restarts, worst: [] };
  const is =
    order.find((kind) => containers.some((one) => standing(one, now) === kind)) ?? 'starting';
  const worst =
    is === 'healthy' ? [] : containers.filter((container) => standing(container, now) === is);
  return { is, restarts, worst };
}

/** An init container that others waited for (`service_completed_successfully`) did what it was for. */
function completed(container: Container, all: readonly Container[]): boolean {
  const once = container.restartPolicy === 'no' || container.restartPolicy === '';
  const done = container.status === 'exited' && container.exitCode === 0 && once;
  return done && all.some((other) => other.status === 'running' || other.status === 'restarting');
}

const charsMax = 1500;

/** For people: container, state, exit code, its last health answer and log lines, without its environment's values. */
export function detail(container: Container, is: Standing, logs: string): string {
  // Masked before anything is cut: half a secret is one too.
  const masked = (text: string) => redact(text, container.env).trim();
  const parts = [`${container.name} is ${masked(words(container, is))}`];
  const health = masked(container.health?.output ?? '');
  if (health !== '') parts.push(`health check said: ${health.slice(-400)}`);
  if (logs.trim() !== '') parts.push(`last log lines:\n${masked(logs)}`);
  const text = parts.join('; ');
  return text.length <= charsMax ? text : shortened(text);
}

function words(container: Container, is: Standing): string {
  const { exitCode, error, oomKilled, restarts } = container;
  if (error !== '') return `${is}: ${error}`;
  const often = restarts === 0 ? '' : `, restarted ${restarts} times`;
  if (is !== 'exited' && is !== 'restarting') return `${is}${often}`;
  const memory = oomKilled ? ', out of memory' : '';
  return `${is} (exit code ${exitCode}${memory}${often})`;
}

/** The beginning says what, the end of the log says why. */
function shortened(text: string): string {
  const head = text.slice(0, 300);
  return `${head}\n…\n${text.slice(-(charsMax - head.length - 3))}`;
}
