// From the command line's options to a connection: configuration read and checked, the world wired.
import { readFile } from 'node:fs/promises';
import { homedir, hostname, userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Controller } from '../controller/controller.ts';
import type { Watcher } from '../controller/status.ts';
import { misfits, parsePolicy, parseSettings } from '../policy/parse.ts';
import type { Policy } from '../policy/policy.ts';
import { formatProblems, type Parsed } from '../policy/problem.ts';
import type { Settings } from '../policy/settings.ts';
import { type Wired, wire } from '../wire.ts';
import { refused, unfit } from './exit.ts';
import { openLog } from './log.ts';
import { type Output, openOutput, redactor } from './output.ts';
import { secretsOf } from './secrets.ts';
import { actionsOf } from './workflow.ts';

export type GlobalOptions = {
  readonly config: string;
  readonly json: boolean;
  readonly log?: string | undefined;
};

export type Connection = {
  readonly settings: Settings;
  readonly policy: Policy;
  /** The compose file's text. */
  readonly compose: string;
  readonly output: Output;
  /** Takes the secrets out of a text that this command knows. */
  readonly redact: (text: string) => string;
  readonly wired: Wired;
  /** Who asks, for the journal. */
  readonly who: string;
  controller(watcher: Watcher): Controller;
};

const policies = fileURLToPath(new URL('../../policies', import.meta.url));

async function connect(options: GlobalOptions, begins: boolean): Promise<Connection> {
  const settings = await loadSettings(options.config);
  const token = process.env[settings.cloud.tokenVariable] ?? '';
  const urlVariable = settings.journal.kind === 'postgres' ? settings.journal.urlVariable : null;
  const journalUrl = urlVariable === null ? null : (process.env[urlVariable] ?? '');
  const redact = redactor([token, ...secretsOf(journalUrl ?? '')]);
  const output = openOutput({
    json: options.json,
    redact,
    actions: actionsOf(process.env) !== null,
  });
  const written = await read(settings.policy);
  const policy = sound(parsePolicy(written, settings.policy));
  const wrong = begins ? misfits(written, settings.policy, settings.traffic) : [];
  if (wrong.length > 0) throw unfit(wrong);
  const compose = await read(settings.compose.file);
  if (token === '')
    throw refused(
      `the environment variable ${settings.cloud.tokenVariable} is not set: ${options.config} says that it holds the DigitalOcean token`,
    );
  if (journalUrl === '')
    throw refused(
      `the environment variable ${urlVariable} is not set: ${options.config} says that it holds the address of the journal's database`,
    );
  const who = whoAmI();
  const log = await openLog(options.log, redact);
  const wired = await wire(settings, {
    token,
    ...(journalUrl === null ? {} : { journalUrl }),
    ...(log === null ? {} : { onWork: log }),
    onHook: (line) => output.note(`hook ${line}`),
  });
  return {
    settings,
    policy,
    compose,
    output,
    redact,
    wired,
    who,
    controller: (watcher) =>
      new Controller({ world: wired.world, name: settings.app, policy, who, watcher, redact }),
  };
}

/**
 * Connects, works, and lets go of every connection whatever happens. `begins`: the work is to begin a promotion, so that
 * the policy must suit the settings; nobody is kept from a promotion that is under way because it does not.
 */
export async function connected<T>(
  options: GlobalOptions,
  work: (connection: Connection) => Promise<T>,
  { begins = false } = {},
): Promise<T> {
  const connection = await connect(options, begins);
  try {
    return await work(connection);
  } finally {
    await connection.wired.close();
  }
}

export function loadSettings(config: string): Promise<Settings> {
  return load(config, (text, file) =>
    parseSettings(text, file, { home: homedir(), cwd: process.cwd(), policies }),
  );
}

/** The file of a policy that comes with bgctl. */
export function shipped(policy: string): string {
  return `${policies}/${policy}.yml`;
}

/** Every problem at once, or the value; warnings are said. */
export async function load<T>(
  file: string,
  parse: (text: string, file: string) => Parsed<T>,
): Promise<T> {
  return sound(parse(await read(file), file));
}

function sound<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw unfit(parsed.problems);
  if (parsed.warnings.length > 0) process.stderr.write(`${formatProblems(parsed.warnings)}\n`);
  return parsed.value;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw refused(
      missing
        ? `${file} does not exist: write one (examples/quickstart/bgctl.yml) or name it with --config`
        : `${file} cannot be read: ${(error as Error).message}`,
    );
  }
}

/** A CI run's address where there is one, else `anna@laptop`. */
function whoAmI(): string {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID } = process.env;
  if (GITHUB_SERVER_URL && GITHUB_REPOSITORY && GITHUB_RUN_ID)
    return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`;
  return `${userInfo().username}@${hostname()} pid ${process.pid}`;
}
