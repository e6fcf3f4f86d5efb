// bgctl check: whether everything that a promotion needs is there, and what is not as it should be; each line with its mend.
import { because } from '../../lib/failure.ts';
import { type CheckedCompose, readBlueprint } from '../blueprint.ts';
import { ofCloud } from '../checks/cloud.ts';
import { notAsked, ofDroplets } from '../checks/droplets.ts';
import { readExpectedEnv } from '../checks/env.ts';
import { ofJournal } from '../checks/recorded.ts';
import type { CliCommand } from '../command.ts';
import { type Connection, connected } from '../connect.ts';
import { type Conclusion, exit } from '../exit.ts';
import { type Finding, ofVariables } from '../findings.ts';
import { sshProblems } from '../ssh-files.ts';

const marks = { ok: '✓', warn: '!', fail: '✗' } as const;

type Options = { readonly fix: boolean };

export const check: CliCommand<Options> = {
  command: 'check',
  describe:
    'test token, SSH, Docker, registry, env files, clocks, room, health and the way back; changes nothing without --fix',
  example: 'check',
  options: (yargs) =>
    yargs.option('fix', {
      type: 'boolean',
      default: false,
      describe: 'make env files on the droplets root’s alone (owner root, mode 600); nothing else',
    }),
  run: (options) =>
    connected(
      options,
      (connection, blueprint) => checked(connection, blueprint, options),
      readBlueprint,
    ),
};

async function checked(
  connection: Connection,
  blueprint: CheckedCompose,
  { fix }: Options,
): Promise<Conclusion> {
  const env = await readExpectedEnv(connection.settings, blueprint);
  const files = await ofSshFiles(connection);
  const findings = [
    ...files,
    ...(await ofCloud(connection)),
    ...env.findings,
    // Without them no droplet can be reached, and each would only say so again.
    ...(files.length > 0 ? [notAsked] : await ofPools(connection, { env: env.expected, fix })),
    ...(await ofJournal(connection, { blueprint, reachable: files.length === 0 })),
    await ofTraffic(connection),
    ...ofVariables(connection, process.env),
  ];
  for (const finding of findings) tell(connection, finding);
  return conclusion(findings);
}

function tell({ output }: Connection, { verdict, what, detail, mend }: Finding): void {
  const text = `${marks[verdict]} ${what}: ${detail}${mend === undefined ? '' : `: ${mend}`}`;
  output.result({ verdict, what, detail, mend: mend ?? null }, text);
}

async function ofSshFiles(connection: Connection): Promise<readonly Finding[]> {
  const problems = await sshProblems(connection);
  return problems.map(({ file, line, path, message, mend }): Finding => {
    return { verdict: 'fail', what: `${path} (${file}:${line})`, detail: message, mend };
  });
}

async function ofPools(
  { wired }: Connection,
  asked: Parameters<typeof ofDroplets>[2],
): Promise<readonly Finding[]> {
  const { a, b } = await wired.world.balancer.pools();
  return ofDroplets(wired, [...a, ...b], asked);
}

async function ofTraffic({ wired, settings }: Connection): Promise<Finding> {
  const what = 'answers through the load balancer';
  try {
    const { environment, droplet, trouble } = await wired.world.traffic.ask();
    if (trouble !== null) return { verdict: 'warn', what, detail: trouble };
    if (settings.traffic.identity.kind === 'none')
      return {
        verdict: 'warn',
        what,
        detail:
          'answers do not name their environment (traffic.identity: none): serving is inferred from connections',
      };
    return { verdict: 'ok', what, detail: `${environment} on droplet ${droplet ?? '(not named)'}` };
  } catch (error) {
    return { verdict: 'warn', what, detail: because(error) };
  }
}

function conclusion(findings: readonly Finding[]): Conclusion {
  const count = (wanted: Finding['verdict']) =>
    findings.filter(({ verdict }) => verdict === wanted).length;
  const data = { ok: count('ok'), warn: count('warn'), fail: count('fail') };
  return data.fail === 0
    ? {
        code: exit.done,
        outcome: 'checked',
        message: `Nothing stands in the way of a promotion. Warnings: ${data.warn}.`,
        data,
      }
    : {
        code: exit.refused,
        outcome: 'refused',
        data,
        message: `${data.fail} of ${findings.length} checks failed; mend them before a promotion.`,
      };
}
