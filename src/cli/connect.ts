// From the command line's options to the journal, and on to the world where a command needs it.
import { homedir, hostname, userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Controller } from '../controller/controller.ts';
import type { Watcher } from '../controller/status.ts';
import { parsePolicy, parseSettings } from '../policy/parse.ts';
import type { Policy } from '../policy/policy.ts';
import type { Settings } from '../policy/settings.ts';
import { journalDroplet, near, type Wired } from '../wire.ts';
import type { Journal } from '../world.ts';
import { refused } from './exit.ts';
import { readConfig, readNamed, sound, type Written } from './files.ts';
import { openLog } from './log.ts';
import { type Output, openOutput, redactor } from './output.ts';
import { secretsOf } from './secrets.ts';
import { actionsOf } from './workflow.ts';

export type GlobalOptions = {
  readonly config: string;
  readonly json: boolean;
  readonly log?: string | undefined;
};

/** What is known from files: nobody was asked for it. */
export type Opened = {
  readonly settings: Settings;
  readonly written: Written;
  readonly policy: Policy;
  /** The policy file as it was written. */
  readonly policyText: string;
  readonly output: Output;
  /** Takes the secrets out of a text that this command knows. */
  readonly redact: (text: string) => string;
  /** Who asks, for the journal. */
  readonly who: string;
};

/** What the journal alone can tell. */
export type Records = Opened & { readonly journal: Journal };

export type Connection = Records & {
  readonly wired: Wired;
  controller(watcher: Watcher): Controller;
};

const policies = fileURLToPath(new URL('../../policies', import.meta.url));

async function open(options: GlobalOptions): Promise<Opened> {
  const { written, settings } = await readSettings(options.config);
  const redact = redactor([tokenOf(settings), ...secretsOf(journalUrlOf(settings) ?? '')]);
  const output = openOutput({
    json: options.json,
    redact,
    actions: actionsOf(process.env) !== null,
  });
  const policyText = await readPolicy(written, settings);
  const who = whoAmI();
  return {
    settings,
    written,
    policy: sound(parsePolicy(policyText, settings.policy)),
    policyText,
    output,
    redact,
    who,
  };
}

/** Throws Exit with every problem of it. */
export async function readSettings(
  config: string,
): Promise<{ readonly written: Written; readonly settings: Settings }> {
  const written = await readConfig(config);
  const where = { home: homedir(), cwd: process.cwd(), policies };
  return { written, settings: sound(parseSettings(written.text, written.file, where)) };
}

export function readPolicy(written: Written, { policy }: Settings): Promise<string> {
  return readNamed(written, policy, {
    key: ['policy'],
    mend: 'write it (start from policies/reference.yml), correct the path, or name standard, cautious or swift',
  });
}

/** The file of a policy that comes with bgctl. */
export function shipped(policy: string): string {
  return `${policies}/${policy}.yml`;
}

/**
 * Opens the journal, works, and lets go of every connection whatever happens. `reach` asks the cloud, once somebody
 * needs more than the journal. `first` is given what files say, before anybody is asked anything.
 */
export async function withRecords<T, F = void>(
  options: GlobalOptions,
  work: (records: Records, reach: () => Promise<Connection>, found: F) => Promise<T>,
  first?: (opened: Opened) => Promise<F>,
): Promise<T> {
  const opened = await open(options);
  const { settings, redact, output } = opened;
  const found = (await first?.(opened)) as F;
  if (journalDroplet(settings) !== null) needToken(opened);
  const journalUrl = journalUrlOf(settings);
  if (journalUrl === '' && settings.journal.kind === 'postgres')
    throw refused(
      `the environment variable ${settings.journal.urlVariable} is not set: ${options.config} says that it holds the address of the journal's database`,
    );
  const log = await openLog(options.log, { redact, note: output.note });
  const place = await near(settings, {
    token: tokenOf(settings),
    ...(journalUrl === null ? {} : { journalUrl }),
    ...(log === null ? {} : { onWork: log }),
    onHook: (line) => output.note(`hook ${line}`),
  });
  const records = { ...opened, journal: place.journal };
  try {
    return await work(
      records,
      async () => {
        needToken(opened);
        return connection(records, await place.reach());
      },
      found,
    );
  } finally {
    await place.close();
  }
}

/** For commands that are nothing without the cloud. */
export async function connected<T, F = void>(
  options: GlobalOptions,
  work: (connection: Connection, found: F) => Promise<T>,
  first?: (opened: Opened) => Promise<F>,
): Promise<T> {
  return withRecords<T, F>(
    options,
    async (_, reach, found) => work(await reach(), found),
    async (opened) => {
      const found = (await first?.(opened)) as F;
      needToken(opened);
      return found;
    },
  );
}

function connection(records: Records, wired: Wired): Connection {
  const { settings, policy, who, redact } = records;
  return {
    ...records,
    wired,
    controller: (watcher) =>
      new Controller({ world: wired.world, name: settings.app, policy, who, watcher, redact }),
  };
}

function tokenOf({ cloud }: Settings): string {
  return process.env[cloud.tokenVariable] ?? '';
}

/** Null: it lies in no database. */
function journalUrlOf({ journal }: Settings): string | null {
  return journal.kind === 'postgres' ? (process.env[journal.urlVariable] ?? '') : null;
}

function needToken({ settings, written }: Opened): void {
  if (tokenOf(settings) === '')
    throw refused(
      `the environment variable ${settings.cloud.tokenVariable} is not set: ${written.file} says that it holds the DigitalOcean token`,
    );
}

/** A CI run's address where there is one, else `anna@laptop`. */
function whoAmI(): string {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID } = process.env;
  if (GITHUB_SERVER_URL && GITHUB_REPOSITORY && GITHUB_RUN_ID)
    return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`;
  return `${userInfo().username}@${hostname()} pid ${process.pid}`;
}
