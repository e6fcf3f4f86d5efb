// GitHub Actions' workflow commands, as text. Nothing of what others wrote may become one. Pure.
import { relative } from 'node:path';
import type { Problem } from '../policy/problem.ts';

export type Actions = {
  /** Files that the runner names; empty where it names none. */
  readonly summaryFile: string;
  readonly outputFile: string;
  /** Where the repository lies. */
  readonly workspace: string;
};

/** Null outside of GitHub Actions. */
export function actionsOf(env: Readonly<Record<string, string | undefined>>): Actions | null {
  if (env.GITHUB_ACTIONS !== 'true') return null;
  return {
    summaryFile: env.GITHUB_STEP_SUMMARY ?? '',
    outputFile: env.GITHUB_OUTPUT ?? '',
    workspace: env.GITHUB_WORKSPACE ?? '',
  };
}

/** `::error file=bgctl.yml,line=3::message` */
export function workflowCommand(
  name: 'group' | 'error' | 'warning',
  message: string,
  properties: Readonly<Record<string, string | number>> = {},
): string {
  const pairs = Object.entries(properties).map(
    ([key, value]) => `${key}=${escapedProperty(String(value))}`,
  );
  return `::${name}${pairs.length === 0 ? '' : ` ${pairs.join(',')}`}::${escapedData(message)}`;
}

/** A problem of a file at its place, so that it is shown in the change that made it. */
export function problemCommand(
  { file, line, column, path, message, mend }: Problem,
  workspace: string,
): string {
  const subject = path === '' ? '' : `${path}: `;
  const place = { file: inRepository(file, workspace), line, col: column };
  return workflowCommand('error', `${subject}${message}\n${mend}`, place);
}

/** Lines for the file of outputs; a value is one line, whatever it was. */
export function outputLines(outputs: Readonly<Record<string, string>>): string {
  return Object.entries(outputs)
    .map(([name, value]) => `${name}=${value.replace(/[\r\n]+/g, ' ')}\n`)
    .join('');
}

/**
 * The runner takes a line for a command that begins with `::`, whatever blanks stand before it, or has `##[` anywhere;
 * it does so with what an app logged, too.
 */
export function tame(text: string): string {
  return text
    .split(/\r\n|[\r\n]/)
    .map((line) => line.replace(/^(\s*)::/, '$1: :').replaceAll('##[', '## ['))
    .join('\n');
}

function escapedData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escapedData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

function inRepository(file: string, workspace: string): string {
  if (workspace === '' || !file.startsWith('/')) return file;
  const inside = relative(workspace, file);
  return inside.startsWith('..') ? file : inside;
}
