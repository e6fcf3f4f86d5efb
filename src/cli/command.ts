// A command is one object in one file: words, options, what it does.
import type { Argv } from 'yargs';
import type { GlobalOptions } from './connect.ts';
import type { Conclusion } from './exit.ts';

export type CliCommand<O> = {
  /** As yargs reads it: `promote [versions..]`. */
  readonly command: string;
  readonly describe: string;
  /** Words after `bgctl`, for its help. */
  readonly example: string;
  options(yargs: Argv<GlobalOptions>): Argv<GlobalOptions & O>;
  /** Null: said all there is to say, exit 0. */
  run(options: GlobalOptions & O): Promise<Conclusion | null>;
};
