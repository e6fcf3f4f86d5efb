// bgctl check: whether everything that a promotion needs is there: token, SSH, Docker, registry, room, health path.
import { because } from '../../lib/failure.ts';
import { type App, environmentsOf } from '../../promotion/app.ts';
import { type CheckedCompose, readBlueprint } from '../blueprint.ts';
import type { CliCommand } from '../command.ts';
import { type Connection, connected } from '../connect.ts';
import { type Conclusion, exit } from '../exit.ts';
import { type Finding, ofVariables, probesOf } from '../findings.ts';
import { nextPlace, taken } from '../obstacles.ts';
import { recorded } from '../quietly.ts';
import { sshProblems } from '../ssh-files.ts';

const marks = { yes: '✓', no: '✗', unknown: '?' } as const;

export const check: CliCommand<object> = {
  command: 'check',
  describe: 'test token, SSH, Docker, registry, disk, memory and health path; changes nothing',
  example: 'check',
  options: (yargs) => yargs,
  run: (options) => connected(options, checked, readBlueprint),
};

async function checked(connection: Connection, blueprint: CheckedCompose): Promise<Conclusion> {
  const files = await ofSshFiles(connection);
  const findings = [
    ...files,
    ...(await ofCloud(connection)),
    // Without them no droplet can be reached, and each would only say so again.
    ...(files.length > 0 ? [notAsked] : await ofDroplets(connection)),
    ...(await ofJournal(connection, { blueprint, reachable: files.length === 0 })),
    await ofTraffic(connection),
    ...ofVariables(connection, process.env),
  ];
  for (const { ok, what, detail } of findings)
    connection.output.result({ ok, what, detail }, `${marks[ok]} ${what}: ${detail}`);
  return conclusion(findings);
}

const notAsked: Finding = {
  ok: 'unknown',
  what: 'droplets',
  detail: 'not asked: bgctl reaches them by SSH, and that lacks what is named above',
};

async function ofSshFiles(connection: Connection): Promise<readonly Finding[]> {
  const problems = await sshProblems(connection);
  return problems.map(({ file, line, path, message, mend }): Finding => {
    return { ok: 'no', what: `${path} (${file}:${line})`, detail: `${message}: ${mend}` };
  });
}

async function ofCloud({ wired, policy }: Connection): Promise<readonly Finding[]> {
  const metrics = probesOf(policy).some(({ kind }) => kind === 'balancer');
  const [scopes, inspection] = await Promise.all([wired.scopes({ metrics }), wired.inspect()]);
  return [
    ...scopes.map(({ scope, has, because: detail }): Finding => {
      return { ok: has, what: `token scope ${scope}`, detail };
    }),
    ...inspection.refusals.map((detail): Finding => ({ ok: 'no', what: 'load balancer', detail })),
    ...inspection.warnings.map((detail): Finding => {
      return { ok: 'unknown', what: 'load balancer', detail };
    }),
    ...(inspection.balancer !== null && inspection.refusals.length === 0
      ? [
          {
            ok: 'yes',
            what: 'load balancer',
            detail: `${inspection.balancer.name} at ${inspection.balancer.ip}`,
          } as const,
        ]
      : []),
  ];
}

async function ofDroplets(connection: Connection): Promise<readonly Finding[]> {
  const pools = await connection.wired.world.balancer.pools();
  const droplets = [...pools.a, ...pools.b];
  const all = await Promise.all(
    droplets.map(async (droplet): Promise<readonly Finding[]> => {
      try {
        return await connection.wired.examine(droplet);
      } catch (error) {
        return [{ ok: 'no', what: 'SSH', detail: because(error) }];
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
    const found: Finding = { ok: 'yes', what: 'journal', detail };
    if (!reachable) return [found];
    return [
      found,
      ...(await ofHealth(connection, app)),
      ...(await ofNextPlace(connection, app, blueprint)),
    ];
  } catch (error) {
    return [{ ok: 'no', what: 'journal', detail: because(error) }];
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
  if (problems.length === 0) return [{ ok: 'yes', what, detail: 'free for the next release' }];
  return problems.map((detail): Finding => ({ ok: 'no', what, detail }));
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
      const ok = outcome === 'ok' ? 'yes' : outcome === 'error' ? 'no' : 'unknown';
      return { ok, what: `health path ${path} on droplet ${droplet}`, detail };
    }),
  );
}

async function ofTraffic({ wired, settings }: Connection): Promise<Finding> {
  const what = 'answers through the load balancer';
  try {
    const { environment, droplet, trouble } = await wired.world.traffic.ask();
    if (trouble !== null) return { ok: 'unknown', what, detail: trouble };
    if (settings.traffic.identity.kind === 'none')
      return {
        ok: 'unknown',
        what,
        detail:
          'answers do not name their environment (traffic.identity: none): serving is inferred from connections',
      };
    return { ok: 'yes', what, detail: `${environment} on droplet ${droplet ?? '(not named)'}` };
  } catch (error) {
    return { ok: 'unknown', what, detail: because(error) };
  }
}

function conclusion(findings: readonly Finding[]): Conclusion {
  const bad = findings.filter(({ ok }) => ok === 'no');
  return bad.length === 0
    ? { code: exit.done, outcome: 'checked', message: 'Nothing stands in the way of a promotion.' }
    : {
        code: exit.refused,
        outcome: 'refused',
        message: `${bad.length} of ${findings.length} checks failed; a promotion would not be begun or would not succeed.`,
      };
}
