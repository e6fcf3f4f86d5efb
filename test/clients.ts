// Clients that notice: each keeps what it asked of the sample app open, and knows whether it got all of it.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { get, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

type Named = { readonly environment: string; readonly droplet: string };

export type OpenSocket = Named & {
  /** What comes back for `message`; rejects when the WebSocket is closed instead. */
  ask(message: string): Promise<string>;
  close(): void;
  /** 1000: by us; 1001: the app went; 1006: cut. `at`: milliseconds since the epoch. */
  readonly closed: Promise<{ readonly code: number; readonly at: number }>;
};

/** A WebSocket that has said where it ends. */
export async function openSocket(origin: string): Promise<OpenSocket> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`);
  const closed = new Promise<{ code: number; at: number }>((resolve) => {
    socket.addEventListener('close', ({ code }) => resolve({ code, at: Date.now() }));
  });
  const next = () => {
    const message = new Promise<string>((resolve) => {
      socket.addEventListener('message', ({ data }) => resolve(String(data)), { once: true });
    });
    const gone = closed.then(({ code }) => Promise.reject(new Error(`closed with ${code}`)));
    return Promise.race([message, gone]);
  };
  const { environment, droplet } = JSON.parse(await next());
  return {
    environment,
    droplet,
    ask: (message) => {
      const answer = next();
      socket.send(message);
      return answer;
    },
    close: () => socket.close(),
    closed,
  };
}

export type OpenEvents = Named & {
  /** Of the events so far. */
  numbers(): readonly number[];
  leave(): void;
  /** `whole`: the app ended it. */
  readonly ended: Promise<'whole' | 'broken'>;
  isOpen(): boolean;
};

/** Server-sent events, of which the first has come. */
export function openEvents(origin: string, everyMs: number): Promise<OpenEvents> {
  return new Promise((resolve, reject) => {
    let heard = '';
    let open = true;
    const asked = get(`${origin}/events?every=${everyMs}`, { agent: false }, (answer) => {
      const ended = new Promise<'whole' | 'broken'>((settle) => {
        answer.on('error', () => settle('broken'));
        answer.on('end', () => settle(heard.includes('event: end') ? 'whole' : 'broken'));
      }).finally(() => {
        open = false;
      });
      const told = () =>
        [...heard.matchAll(/^data: (\{.+\})\n\n/gm)].map(([, json = '{}']) => JSON.parse(json));
      answer.setEncoding('utf8').on('data', (part: string) => {
        heard += part;
        const [first] = told();
        if (first === undefined) return;
        resolve({
          environment: first.environment,
          droplet: first.droplet,
          numbers: () =>
            told()
              .map(({ n }) => n as number)
              .filter((n) => n !== undefined),
          leave: () => asked.destroy(),
          ended,
          isOpen: () => open,
        });
      });
    });
    asked.on('error', reject);
  });
}

export type Transfer = {
  /** Settles when half of the bytes went through; nothing moves from then on until `goOn`. */
  readonly half: Promise<void>;
  goOn(): void;
  /** Rejects with how it was lost. */
  readonly ended: Promise<{
    readonly environment: string;
    readonly whole: boolean;
    readonly at: number;
  }>;
};

/** Reads so many bytes, with a rest in the middle. */
export function download(origin: string, bytes: number): Transfer {
  const { half, paused, goOn, reachHalf } = aRest();
  const ended = new Promise<IncomingBody>((resolve, reject) => {
    const asked = get(`${origin}/download?bytes=${bytes}`, { agent: false }, (answer) => {
      receive(answer, bytes / 2, async () => {
        reachHalf();
        await paused;
      }).then((found) => resolve({ ...found, environment: String(answer.headers[named]) }), reject);
    });
    asked.on('error', reject);
  }).then(({ environment, sha256 }) => ({
    environment,
    whole: sha256 === sha256Of(bytes),
    at: Date.now(),
  }));
  ended.catch(() => {});
  return { half, goOn, ended };
}

/** Sends so many bytes, with a rest in the middle. */
export function upload(origin: string, bytes: number): Transfer {
  const { half, paused, goOn, reachHalf } = aRest();
  async function* body() {
    let sent = 0;
    let rested = false;
    for (const chunk of numbered(bytes)) {
      yield chunk;
      sent += chunk.length;
      if (rested || sent < bytes / 2) continue;
      rested = true;
      reachHalf();
      await paused;
    }
  }
  const ended = new Promise<{ environment: string; sha256: string; bytes: number }>(
    (resolve, reject) => {
      const headers = { 'content-length': bytes };
      const asked = request(
        `${origin}/upload`,
        { method: 'POST', agent: false, headers },
        (answer) => {
          text(answer).then((body) => resolve(JSON.parse(body)), reject);
        },
      );
      asked.on('error', reject);
      pipeline(Readable.from(body()), asked).catch(reject);
    },
  ).then(({ environment, sha256 }) => ({
    environment,
    whole: sha256 === sha256Of(bytes),
    at: Date.now(),
  }));
  ended.catch(() => {});
  return { half, goOn, ended };
}

const named = 'x-bgctl-environment';
type IncomingBody = { sha256: string; environment: string };

function aRest() {
  const { promise: half, resolve: reachHalf } = Promise.withResolvers<void>();
  const { promise: paused, resolve: goOn } = Promise.withResolvers<void>();
  return { half, paused, goOn, reachHalf };
}

async function receive(
  answer: Readable,
  restAt: number,
  rest: () => Promise<void>,
): Promise<{ sha256: string }> {
  const hash = createHash('sha256');
  let received = 0;
  let rested = false;
  for await (const part of answer as AsyncIterable<Buffer>) {
    hash.update(part);
    received += part.length;
    if (rested || received < restAt) continue;
    rested = true;
    await rest();
  }
  return { sha256: hash.digest('hex') };
}

/** As the sample app makes them: each four bytes are their own number. */
function* numbered(bytes: number): Generator<Buffer> {
  const size = 65_536;
  for (let sent = 0; sent < bytes; sent += size) {
    const words = new Uint32Array(size / 4);
    for (let i = 0; i < words.length; i += 1) words[i] = sent / 4 + i;
    yield Buffer.from(words.buffer).subarray(0, Math.min(size, bytes - sent));
  }
}

const sums = new Map<number, string>();

function sha256Of(bytes: number): string {
  const known = sums.get(bytes);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  for (const chunk of numbered(bytes)) hash.update(chunk);
  const sum = hash.digest('hex');
  sums.set(bytes, sum);
  return sum;
}

export type Answer = {
  readonly status: number;
  readonly environment: string;
  readonly body: string;
};

/**
 * One connection of a strict client: it sends requests without waiting, wants the answers in their order, and takes
 * nothing but answers. Closing is fine while it is owed nothing.
 */
export class StrictConnection {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #owed: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];
  #ended = 'no';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (part: Buffer) => {
      this.#received = Buffer.concat([this.#received, part]);
      try {
        this.#read();
      } catch (error) {
        this.#end(error instanceof Error ? error.message : String(error));
      }
    });
    socket.on('error', (error) => this.#end(error.message));
    socket.on('close', () => {
      const clean = this.#owed.length === 0 && this.#received.length === 0;
      this.#end(clean ? 'cleanly' : `closed while ${this.#owed.length} answers were owed`);
    });
  }

  static async to(origin: string): Promise<StrictConnection> {
    const { hostname, port } = new URL(origin);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new StrictConnection(socket);
  }

  /** `no`, `cleanly`, or what went wrong. */
  get ended(): string {
    return this.#ended;
  }

  /** Sends them all at once; rejects when an answer is missing or something else came. */
  async ask(...paths: readonly string[]): Promise<Answer[]> {
    if (this.#ended !== 'no') throw new Error(`the connection has ended: ${this.#ended}`);
    const answers = paths.map(
      () => new Promise<Answer>((resolve, reject) => this.#owed.push({ resolve, reject })),
    );
    this.#socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: shop\r\n\r\n`).join(''));
    return Promise.all(answers);
  }

  leave(): void {
    this.#socket.destroy();
  }

  #read(): void {
    for (let found = answerIn(this.#received); found !== null; found = answerIn(this.#received)) {
      this.#received = this.#received.subarray(found.length);
      const first = this.#owed.shift();
      if (first === undefined) throw new Error('an answer that nobody asked for');
      first.resolve(found.answer);
    }
  }

  #end(how: string): void {
    if (this.#ended !== 'no') return;
    this.#ended = how;
    for (const { reject } of this.#owed.splice(0)) reject(new Error(how));
    this.#socket.destroy();
  }
}

/** The first whole answer; only those with a length are understood. Throws on anything else. */
function answerIn(bytes: Buffer): { answer: Answer; length: number } | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const head = bytes.subarray(0, end).toString('latin1');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? Number.NaN);
  const size = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? Number.NaN);
  if (Number.isNaN(status) || Number.isNaN(size)) throw new Error(`not an answer: ${head}`);
  const length = end + 4 + size;
  if (bytes.length < length) return null;
  const environment = new RegExp(`^${named}: *(\\S*)`, 'im').exec(head)?.[1] ?? '';
  return {
    answer: { status, environment, body: bytes.subarray(end + 4, length).toString() },
    length,
  };
}
