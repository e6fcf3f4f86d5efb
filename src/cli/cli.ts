// Assembles the commands in yargs; turns how a command ended into output and an exit code.
import yargs from 'yargs';
import { Unprepared } from '../controller/prepare.ts';
import { Bug } from '../lib/assert.ts';
import { Failure } from '../lib/failure.ts';
import { nearest } from '../policy/nearest.ts';
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
import { type Conclusion, Exit, exit, exitCodes, refused } from './exit.ts';
import { columnsOf, openOutput, redactor } from './output.ts';
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
  const names: string[] = [];
  const parser = yargs([...words])
    .scriptName('bgctl')
    .usage('$0 <command>: blue/green traffic switching for Docker Compose apps on DigitalOcean')
    .option('config', {
      type: 'string',
      default: 'bgctl.yml',
      global: true,
      describe: 'the file that describes the app',
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
    .epilogue(exitCodes)
    .wrap(Math.min(100, columnsOf(process.stdout)))
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? refused(worded(message, words, names));
    });
  const add = <O>(command: CliCommand<O>) => {
    names.push(nameOf(command.command));
    parser.command(
      command.command,
      command.describe,
      (y) =>
        command
          .options(y as never)
          .example(`bgctl ${command.example}`, '')
          .epilogue('exit codes: bgctl --help'),
      async (options) => {
        ran = true;
        const given = options as never as Parameters<typeof command.run>[0];
        ended(await command.run(given), given.json);
      },
    );
  };
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

/** `promote` of `promote [versions..]`. */
function nameOf(command: string): string {
  return command.split(' ')[0] ?? command;
}

/** What yargs says of words it does not know is too short to stand alone. */
function worded(message: string, words: readonly string[], commands: readonly string[]): string {
  const [, unknown = ''] = /^Unknown argument: (.*)$/.exec(message) ?? [];
  const near = words.some((word) => commands.includes(word)) ? null : nearest(unknown, commands);
  if (near !== null) return `There is no such command. Did you mean ${near}?`;
  if (message.startsWith('Unknown argument'))
    return `${message}; \`bgctl --help\` lists what there is`;
  return message;
}

function say(conclusion: Conclusion, json: boolean): void {
  const actions = actionsOf(process.env);
  const redact = redactor(secretsOfEnvironment(process.env));
  const output = openOutput({ json, redact, actions: actions !== null });
  const { code, outcome, message, data = {}, hint } = conclusion;
  const hints = hint === undefined ? [] : [hint];
  if (json) output.result({ event: 'result', exit: code, outcome, message, ...data }, message);
  // On one stream, or a reader of both could see the hint before what it belongs to.
  else if (code === exit.done) output.result({}, [message, ...hints].join('\n'));
  else output.note([message, ...hints].join('\n'));
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
