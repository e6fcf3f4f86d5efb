// Env files of a droplet, judged there and mended there: keys and verdicts come back, values never do.
import { Failure } from '../lib/failure.ts';
import type { ExpectedEnv } from '../policy/env-expected.ts';
import type { Settings } from '../policy/settings.ts';
import { envJudgeScript, envMendScript } from './env-scripts.ts';
import type { HostFinding } from './finding.ts';
import { unreadable } from './look-around.ts';
import { privileged } from './project.ts';
import type { SshHost } from './ssh.ts';

/** A debug flag that is on; a placeholder; perhaps one; http where https belongs; any origin. */
export type Flaw = 'debug' | 'placeholder' | 'sample' | 'plain' | 'any';

export type EnvReport = {
  readonly is: 'missing' | 'no-file' | 'unreadable' | 'read';
  /** As `stat` prints it: `600`; empty without a file, and so is its owner. */
  readonly mode: string;
  readonly owner: string;
  /** Keys that were asked for and are there. */
  readonly keys: ReadonlyMap<string, 'there' | 'empty'>;
  readonly flaws: readonly { readonly key: string; readonly flaw: Flaw }[];
  /** A quote that never ends: what follows it is no key. */
  readonly unclosed: boolean;
};

/** By path. Rejects with `Failure` only. */
export async function judgeEnvFiles(
  settings: Settings,
  host: SshHost,
  { files, keys, any }: ExpectedEnv,
): Promise<ReadonlyMap<string, EnvReport>> {
  if (files.length === 0) return new Map();
  const wanted = [...new Set(keys.map(({ name }) => name))];
  const paths = files.map(({ path }) => path);
  const lines = await ran(settings, host, envJudgeScript, [
    wanted.join(' '),
    any.join(' '),
    ...paths,
  ]);
  const reports: EnvReport[] = [];
  for (const line of lines) {
    const begun = beginningOf(line);
    const last = reports.at(-1);
    if (begun !== null) reports.push(begun);
    else if (last !== undefined) reports[reports.length - 1] = withLine(last, line);
    else throw unreadable();
  }
  if (reports.length !== paths.length) throw unreadable();
  return new Map(paths.map((path, index) => [path, reports[index] as EnvReport]));
}

/** What was changed, and what could not be. */
export async function mendEnvFiles(
  settings: Settings,
  host: SshHost,
  paths: readonly string[],
): Promise<readonly HostFinding[]> {
  if (paths.length === 0) return [];
  const lines = await ran(settings, host, envMendScript, paths);
  if (lines.length !== paths.length) throw unreadable();
  return paths.flatMap((path, index) => mended(path, lines[index] ?? ''));
}

function mended(what: string, line: string): HostFinding[] {
  if (line === '') return [];
  if (line === 'left') {
    const detail = 'was not mended: it is a link, or has a second name';
    return [{ verdict: 'warn', what, detail, mend: 'mend what it leads to by hand' }];
  }
  const [, mode, owner] = /^mended ([0-7]{1,4}) (\S+)$/.exec(line) ?? [];
  if (mode === undefined) throw unreadable();
  const detail = `mended: it was ${owner}'s with mode ${mode}, and is root's with mode 600`;
  return [{ verdict: 'ok', what, detail }];
}

/**
 * The lines before `end`. What a shell or awk complains of is not repeated: it may quote what it reads (I8).
 */
async function ran(
  settings: Settings,
  host: SshHost,
  script: string,
  data: readonly string[],
): Promise<readonly string[]> {
  const words = privileged(settings, ['sh', '-c', script, 'bgctl', ...data]);
  const what = 'Looking at the env files';
  const { code, stdout } = await host.exec(words, { timeoutMs: 30_000, what });
  if (code !== 0) {
    const mend = 'may this user read them (hosts.sudo), and are awk and stat there?';
    throw new Failure('host', `${what} failed (exit code ${code}): ${mend}`);
  }
  const lines = stdout.split('\n');
  if (lines.at(-2) !== 'end' || lines.at(-1) !== '') throw unreadable();
  return lines.slice(0, -2);
}

const nothing = { mode: '', owner: '', keys: new Map(), flaws: [], unclosed: false } as const;

function beginningOf(line: string): EnvReport | null {
  if (line === 'missing' || line === 'no-file') return { ...nothing, is: line };
  const [, mode, owner, can] = /^file ([0-7]{1,4}) (\S+) (readable|unreadable)$/.exec(line) ?? [];
  if (mode === undefined || owner === undefined) return null;
  return { ...nothing, is: can === 'readable' ? 'read' : 'unreadable', mode, owner };
}

function withLine(report: EnvReport, line: string): EnvReport {
  if (line === 'unclosed') return { ...report, unclosed: true };
  const [, word, key] =
    /^(there|empty|debug|placeholder|sample|plain|any) ([A-Za-z_]\w*)$/.exec(line) ?? [];
  if (word === undefined || key === undefined) throw unreadable();
  if (word === 'there' || word === 'empty')
    return { ...report, keys: new Map([...report.keys, [key, word]]) };
  return { ...report, flaws: [...report.flaws, { key, flaw: word as Flaw }] };
}
