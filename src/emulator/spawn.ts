// Starts the emulator as a child process, so that its data plane has an event loop of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type EmulatorAdmin, emulatorAdmin } from './admin.ts';
import type { Front } from './emulator.ts';
import type { EmulatorOptions } from './options.ts';

export interface EmulatorProcess {
  readonly pid: number;
  readonly endpoint: string;
  readonly balancers: readonly Front[];
  readonly admin: EmulatorAdmin;
  /** Ends the process and waits until it is gone. */
  close(): Promise<void>;
}

const startLimitMs = 15_000;

/**
 * Starts a child that ends with this process; rejects with what it said when it does not start. `began` gets its pid
 * before it does anything: what is set for it then, processes of its own inherit.
 */
export async function spawnEmulator(
  options: EmulatorOptions,
  began: (pid: number) => void = () => {},
): Promise<EmulatorProcess> {
  // The token goes through standard input: a command line can be read by anybody on the machine.
  const child = spawn(process.execPath, [program(), '--with-parent'], { stdio: 'pipe' });
  const exited = once(child, 'exit');
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(-4000);
  });
  if (child.pid !== undefined) began(child.pid);
  child.stdin.on('error', () => {});
  child.stdin.write(`${JSON.stringify(options)}\n`);
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await exited;
  };
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text)),
    exited.then(() => null),
    late(),
  ]);
  if (line === null || child.pid === undefined) {
    await close();
    throw new Error(`the emulator did not start: ${complaint.trim() || 'it said nothing'}`);
  }
  const { endpoint, balancers } = JSON.parse(line) as Pick<
    EmulatorProcess,
    'endpoint' | 'balancers'
  >;
  return { pid: child.pid, endpoint, balancers, admin: emulatorAdmin(endpoint), close };
}

// From a checkout this is run as TypeScript, from the package as JavaScript.
function program(): string {
  const name = import.meta.url.endsWith('.ts') ? './main.ts' : './main.js';
  return fileURLToPath(new URL(name, import.meta.url));
}

function late(): Promise<null> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), startLimitMs).unref();
  });
}
