// Open-loop HTTP traffic: requests leave on time whatever became of the earlier ones, and none is tried twice.
import { randomBytes } from 'node:crypto';
import { Agent, type IncomingMessage, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { type Counts, type Outcome, Tally } from './tally.ts';

export type Failure = { t: number; kind: string; method: string; path: string };

export type Summary = Counts & {
  seconds: number;
  failureKinds: Record<string, number>;
  /** The first 20; `t` is milliseconds since the epoch, when it failed. */
  failures: Failure[];
  /** Mark's name → requests sent while it was the last mark. A name used twice goes on counting. */
  windows: Record<string, Counts & { seconds: number }>;
  /** How late requests left, in ms: large numbers mean that this process lacked the CPU, not the target. */
  late: { p50: number | null; p99: number | null };
};

type Shot = { method: string; path: string; body: Buffer | null; fresh: boolean; short: boolean };

const limitMs = 10_000;
const failuresKept = 20;

export class Traffic {
  readonly #target: { host: string; port: number };
  readonly #rate: number;
  /** Idle connections go well before the 60 s after which a balancer closes them: that race would be ours. */
  readonly #agent = new Agent({ keepAlive: true, timeout: 20_000, maxFreeSockets: 1024 });
  readonly #total = new Tally();
  readonly #late = new Tally();
  readonly #windows = new Map<string, { tally: Tally; ms: number }>();
  readonly #failures: Failure[] = [];
  readonly #kinds: Record<string, number> = {};
  #second = new Tally();
  #window = { tally: new Tally(), ms: 0 };
  #windowBegan = performance.now();
  #began = performance.now();
  #sent = 0;
  #open = 0;
  #timer: NodeJS.Timeout | undefined;
  #whenIdle = () => {};

  constructor(target: { host: string; port: number }, rate: number) {
    this.#target = target;
    this.#rate = rate;
  }

  start(): void {
    this.#began = performance.now();
    this.mark('start');
    this.#tick();
  }

  /** From now on requests also count in the window of this name. */
  mark(name: string): void {
    const now = performance.now();
    this.#window.ms += now - this.#windowBegan;
    this.#windowBegan = now;
    this.#window = this.#windows.get(name) ?? { tally: new Tally(), ms: 0 };
    this.#windows.set(name, this.#window);
  }

  /** Counts since the last call of this method. */
  takeSecond(): Counts {
    const counts = this.#second.counts();
    this.#second = new Tally();
    return counts;
  }

  /** Sends nothing more, waits for what is open (its limit is 10 s), and sums up. */
  async stop(): Promise<Summary> {
    clearTimeout(this.#timer);
    const elapsedMs = performance.now() - this.#began;
    this.#window.ms += performance.now() - this.#windowBegan;
    if (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    this.#agent.destroy();
    const windows = [...this.#windows].map(
      ([name, { tally, ms }]) => [name, { ...tally.counts(), seconds: seconds(ms) }] as const,
    );
    return {
      ...this.#total.counts(),
      seconds: seconds(elapsedMs),
      failureKinds: this.#kinds,
      failures: this.#failures,
      windows: Object.fromEntries(windows),
      late: { p50: this.#late.quantile(0.5), p99: this.#late.quantile(0.99) },
    };
  }

  #tick(): void {
    const now = performance.now() - this.#began;
    while ((this.#sent * 1000) / this.#rate <= now) {
      this.#late.time(now - (this.#sent * 1000) / this.#rate);
      this.#sent += 1;
      this.#send(aShot());
    }
    const waitMs = (this.#sent * 1000) / this.#rate - (performance.now() - this.#began);
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, waitMs));
  }

  #send(shot: Shot): void {
    const { method, path, body, fresh } = shot;
    const window = this.#window.tally;
    const began = performance.now();
    let settled = false;
    this.#open += 1;
    const settle = (kind: string | null, from?: IncomingMessage, bad = false) => {
      if (settled) return;
      settled = true;
      clearTimeout(deadline);
      const is = kind !== null ? 'failed' : bad ? 'bad' : 'right';
      const ms = performance.now() - began;
      this.#count(window, { is, ms, short: shot.short, ...identity(from) });
      if (kind !== null) this.#note({ t: Date.now(), kind, method, path });
      this.#open -= 1;
      if (this.#open === 0) this.#whenIdle();
    };
    const sent = request({
      ...this.#target,
      method,
      path,
      agent: fresh ? false : this.#agent,
      headers: {
        'x-load': '1',
        ...(fresh ? { connection: 'close' } : {}),
        ...(body === null ? {} : { 'content-length': body.length }),
      },
    });
    const deadline = setTimeout(() => {
      settle('timeout');
      sent.destroy();
    }, limitMs);
    sent.on('error', (error: NodeJS.ErrnoException) => settle(kindOf(error)));
    sent.on('response', (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', () => settle('cut', answer));
      answer.on('end', () => {
        const toOrder = answer.headers['x-fault'] !== undefined;
        settle(toOrder ? null : problem(shot, answer, Buffer.concat(parts)), answer, toOrder);
      });
    });
    sent.end(body ?? undefined);
  }

  #count(window: Tally, outcome: Outcome): void {
    for (const tally of [this.#total, this.#second, window]) tally.add(outcome);
  }

  #note(failure: Failure): void {
    this.#kinds[failure.kind] = (this.#kinds[failure.kind] ?? 0) + 1;
    if (this.#failures.length < failuresKept) this.#failures.push(failure);
  }
}

/** 50 % GET kept alive, 25 % POST, 23 % GET on a connection of its own, 2 % that take 2 s. */
function aShot(): Shot {
  const draw = Math.random() * 100;
  const get = { method: 'GET', path: '/', body: null, fresh: false, short: true };
  if (draw < 50) return get;
  if (draw < 75) return { ...get, method: 'POST', path: '/echo', body: randomBytes(256) };
  if (draw < 98) return { ...get, fresh: true };
  return { ...get, path: '/slow?ms=2000', short: false };
}

/** What is wrong with an answer, or null. */
function problem(shot: Shot, answer: IncomingMessage, body: Buffer): string | null {
  if (answer.statusCode !== 200) return `http-${answer.statusCode}`;
  if (shot.body !== null) return shot.body.equals(body) ? null : 'wrong-body';
  const version = answer.headers['x-app-version'];
  try {
    return version && JSON.parse(body.toString()).version === version ? null : 'wrong-body';
  } catch {
    return 'wrong-body';
  }
}

function identity(answer: IncomingMessage | undefined) {
  return {
    version: String(answer?.headers['x-app-version'] ?? ''),
    environment: String(answer?.headers['x-bgctl-environment'] ?? ''),
  };
}

function kindOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED') return 'refused';
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return 'reset';
  return `error-${error.code ?? error.name}`;
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
