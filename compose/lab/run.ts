// Runs programs as arrays of words; a shell on this machine never sees them.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** The lab cannot go on; `exitCode` 2 means that this machine lacks something a person must install. */
export class LabError extends Error {
  override name = 'LabError';
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

export type Ran = { code: number; stdout: string; stderr: string };

export type RunOptions = {
  /** Text for stdin; secrets go this way, never among the words. */
  input?: string;
  /** A file for stdin, for what is too large for memory. */
  inputFile?: string;
  /** stdout and stderr go to this file instead of memory. */
  outputFile?: string;
  /** Return a non-zero exit instead of throwing; a program that is not there is exit 127. */
  mayFail?: boolean;
  env?: Record<string, string>;
  limitMs?: number;
};

/** Runs `words` to its end. Throws LabError with the last lines of stderr unless `mayFail`. */
export async function run(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const ran = await spawned(words, options);
  if (ran.code !== 0 && !options.mayFail) {
    const tail = (ran.stderr || ran.stdout).trim().split('\n').slice(-12).join('\n');
    throw new LabError(`\`${words.slice(0, 6).join(' ')}\` ended with ${ran.code}: ${tail}`);
  }
  return ran;
}

/** Runs `docker` with these words. */
export function docker(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return run(['docker', ...words], options);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks until it is true; throws LabError naming `what` when `limitMs` has passed. */
export async function until(
  what: string,
  limitMs: number,
  ask: () => Promise<boolean>,
): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await ask())) {
    if (Date.now() > end) throw new LabError(`${what}: still not so after ${limitMs / 1000} s.`);
    await sleep(200);
  }
}

function spawned(words: readonly string[], options: RunOptions): Promise<Ran> {
  const [program = '', ...rest] = words;
  const stdin = options.inputFile === undefined ? null : openSync(options.inputFile, 'r');
  const out = options.outputFile === undefined ? null : openSync(options.outputFile, 'a', 0o600);
  return new Promise<Ran>((resolve) => {
    const child = spawn(program, rest, {
      stdio: [stdin ?? 'pipe', out ?? 'pipe', out ?? 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.limitMs === undefined ? {} : { timeout: options.limitMs, killSignal: 'SIGKILL' }),
    });
    const ran: Ran = { code: 0, stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      ran.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      ran.stderr += text;
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
    child.on('error', (error) => resolve({ ...ran, code: 127, stderr: error.message }));
    child.on('close', (code, signal) =>
      resolve({ ...ran, code: code ?? 137, stderr: ran.stderr || (signal ?? '') }),
    );
  }).finally(() => {
    for (const file of [stdin, out]) if (file !== null) closeSync(file);
  });
}
