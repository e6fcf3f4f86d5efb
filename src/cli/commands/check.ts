// bgctl check: whether everything that a promotion needs is there: token, SSH, Docker, registry, room, health path.
import { because } from '../../lib/failure.ts';
import type { ExpectedEnv } from '../../policy/env-expected.ts';
import { type App, environmentsOf } from '../../promotion/app.ts';
import { balancerFindings } from '../balancer-findings.ts';
import { type CheckedCompose, readBlueprint } from '../blueprint.ts';
import { ofCertificates } from '../certificates.ts';
import type { CliCommand } from '../command.ts';
import { type Connection, connected } from '../connect.ts';
import { type Conclusion, exit } from '../exit.ts';
import { readExpectedEnv } from '../expected-env.ts';
import { type Finding, ofVariables, probesOf } from '../findings.ts';
import { nextPlace, taken } from '../obstacles.ts';
import { recorded } from '../quietly.ts';
import { sshProblems } from '../ssh-files.ts';
import { ofWayBack } from '../way-back.ts';

const verdicts = { yes: 'ok', no: 'fail', unknown: 'warn' } as const;
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
    // Without them no droplet can be reached, and each would only say so again.
    ...env.findings,
    ...(files.length > 0 ? [notAsked] : await ofDroplets(connection, { env: env.expected, fix })),
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

const notAsked: Finding = {
  verdict: 'warn',
  what: 'droplets',
  detail: 'not asked: bgctl reaches them by SSH, and that lacks what is named above',
};

async function ofSshFiles(connection: Connection): Promise<readonly Finding[]> {
  const problems = await sshProblems(connection);
  return problems.map(({ file, line, path, message, mend }): Finding => {
    return { verdict: 'fail', what: `${path} (${file}:${line})`, detail: message, mend };
  });
}

async function ofCloud({ wired, policy, settings }: Connection): Promise<readonly Finding[]> {
  const metrics = probesOf(policy).some(({ kind }) => kind === 'balancer');
  const [scopes, inspection] = await Promise.all([wired.scopes({ metrics }), wired.inspect()]);
  return [
    ...scopes.map(({ scope, has, because: detail }): Finding => {
      return { verdict: verdicts[has], what: `token scope ${scope}`, detail };
    }),
    ...inspection.refusals.map(
      (detail): Finding => ({ verdict: 'fail', what: 'load balancer', detail }),
    ),
    ...inspection.warnings.map((detail): Finding => {
      return { verdict: 'warn', what: 'load balancer', detail };
    }),
    ...(inspection.balancer !== null && inspection.refusals.length === 0
      ? [
          {
            verdict: 'ok',
            what: 'load balancer',
            detail: `${inspection.balancer.name} at ${inspection.balancer.ip}`,
          } as const,
          ...balancerFindings({
            balancer: inspection.balancer,
            policy,
            traffic: settings.traffic,
          }),
          ...(await ofCertificates(wired, inspection.balancer, wired.world.clock.now())),
        ]
      : []),
  ];
}

async function ofDroplets(
  connection: Connection,
  { env, fix }: Asked,
): Promise<readonly Finding[]> {
  const { wired } = connection;
  const pools = await wired.world.balancer.pools();
  const droplets = [...pools.a, ...pools.b];
  const all = await Promise.all(
    droplets.map(async (droplet): Promise<readonly Finding[]> => {
      try {
        const paths = env.files.map(({ path }) => path);
        const mended = fix ? await wired.mend(droplet, paths) : [];
        return [...mended, ...(await wired.examine(droplet, env))];
      } catch (error) {
        return [{ verdict: 'fail', what: 'SSH', detail: because(error) }];
      }
    }),
  );
  return all.flatMap((findings, index) =>
    findings.map((finding) => ({
      ...finding,
      what: `droplet ${droplets[index]}: ${finding.what}`,
    })),
  );
}

/** What is asked of each droplet. */
type Asked = { readonly env: ExpectedEnv; readonly fix: boolean };

type Means = {
  readonly blueprint: CheckedCompose;
  /** Whether droplets can be asked at all. */
  readonly reachable: boolean;
};

/** Whether it can be read, and what follows from it: what is healthy, and what is in the next release's way. */
async function ofJournal(
  connection: Connection,
  { blueprint, reachable }: Means,
): Promise<readonly Finding[]> {
  const { journal } = connection;
  try {
    const { app, entries } = await recorded(connection);
    const detail = `${journal.place}, ${entries.length} entries`;
    const found: Finding = { verdict: 'ok', what: 'journal', detail };
    if (!reachable) return [found];
    return [
      found,
      ...(await ofHealth(connection, app)),
      ...(await ofWayBack(connection.wired, { app, policy: connection.policy, entries })),
      ...(await ofNextPlace(connection, app, blueprint)),
    ];
  } catch (error) {
    return [{ verdict: 'fail', what: 'journal', detail: because(error) }];
  }
}

/** As `plan` finds it: host ports and names where the next release would run. */
async function ofNextPlace(
  connection: Connection,
  app: App,
  blueprint: CheckedCompose,
): Promise<readonly Finding[]> {
  const { pool, droplets } = nextPlace(app, await connection.wired.inspect());
  if (droplets.length === 0) return [];
  const what = `host ports and names on pool ${pool}`;
  const problems = await taken(connection, app, blueprint, droplets);
  if (problems.length === 0) return [{ verdict: 'ok', what, detail: 'free for the next release' }];
  return problems.map((detail): Finding => ({ verdict: 'fail', what, detail }));
}

/** Only what is live can be asked; a first release has nothing to ask yet. */
async function ofHealth(connection: Connection, app: App): Promise<readonly Finding[]> {
  const { live } = environmentsOf(app);
  if (live === null) return [];
  const path = connection.settings.traffic.health;
  const spec = { kind: 'http', of: 'droplets', path, expect: null, timeoutMs: 5_000 } as const;
  return Promise.all(
    live.droplets.map(async (droplet): Promise<Finding> => {
      const sample = await connection.wired.world.probes.sample(spec, live, droplet);
      const { outcome, detail } = sample ?? { outcome: 'unknown', detail: 'it was not asked' };
      const verdict = outcome === 'ok' ? 'ok' : outcome === 'error' ? 'fail' : 'warn';
      return { verdict, what: `health path ${path} on droplet ${droplet}`, detail };
    }),
  );
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
  const bad = findings.filter(({ verdict }) => verdict === 'fail');
  return bad.length === 0
    ? { code: exit.done, outcome: 'checked', message: 'Nothing stands in the way of a promotion.' }
    : {
        code: exit.refused,
        outcome: 'refused',
        message: `${bad.length} of ${findings.length} checks failed; mend them before a promotion.`,
      };
}
