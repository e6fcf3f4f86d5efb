// The one place that speaks HTTP to DigitalOcean: token, time-outs, limit, patience.
import { modules } from 'dots-wrapper';
import pRetry from 'p-retry';
import type { z } from 'zod';
import type { Clock, Instant } from '../lib/clock.ts';
import type { DropletId } from '../promotion/environment.ts';
import type { MetricSeries } from '../world.ts';
import { answers } from './answers.ts';
import { type BudgetLimits, requestBudget, type Turn, usualLimits } from './budget.ts';
import { type ConnectionOptions, type Context, connection, contextOf } from './connection.ts';
import type { BalancerFacts, CertificateFacts, DropletFacts } from './facts.ts';
import { type Call, CloudFailure, failureOf } from './failure.ts';
import {
  checkBalancerId,
  checkCertificateId,
  checkDropletIds,
  checkTag,
  checkTokenText,
} from './ids.ts';
import { metricAnswer, metricPath } from './metric-answer.ts';
import { allOf, pageSize } from './pages.ts';
import { troubleOf } from './trouble.ts';

export type ClientOptions = ConnectionOptions & {
  readonly clock: Clock;
  /** Told of every request when it has ended: `POST /load_balancers/… [3, 4] → 204 in 80 ms`. */
  readonly onCall?: ((line: string) => void) | undefined;
  readonly limits?: BudgetLimits;
};

/** Every call is one request, or one a page, and rejects with CloudFailure; only `patiently` repeats. */
export type CloudClient = {
  balancer(id: string, turn: Turn): Promise<BalancerFacts>;
  balancers(turn: Turn): Promise<readonly BalancerFacts[]>;
  droplet(id: DropletId, turn: Turn): Promise<DropletFacts>;
  dropletsTagged(tag: string, turn: Turn): Promise<readonly DropletFacts[]>;
  certificate(id: string, turn: Turn): Promise<CertificateFacts>;
  /** One of the balancer's metrics between two times. */
  metric(
    id: string,
    name: string,
    span: { readonly from: Instant; readonly to: Instant },
    turn: Turn,
  ): Promise<readonly MetricSeries[]>;
  addDroplets(id: string, droplets: readonly DropletId[], turn: Turn): Promise<void>;
  removeDroplets(id: string, droplets: readonly DropletId[], turn: Turn): Promise<void>;
  /**
   * Does `work` again while it rejects with what passes (busy, rate limit, 5xx, resets), until `limitMs` is
   * over or `patience.signal` aborts. Work that writes must read before it writes, each time.
   */
  patiently<T>(patience: Patience, work: (turn: Turn) => Promise<T>): Promise<T>;
  /** Requests sent so far. */
  calls(): number;
  close(): void;
};

type Patience = Turn & { readonly limitMs: number };

const attemptsMax = 1000;

export function cloudClient(given: ClientOptions): CloudClient {
  const { clock, token, onCall = () => {} } = given;
  checkTokenText(token);
  const { http, close } = connection(given);
  const budget = requestBudget(clock, given.limits ?? usualLimits);
  let calls = 0;

  async function ask<T>(
    call: Call & { readonly line: string },
    turn: Turn,
    request: (context: Context) => Promise<{ status: number; data: unknown }>,
    shape: z.ZodType<T> | null,
  ): Promise<T> {
    await budget.take(turn);
    calls += 1;
    const began = clock.now();
    const tell = (how: string | number) =>
      onCall(`${call.line} → ${how} in ${Math.round(clock.now() - began)} ms`);
    try {
      const answer = await request(contextOf(http, turn.signal));
      tell(answer.status);
      // A write answers 204 without a body: then there is nothing to read.
      return shape === null ? (undefined as T) : understood(answer.data, call, shape);
    } catch (error) {
      if (error instanceof CloudFailure) throw error;
      const trouble = troubleOf(error, token);
      tell(trouble.status ?? trouble.code);
      const failure = failureOf(trouble, call, clock.now());
      if (failure.kind === 'rate-limited') budget.pause(clock.now() + waitOf(failure, 1));
      throw failure;
    }
  }

  async function write(
    verb: 'add' | 'remove',
    id: string,
    droplets: readonly DropletId[],
    turn: Turn,
  ): Promise<void> {
    checkBalancerId(id);
    checkDropletIds(droplets);
    const method = verb === 'add' ? 'POST' : 'DELETE';
    const call = {
      line: `${method} /load_balancers/${id}/droplets [${droplets.join(', ')}]`,
      does: `${verb} droplets ${droplets.join(', ')} ${verb === 'add' ? 'to' : 'from'} the load balancer`,
      scope: 'load_balancer:update',
      writes: true,
    };
    const input = { load_balancer_id: id, droplet_ids: [...droplets] };
    return ask<void>(
      call,
      turn,
      (context) =>
        verb === 'add'
          ? modules.loadBalancer.addDropletsToLoadBalancer(context)(input)
          : modules.loadBalancer.removeDropletsFromLoadBalancer(context)(input),
      null,
    );
  }

  return {
    async balancer(id, turn) {
      checkBalancerId(id);
      const call = read(`/load_balancers/${id}`, 'read the load balancer', 'load_balancer:read');
      const get = (context: Context) =>
        modules.loadBalancer.getLoadBalancer(context)({ load_balancer_id: id });
      const found = await ask(call, turn, get, answers.balancer);
      if (found.id.toLowerCase() !== id.toLowerCase()) throw misunderstood(call, 'id');
      return found;
    },
    balancers(turn) {
      const does = 'list the load balancers';
      return allOf((page) => {
        const call = read(`/load_balancers?page=${page}`, does, 'load_balancer:read');
        const list = (context: Context) =>
          modules.loadBalancer.listLoadBalancers(context)({ page, per_page: pageSize });
        return ask(call, turn, list, answers.balancers);
      }, does);
    },
    async droplet(id, turn) {
      checkDropletIds([id]);
      const call = read(`/droplets/${id}`, `read droplet ${id}`, 'droplet:read');
      const get = (context: Context) => modules.droplet.getDroplet(context)({ droplet_id: id });
      const found = await ask(call, turn, get, answers.droplet);
      if (found.id !== id) throw misunderstood(call, 'id');
      return found;
    },
    async dropletsTagged(tag, turn) {
      checkTag(tag);
      const does = `list the droplets with the tag ${tag}`;
      const all = await allOf((page) => {
        const line = `/droplets?tag_name=${tag}&page=${page}`;
        const call = read(line, does, 'droplet:read (and tag:read)');
        const list = (context: Context) =>
          modules.droplet.listDroplets(context)({ tag_name: tag, page, per_page: pageSize });
        return ask(call, turn, list, answers.droplets);
      }, does);
      // All of the account's droplets would become a pool where the question was not heard whole.
      if (!all.every(({ tags }) => isTagged(tags, tag))) throw misunderstood({ does }, 'tags');
      return all;
    },
    async certificate(id, turn) {
      checkCertificateId(id);
      const path = `/certificates/${id}`;
      const call = read(path, `read the certificate ${id}`, 'certificate:read');
      const get = ({ httpClient }: Context) => httpClient.get<unknown>(path);
      const found = await ask(call, turn, get, answers.certificate);
      if (found.id !== id) throw misunderstood(call, 'id');
      return found;
    },
    async metric(id, name, { from, to }, turn) {
      checkBalancerId(id);
      const path = metricPath(id, name, from, to);
      const call = read(path, `read the load balancer's metric ${name}`, 'monitoring:read');
      // dots-wrapper knows the droplets' metrics only.
      const get = ({ httpClient }: Context) => httpClient.get<unknown>(path);
      return ask(call, turn, get, metricAnswer);
    },
    addDroplets: (id, droplets, turn) => write('add', id, droplets, turn),
    removeDroplets: (id, droplets, turn) => write('remove', id, droplets, turn),
    patiently: (patience, work) => patiently(clock, patience, work),
    calls: () => calls,
    close,
  };
}

function read(path: string, does: string, scope: string): Call & { readonly line: string } {
  return { line: `GET ${path}`, does, scope, writes: false };
}

function understood<T>(data: unknown, call: Call, shape: z.ZodType<T>): T {
  const parsed = shape.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'its body' : issue.path.join('.');
  throw misunderstood(call, where);
}

/** Tags are told apart without regard to their case; an answer that leaves them out says nothing of them. */
function isTagged(tags: readonly string[], tag: string): boolean {
  return tags.length === 0 || tags.some((one) => one.toLowerCase() === tag.toLowerCase());
}

function misunderstood({ does }: Pick<Call, 'does'>, where: string): CloudFailure {
  return new CloudFailure(
    'transient',
    `Could not ${does}: DigitalOcean's answer was cut short, or is not what its description says (${where}). Nothing was changed; bgctl takes nothing from it.`,
    { retry: 'soon' },
  );
}

/**
 * p-retry would wait by the machine's clock; it is given no waits of its own, and the world's clock has them. `chance`
 * spreads them: the machine's own, but for a simulation.
 */
export async function patiently<T>(
  clock: Clock,
  { limitMs, signal, goesBack }: Patience,
  work: (turn: Turn) => Promise<T>,
  chance = () => Math.random(),
): Promise<T> {
  const deadline = clock.now() + limitMs;
  const over = new AbortController();
  const turn: Turn = {
    goesBack,
    signal: signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]),
  };
  let last: CloudFailure | null = null;
  const gaveUp = (error: unknown) =>
    signal?.aborted ? interrupted(error, last) : worn(error, last, limitMs);
  const callOff = clock.alarm(limitMs, () => over.abort());
  try {
    return await pRetry(() => work(turn), {
      retries: attemptsMax,
      minTimeout: 0,
      factor: 1,
      shouldRetry: ({ error }) => passes(error),
      onFailedAttempt: async ({ error, attemptNumber }) => {
        if (!passes(error)) throw gaveUp(error);
        last = error;
        const waitMs = waitOf(error, attemptNumber, chance);
        if (clock.now() + waitMs > deadline) throw gaveUp(null);
        await clock.sleep(waitMs, turn.signal);
        if (turn.signal?.aborted) throw gaveUp(null);
      },
    });
  } finally {
    callOff();
  }
}

function passes(error: unknown): error is CloudFailure {
  return (
    error instanceof CloudFailure && ['busy', 'rate-limited', 'transient'].includes(error.kind)
  );
}

const backoff = {
  busy: { firstMs: 2000, factor: 1.6, mostMs: 15_000 },
  'rate-limited': { firstMs: 1000, factor: 1.6, mostMs: 30_000 },
  transient: { firstMs: 500, factor: 2, mostMs: 8000 },
} as const;

function waitOf(failure: CloudFailure, attempt: number, chance = Math.random): number {
  if (typeof failure.retry === 'object') return failure.retry.afterMs;
  const { kind } = failure;
  const { firstMs, factor, mostMs } =
    kind === 'busy' || kind === 'rate-limited' ? backoff[kind] : backoff.transient;
  // Up to a fifth more, so that two programs that were refused together do not return together.
  return Math.min(mostMs, firstMs * factor ** (attempt - 1)) * (1 + chance() / 5);
}

/** What it ends with at its limit: the last trouble that would have passed, and a request cut off by the limit. */
function worn(error: unknown, last: CloudFailure | null, limitMs: number): unknown {
  if (last === null || !(error === null || isStop(error))) return error;
  const cutOff = error === null ? '' : ` ${error.message}`;
  const stuck =
    last.kind === 'busy'
      ? ' A load balancer can get stuck: if this goes on, ask DigitalOcean to look at it.'
      : '';
  return new CloudFailure(
    last.kind,
    `${last.message}${cutOff} bgctl kept trying, and gives up after ${Math.round(limitMs / 1000)} s.${stuck}`,
    { retry: last.retry, ambiguous: last.ambiguous || error?.ambiguous === true },
  );
}

/** What it ends with when its caller stopped it; a doubt about an earlier write is not lost. */
function interrupted(error: unknown, last: CloudFailure | null): unknown {
  if (last === null || !(error === null || isStop(error))) return error;
  const stop = error === null ? 'bgctl was told to stop trying.' : error.message;
  return new CloudFailure('stopped', `${stop} Before that: ${last.message}`, {
    retry: 'soon',
    ambiguous: last.ambiguous || error?.ambiguous === true,
  });
}

function isStop(error: unknown): error is CloudFailure {
  return error instanceof CloudFailure && error.kind === 'stopped';
}
