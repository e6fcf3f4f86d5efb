// A `.env.schema`: the keys that an app needs, one a line, as in an env file; what stands behind `=` is not read.

export type EnvSchema = {
  readonly keys: readonly SchemaKey[];
  /** Lines that are neither a key nor a comment; by number only, since somebody may have put a value there. */
  readonly unread: readonly number[];
};

type SchemaKey = {
  readonly name: string;
  readonly line: number;
  /** `# @optional` above it: it may be missing. */
  readonly optional: boolean;
  /** `# @any` above it: its value may be any, a placeholder or http:// too. */
  readonly any: boolean;
};

const key = /^(?:export\s+)?([A-Za-z_]\w*)\s*(?:=.*)?$/;

/** Comments directly above a key are about it; never throws. */
export function readEnvSchema(text: string): EnvSchema {
  const keys: SchemaKey[] = [];
  const unread: number[] = [];
  let above = '';
  text.split(/\r?\n/).forEach((whole, index) => {
    const line = whole.trim();
    const name = key.exec(line)?.[1];
    if (line.startsWith('#')) {
      above += ` ${line}`;
      return;
    }
    if (name !== undefined) keys.push({ name, line: index + 1, ...marksOf(above) });
    else if (line !== '') unread.push(index + 1);
    above = '';
  });
  return { keys, unread };
}

function marksOf(above: string): Pick<SchemaKey, 'optional' | 'any'> {
  return { optional: /@optional\b/.test(above), any: /@any\b/.test(above) };
}
