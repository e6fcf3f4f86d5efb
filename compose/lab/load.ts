// Load on the lab: a process of its own that sends steady traffic to a loopback address and counts what was lost.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { goFirst } from './priority.ts';
import type { Counts } from './tally.ts';
import { type Summary, Traffic } from './traffic.ts';

export type { Counts } from './tally.ts';
export type { Failure, Summary } from './traffic.ts';

/** One second of traffic; `t` is milliseconds since the epoch. */
export type Second = Pick<Counts, 'requests' | 'failed' | 'bad' | 'p50' | 'p99'> & {
  t: number;
  versions: Record<string, number>;
  environments: Record<string, number>;
};

export type Snapshot = { requests: number; failed: number; bad: number; last: Second };

export type LoadOptions = { url: string; rate?: number; seconds?: number };

/** Starts load as a child process; resolves when its first request is on the way. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const { url, rate = 300, seconds = 900 } = options;
  const flags = ['--url', url, '--rate', String(rate), '--seconds', String(seconds)];
  const words = [import.meta.filename, ...flags, '--json', '--stream', '--stop-on-eof'];
  const load = new Load(spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'pipe'] }));
  await load.started;
  return load;
}

/** Load that is running. It also ends with this process, because its stdin does. */
export class Load {
  readonly started: Promise<void>;
  /** Settles when it ended by itself or was stopped. */
  readonly ended: Promise<Summary>;
  readonly #child: ChildProcess;
  readonly #sum = { requests: 0, failed: 0, bad: 0 };
  #last: Second | null = null;

  constructor(child: ChildProcess) {
    this.#child = child;
    let wrong = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      wrong += text;
    });
    child.stdin?.on('error', () => {});
    const { promise, resolve, reject } = Promise.withResolvers<Summary>();
    const begun = Promise.withResolvers<void>();
    this.ended = promise;
    this.started = begun.promise;
    promise.catch(() => {});
    if (child.stdout === null) throw new Error('The load has no stdout to read from.');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said: Second | { summary: Summary } = JSON.parse(line);
      if ('summary' in said) resolve(said.summary);
      else this.#hear(said);
      begun.resolve();
    });
    child.on('close', (code) => {
      const error = new Error(`The load ended with ${code} and no summary: ${wrong.trim()}`);
      reject(error);
      begun.reject(error);
    });
  }

  /** From now on requests also count in the summary's window of this name. */
  mark(name: string): void {
    this.#child.stdin?.write(`${JSON.stringify({ mark: name })}\n`);
  }

  /** What has been counted up to the last full second. */
  snapshot(): Snapshot | null {
    return this.#last === null ? null : { ...this.#sum, last: this.#last };
  }

  /** Stops sending, waits for open requests, and sums up; also after it ended by itself. */
  stop(): Promise<Summary> {
    this.#child.stdin?.end('{"stop":true}\n');
    return this.ended;
  }

  #hear(second: Second): void {
    this.#last = second;
    this.#sum.requests += second.requests;
    this.#sum.failed += second.failed;
    this.#sum.bad += second.bad;
  }
}

type Flags = {
  target: { host: string; port: number };
  rate: number;
  seconds: number;
  json: boolean;
  stream: boolean;
  stopOnEof: boolean;
};

/** Reads the command line. Throws with what would be right: only loopback, only bounded. */
export function readFlags(args: readonly string[]): Flags {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: 'string' },
      rate: { type: 'string', default: '300' },
      seconds: { type: 'string', default: '60' },
      json: { type: 'boolean', default: false },
      stream: { type: 'boolean', default: false },
      'stop-on-eof': { type: 'boolean', default: false },
    },
  });
  const url = URL.parse(values.url ?? '');
  if (url === null || url.protocol !== 'http:')
    throw new Error('--url must be http://127.x.y.z:port');
  if (!/^127\.\d+\.\d+\.\d+$/.test(url.hostname)) {
    throw new Error(`--url must be in 127.0.0.0/8; ${url.hostname} is somebody else’s machine.`);
  }
  return {
    target: { host: url.hostname, port: Number(url.port || 80) },
    rate: bounded('--rate', values.rate, 1000),
    seconds: bounded('--seconds', values.seconds, 900),
    json: values.json,
    stream: values.stream,
    stopOnEof: values['stop-on-eof'],
  };
}

function bounded(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!(value > 0 && value <= most))
    throw new Error(`${name} must be more than 0, at most ${most}.`);
  return value;
}

async function main(flags: Flags): Promise<void> {
  goFirst();
  const traffic = new Traffic(flags.target, flags.rate);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const end = setTimeout(stop, flags.seconds * 1000);
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  const input = createInterface({ input: process.stdin });
  input.on('line', (line) => {
    const mark = /^\{"mark":(".*")\}$/.exec(line)?.[1];
    if (mark !== undefined) traffic.mark(JSON.parse(mark));
    else if (line.includes('stop')) stop();
  });
  if (flags.stopOnEof) input.on('close', stop);
  traffic.start();
  if (flags.stream) tellSecond(traffic);
  const every = flags.stream ? setInterval(tellSecond, 1000, traffic) : undefined;
  await stopped;
  clearTimeout(end);
  const summary = await traffic.stop();
  clearInterval(every);
  input.close();
  process.stdin.destroy();
  if (flags.stream) tellSecond(traffic);
  tell(flags.stream ? { summary } : summary, flags.json);
}

function tellSecond(traffic: Traffic): void {
  const { byVersion, byEnvironment, ...counts } = traffic.takeSecond();
  const { requests, failed, bad, p50, p99 } = counts;
  const times = { t: Date.now(), requests, failed, bad, p50, p99 };
  tell({ ...times, versions: byVersion, environments: byEnvironment } satisfies Second, true);
}

function tell(what: object, oneLine: boolean): void {
  process.stdout.write(`${JSON.stringify(what, null, oneLine ? 0 : 2)}\n`);
}

if (import.meta.main) {
  try {
    await main(readFlags(process.argv.slice(2)));
  } catch (error) {
    process.stderr.write(`load: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}
