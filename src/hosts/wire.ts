// An SSH channel as the kind of stream that node's http expects of a socket.
import { Agent, type AgentOptions } from 'node:http';
import { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import type { ClientChannel } from 'ssh2';
import type { Clock } from '../lib/clock.ts';

/**
 * ssh2's own channels swallow the error they are destroyed with and wait for the far side before they close;
 * a request over a lost connection would hang, or look as if the app had hung up.
 */
export class Wire extends Duplex {
  readonly #channel: ClientChannel;
  readonly #clock: Clock;
  #quiet = new AbortController();
  /** A channel that is closing never calls back, so the callback is kept for its end. */
  #writing: ((error: Error) => void) | null = null;

  /** `failure` makes the error of a channel that is a command, of its stderr, when it exits with anything but 0. */
  constructor(channel: ClientChannel, clock: Clock, failure?: (stderr: string) => Error) {
    super({ allowHalfOpen: true });
    this.#channel = channel;
    this.#clock = clock;
    // It may fail before anyone listens; who comes later finds it destroyed.
    this.on('error', () => {});
    let stderr = '';
    let failed = false;
    channel.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString('utf8')).slice(-1000);
    });
    channel.on('exit', (code: number | null) => {
      failed = code !== 0;
    });
    channel.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause();
    });
    // How a command ended is known after its output did.
    if (failure === undefined) channel.on('end', () => this.push(null));
    channel.on('error', (error: Error) => this.destroy(error));
    channel.on('close', () => {
      this.#writing?.(new Error('the far side has closed'));
      if (failure !== undefined && failed) this.destroy(failure(stderr));
      if (failure !== undefined) this.push(null);
      this.end();
    });
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#writing = done;
    this.#channel.write(chunk, (error) => {
      this.#writing = null;
      done(error);
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#channel.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#quiet.abort();
    this.#channel.close();
    done(error);
  }

  /** Emits `timeout` so long after this call; 0 ends the waiting. */
  timeoutAfter(ms: number, listener?: () => void): this {
    this.#quiet.abort();
    this.#quiet = new AbortController();
    if (listener !== undefined) this.once('timeout', listener);
    const { signal } = this.#quiet;
    if (ms > 0) {
      void this.#clock.sleep(ms, signal).then(() => {
        if (!signal.aborted) this.emit('timeout');
      });
    }
    return this;
  }

  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

/** An agent whose every connection is what `open` gives, wherever the request says it goes. */
export function agentOver(open: () => Promise<Duplex>, options: AgentOptions = {}): Agent {
  const agent = new Agent(options);
  agent.createConnection = (_options, ready) => {
    open().then(
      (stream) =>
        ready?.(stream.destroyed ? (stream.errored ?? new Error('closed')) : null, stream),
      (error: Error) => ready?.(error, new Duplex().destroy()),
    );
    return undefined;
  };
  // dockerode describes each of its requests down to the last socket, for a log that nobody reads.
  return Object.assign(agent, { [inspect.custom]: () => 'Agent' });
}
