// Assembles the commands in yargs; turns how a command ended into output and an exit code.
import yargs from 'yargs';
import { Unprepared } from '../controller/prepare.ts';
import { Bug } from '../lib/assert.ts';
import { Failure } from '../lib/failure.ts';
import type { CliCommand } from './command.ts';
import { abort } from './commands/abort.ts';
import { approve } from './commands/approve.ts';
import { check } from './commands/check.ts';
import { extend } from './commands/extend.ts';
import { history } from './commands/history.ts';
import { hold } from './commands/hold.ts';
import { logs } from './commands/logs.ts';
import { plan } from './commands/plan.ts';
import { promote } from './commands/promote.ts';
import { rehearse } from './commands/rehearse.ts';
import { report } from './commands/report.ts';
import { resolve } from './commands/resolve.ts';
import { resume } from './commands/resume.ts';
import { show } from './commands/show.ts';
import { status } from './commands/status.ts';
import { type Conclusion, Exit, exit, refused } from './exit.ts';
import { openOutput, redactor } from './output.ts';
import { secretsOfEnvironment } from './secrets.ts';
import { tellActions } from './step.ts';
import { actionsOf } from './workflow.ts';

const nameOne = 'name a command; `bgctl --help` lists them';

/** Runs one command line; the exit code. Never throws. */
export async function cli(words: readonly string[], version: string): Promise<number> {
  let code: number = exit.done;
  let ran = false;
  const ended = (conclusion: Conclusion | null, json: boolean) => {
    if (conclusion === null) return;
    say(conclusion, json);
    code = conclusion.code;
  };
  const parser = yargs([...words])
    .scriptName('bgctl')
    .usage('$0 <command>: blue/green traffic switching for Docker Compose apps on DigitalOcean')
    .option('config', {
      type: 'string',
      default: 'bgctl.yml',
      global: true,
      describe: 'the app to work on',
    })
    .option('json', {
      type: 'boolean',
      default: false,
      global: true,
      describe: 'one JSON object a line on stdout',
    })
    .option('log', {
      type: 'string',
      global: true,
      describe: 'append every API call and remote command to this file, as JSON lines',
    })
    .version(version)
    .help()
    .strict()
    .demandCommand(1, nameOne)
    .recommendCommands()
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? refused(worded(message));
    });
  const add = <O>(command: CliCommand<O>) =>
    parser.command(
      command.command,
      command.describe,
      (y) => command.options(y as never),
      async (options) => {
        ran = true;
        const given = options as never as Parameters<typeof command.run>[0];
        ended(await command.run(given), given.json);
      },
    );
  add(promote);
  add(abort);
  add(approve);
  add(hold);
  add(extend);
  add(status);
  add(history);
  add(show);
  add(report);
  add(plan);
  add(check);
  add(rehearse);
  add(resume);
  add(resolve);
  add(logs);
  try {
    const { help, version: asked } = await parser.parseAsync();
    // After a lone `--` nothing is a command to yargs: done must never be said of nothing.
    if (!ran && !help && !asked) throw refused(nameOne);
  } catch (error) {
    ended(conclusionOf(error), words.includes('--json'));
  }
  return code;
}

/** What yargs says of words it does not know is too short to stand alone. */
function worded(message: string): string {
  if (message.startsWith('Did you mean')) return `There is no such command. ${message}`;
  if (message.startsWith('Unknown argument'))
    return `${message}; \`bgctl --help\` lists what there is`;
  return message;
}

function say(conclusion: Conclusion, json: boolean): void {
  const actions = actionsOf(process.env);
  const redact = redactor(secretsOfEnvironment(process.env));
  const output = openOutput({ json, redact, actions: actions !== null });
  const { code, outcome, message, data = {}, hint } = conclusion;
  if (json) output.result({ event: 'result', exit: code, outcome, message, ...data }, message);
  else if (code === exit.done) output.result({}, message);
  else output.note(message);
  if (hint !== undefined) output.note(hint);
  if (actions !== null) tellActions(conclusion, actions, { output, redact });
}

/** Three kinds of trouble: the operator's (refused), the world's (failed), ours (a bug). */
function conclusionOf(error: unknown): Conclusion {
  if (error instanceof Exit) return error.conclusion;
  if (error instanceof Unprepared)
    return {
      code: exit.refused,
      outcome: 'refused',
      message: `${error.problems.join('\n')}\nNothing was touched.`,
    };
  if (error instanceof Failure && error.precondition)
    return { code: exit.refused, outcome: 'refused', message: error.message };
  // The loop turns its failures into entries: what arrives here of the world came before anything was begun.
  if (error instanceof Failure && error.from !== 'journal' && error.retry === 'never')
    return {
      code: exit.refused,
      outcome: 'refused',
      message: `${error.message}\nNothing was touched.`,
    };
  if (error instanceof Failure)
    return {
      code: exit.unreachable,
      outcome: 'unreachable',
      message: `${error.message} The state is safe; \`bgctl resume\` goes on where something is under way.`,
    };
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && error.name === 'YError')
    return { code: exit.refused, outcome: 'refused', message };
  const where = error instanceof Bug ? '' : `\n${error instanceof Error ? error.stack : ''}`;
  return {
    code: exit.bug,
    outcome: 'bug',
    message: `This is a bug in bgctl: ${message}. Nothing further was begun; the journal tells what was. Please report it with the output of \`bgctl history --json\`.${where}`,
  };
}
