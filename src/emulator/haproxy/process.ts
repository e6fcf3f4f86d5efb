// HAProxy as a child process: started on a configuration, spoken to over its master's socket, ended with this one.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { sessionsOf, workersIn } from './stats.ts';

const startLimitMs = 5000;
const stopLimitMs = 3000;
const setpriv = '/usr/bin/setpriv';

export class HaproxyProcess {
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #socket: string;
  #said = '';
  #gone = false;

  private constructor(child: ChildProcess, socket: string, hear: (line: string) => void) {
    this.#child = child;
    this.#socket = socket;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-4000);
    });
    if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', hear);
    this.exited = new Promise((resolve) => {
      const end = () => {
        this.#gone = true;
        resolve();
      };
      child.once('close', end).once('error', (error) => {
        this.#said = error.message;
        end();
      });
    });
  }

  /** On the file `haproxy.cfg` of `directory`; `hear` gets its log. Rejects with what it said instead of starting. */
  static async start(
    program: string,
    directory: string,
    hear: (line: string) => void,
  ): Promise<HaproxyProcess> {
    const socket = join(directory, 'master.sock');
    const file = join(directory, 'haproxy.cfg');
    const words = [program, '-W', '-S', `${socket},mode,600`, '-f', file];
    // A process that is killed cannot end its child; the kernel does, where it can be told to.
    const mortal = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'TERM', ...words] : words;
    const child = spawn(mortal[0] ?? program, mortal.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const started = new HaproxyProcess(child, socket, hear);
    try {
      await started.#until('has a worker', async () =>
        (await started.#asked('@1 show info')).includes('Pid:'),
      );
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  /** Warnings and errors; the last of them. */
  get said(): string {
    return this.#said.trim();
  }

  /** To the worker that takes requests, or to an older one by its process id. */
  ask(command: string, worker?: number): Promise<string> {
    return this.#asked(`${worker === undefined ? '@1' : `@!${worker}`} ${command}`);
  }

  /** Process ids of the workers that still finish requests from before a reload. */
  async oldWorkers(): Promise<number[]> {
    return workersIn(await this.#asked('show proc')).old;
  }

  /** A worker that only finishes no longer knows its servers by name; it ends sessions one by one. */
  async cutInOldWorkers(server: string): Promise<void> {
    for (const worker of await this.oldWorkers())
      for (const session of sessionsOf(server, await this.ask('show sess', worker)))
        await this.ask(`shutdown session ${session}`, worker);
  }

  /** Has a new worker take over the front, with the file as it is now; the old one finishes what it has. */
  async reload(): Promise<void> {
    const before = workersIn(await this.#asked('show proc'));
    await this.#asked('reload');
    await this.#until('has taken over a new configuration', async () => {
      const now = workersIn(await this.#asked('show proc'));
      if (now.failed > before.failed) throw new Error(`HAProxy refused it: ${this.said}`);
      const other = now.current !== null && now.current !== before.current;
      return other && (await this.ask('show info')).includes('Pid:');
    });
  }

  async stop(): Promise<void> {
    if (!this.#gone) this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), stopLimitMs);
    await this.exited;
    clearTimeout(late);
  }

  async #asked(command: string): Promise<string> {
    const deadline = Date.now() + startLimitMs;
    for (;;) {
      const answer = await answerOf(this.#socket, command);
      if (answer !== null) return answer;
      // While it starts or reloads nobody listens.
      if (this.#gone) throw new Error(`HAProxy has ended: ${this.said || 'it said nothing'}`);
      if (Date.now() > deadline) throw new Error(`HAProxy does not answer: ${this.said}`);
      await pause(10);
    }
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + startLimitMs;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(`not so: HAProxy ${what}; ${this.said}`);
      await pause(10);
    }
  }
}

/** One command on a connection of its own; null when nobody answers. */
function answerOf(path: string, command: string): Promise<string | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(path, () => socket.end(`${command}\n`));
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    socket.on('error', () => resolve(null));
    socket.on('close', () => resolve(text));
  });
}
