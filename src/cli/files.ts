// The operator's files: read, or told by the key and the line of bgctl.yml that names them.
import { readFile } from 'node:fs/promises';
import { formatProblems, type Parsed, type Path, type Problem } from '../policy/problem.ts';
import { readYaml } from '../policy/yaml-file.ts';
import { refused, unfit } from './exit.ts';

/** The bgctl.yml as it was written: what it names is told at its line. */
export type Written = { readonly text: string; readonly file: string };

type Named = {
  /** The key that names the file. */
  readonly key: Path;
  readonly mend: string;
};

/** A file that an option names. */
export function readArgument(file: string, option: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const missing = error.code === 'ENOENT';
    throw refused(
      `${file} ${missing ? 'does not exist' : `cannot be read: ${error.message}`} (${option})`,
    );
  });
}

/** Throws Exit where it cannot be read: nothing names it but the command line. */
export async function readConfig(file: string): Promise<Written> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw refused(
      error.code === 'ENOENT'
        ? `${file} does not exist: write one (examples/quickstart/bgctl.yml) or name it with --config`
        : `${file} cannot be read: ${error.message}`,
    );
  });
  return { text, file };
}

/** Throws Exit with the place in bgctl.yml that names the file. */
export async function readNamed(written: Written, path: string, named: Named): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw unfit([unreadable(written, path, named, error)]);
  });
}

export function unreadable(
  { text, file }: Written,
  path: string,
  { key, mend }: Named,
  error: NodeJS.ErrnoException,
): Problem {
  const missing = error.code === 'ENOENT';
  const message = missing ? `${path} does not exist` : `${path} cannot be read: ${error.message}`;
  return readYaml(text, file).place({ path: key, message, mend });
}

/** Throws Exit with every problem; warnings go to stderr. */
export function sound<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw unfit(parsed.problems);
  if (parsed.warnings.length > 0) process.stderr.write(`${formatProblems(parsed.warnings)}\n`);
  return parsed.value;
}
