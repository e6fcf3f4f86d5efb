// YAML text → Policy or Settings, or every problem with its place: syntax, shape, then rules.
import type { z } from 'zod';
import { appRules, appWarnings, references } from './app-rules.ts';
import { appSchema } from './app-schema.ts';
import { fitRules } from './fit.ts';
import { absolute, stemOf, type Where } from './paths.ts';
import type { Policy } from './policy.ts';
import type { Finding, Parsed, Problem } from './problem.ts';
import { policyRules, policyWarnings } from './rules.ts';
import { policySchema } from './schema.ts';
import type { Settings } from './settings.ts';
import { checkShape } from './shape.ts';
import { toPolicy, toSettings } from './written.ts';
import { readYaml } from './yaml-file.ts';

/** `file` is shown in problems; its name is the policy's name unless it writes one. Never throws. */
export function parsePolicy(text: string, file: string): Parsed<Policy> {
  const written = parse(text, file, {
    schema: policySchema,
    rules: policyRules,
    warnings: policyWarnings,
  });
  if (!written.ok) return written;
  return { ...written, value: toPolicy(written.value, stemOf(file)) };
}

/** What of the policy cannot work with this bgctl.yml. Only what begins a promotion asks: one under way must not be stuck for it. */
export function misfits(text: string, file: string, traffic: Settings['traffic']): Problem[] {
  const { data, readable, place } = readYaml(text, file);
  if (!readable || data === null) return [];
  const { sound } = checkShape(policySchema, data);
  return fitRules.flatMap((rule) => rule(sound, traffic)).map(place);
}

/** `file` may be relative to `where.cwd`; the paths in it are relative to its folder. Never throws. */
export function parseSettings(text: string, file: string, where: Where): Parsed<Settings> {
  const written = parse(text, file, {
    schema: appSchema,
    rules: appRules,
    warnings: appWarnings,
    ofData: references,
  });
  if (!written.ok) return written;
  const path = absolute(file, where.cwd, where.home);
  return { ...written, value: toSettings(written.value, path, where) };
}

type Rules<T> = readonly ((sound: Partial<T>) => Finding[])[];

function parse<S extends z.ZodObject>(
  text: string,
  file: string,
  how: {
    schema: S;
    rules: Rules<z.output<S>>;
    warnings: Rules<z.output<S>>;
    ofData?: (data: unknown) => Finding[];
  },
): Parsed<z.output<S>> {
  const { data, problems, readable, place } = readYaml(text, file);
  if (!readable) return { ok: false, problems };
  if (data === null) return { ok: false, problems: [...problems, place(empty)] };
  const { findings, sound, whole } = checkShape(how.schema, data);
  const ruled = how.rules.flatMap((rule) => rule(sound));
  const all = [...findings, ...(how.ofData?.(data) ?? []), ...ruled].map(place);
  if (whole === null || problems.length + all.length > 0) {
    return { ok: false, problems: [...problems, ...all] };
  }
  return {
    ok: true,
    value: whole,
    warnings: how.warnings.flatMap((rule) => rule(sound)).map(place),
  };
}

const empty: Finding = {
  path: [],
  message: 'the file is empty',
  mend: 'start from an example: examples/quickstart/bgctl.yml or policies/reference.yml',
};
