// What env files must be on a droplet and hold there, from bgctl.yml, the compose file and its `.env.schema`. Pure.
import type { ComposeNeeds, NeededFile } from './compose-needs.ts';
import type { EnvSchema } from './env-schema.ts';
import type { Asked } from './interpolate.ts';
import type { Settings } from './settings.ts';

export type ExpectedKey = Asked & {
  /** Where it is asked for: a file and its line. */
  readonly where: string;
  /** `schema`: in any file. Else Compose interpolates it, and reads only `from`. */
  readonly by: 'schema' | 'compose';
};

export type ExpectedEnv = {
  readonly files: readonly NeededFile[];
  /** Paths of files that Compose interpolates from. */
  readonly from: readonly string[];
  readonly untold: readonly string[];
  readonly keys: readonly ExpectedKey[];
  /** Keys whose values are not judged. */
  readonly any: readonly string[];
};

export function expectedEnv(
  { compose }: Settings,
  needs: ComposeNeeds,
  schema: (Pick<EnvSchema, 'keys'> & { readonly file: string }) | null,
): ExpectedEnv {
  const from = sourcesOf(compose, needs);
  const files = new Map<string, NeededFile>();
  for (const file of [...from, ...needs.files]) {
    const required = file.required || files.get(file.path)?.required === true;
    files.set(file.path, { path: file.path, required });
  }
  const asked = (schema?.keys ?? []).filter(({ optional }) => !optional);
  return {
    files: [...files.values()],
    from: from.map(({ path }) => path),
    untold: needs.untold,
    keys: [
      ...needs.variables.map((one): ExpectedKey => ({ ...one, by: 'compose' })),
      ...asked.map(({ name, line }): ExpectedKey => {
        return { name, where: `${schema?.file}:${line}`, by: 'schema', must: 'there' };
      }),
    ],
    any: (schema?.keys ?? []).filter(({ any }) => any).map(({ name }) => name),
  };
}

/** Without `--env-file` Compose reads the project directory's `.env`, where there is one. */
function sourcesOf(
  { envFiles, directory }: Settings['compose'],
  { variables }: ComposeNeeds,
): readonly NeededFile[] {
  if (envFiles.length > 0) return envFiles.map((path) => ({ path, required: true }));
  return variables.length > 0 ? [{ path: `${directory}/.env`, required: false }] : [];
}
