// What env files must hold on the droplets: from bgctl.yml, the compose file and the `.env.schema` beside it.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ExpectedEnv, expectedEnv } from '../../policy/env-expected.ts';
import { readEnvSchema } from '../../policy/env-schema.ts';
import type { Settings } from '../../policy/settings.ts';
import type { CheckedCompose } from '../blueprint.ts';
import type { Finding } from '../findings.ts';

export async function readExpectedEnv(
  settings: Settings,
  { needs }: Pick<CheckedCompose, 'needs'>,
): Promise<{ readonly expected: ExpectedEnv; readonly findings: readonly Finding[] }> {
  const file = join(dirname(settings.compose.file), '.env.schema');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => error);
  if (typeof text !== 'string')
    return { expected: expectedEnv(settings, needs, null), ...unread(file, text) };
  const { keys, unread: lines } = readEnvSchema(text);
  const expected = expectedEnv(settings, needs, { keys, file });
  const detail =
    lines.length === 0 ? `read; keys: ${keys.length}` : `line ${lines.join(', ')} is no key`;
  const finding: Finding =
    lines.length === 0
      ? { verdict: 'ok', what: file, detail }
      : {
          verdict: 'warn',
          what: file,
          detail,
          mend: 'write KEY= on a line of its own, or # before it',
        };
  return { expected, findings: [finding] };
}

/** Nobody needs to have one. */
function unread(what: string, { code, message }: NodeJS.ErrnoException) {
  const finding: Finding = { verdict: 'warn', what, detail: `cannot be read: ${message}` };
  return { findings: code === 'ENOENT' ? [] : [finding] };
}
