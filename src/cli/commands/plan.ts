// bgctl plan: every call and command that a promotion would make, what forbids it, and how long it takes. Changes nothing.
import { durationText } from '../../policy/duration.ts';
import type { ApprovalSpec, Policy } from '../../policy/policy.ts';
import type { App } from '../../promotion/app.ts';
import { environmentsOf } from '../../promotion/app.ts';
import { type DropletId, projectName } from '../../promotion/environment.ts';
import { releaseId } from '../../promotion/release.ts';
import type { Inspection } from '../../wire.ts';
import { type CheckedCompose, readBlueprint } from '../blueprint.ts';
import type { CliCommand } from '../command.ts';
import { type Connection, connected } from '../connect.ts';
import { type Conclusion, exit } from '../exit.ts';
import { nextPlace, taken } from '../obstacles.ts';
import type { Output } from '../output.ts';
import { quietly } from '../quietly.ts';
import { needSshFiles } from '../ssh-files.ts';

export const plan: CliCommand<object> = {
  command: 'plan',
  describe: 'print what a promotion would do, call by call, and what forbids it; changes nothing',
  example: 'plan',
  options: (yargs) => yargs,
  run: (options) =>
    connected(options, printed, async (opened) => {
      const blueprint = await readBlueprint(opened);
      await needSshFiles(opened);
      return blueprint;
    }),
};

async function printed(connection: Connection, blueprint: CheckedCompose): Promise<Conclusion> {
  const { app } = await quietly(connection).read();
  const inspection = await connection.wired.inspect();
  const { pool, droplets } = nextPlace(app, inspection);
  const { output } = connection;
  roles(output, blueprint);
  calls(connection, app, { pool, droplets, inspection });
  times(output, connection.policy, inspection, environmentsOf(app).live !== null);
  const problems = [...inspection.refusals, ...(await taken(connection, app, blueprint, droplets))];
  for (const warning of inspection.warnings) output.result({ warning }, `note: ${warning}`);
  return conclusion(problems);
}

function roles(output: Output, { file }: CheckedCompose): void {
  for (const { name, role, derivedBecause } of file.services)
    output.result(
      { service: name, role, because: derivedBecause ?? 'bgctl.yml says so' },
      `${name}: ${role} (${derivedBecause ?? 'bgctl.yml says so'})`,
    );
}

function calls(
  { output, wired, settings, policy }: Connection,
  app: App,
  plan: { pool: string; droplets: readonly DropletId[]; inspection: Inspection },
): void {
  const project = projectName(app.name, releaseId(app.released + 1));
  const { live } = environmentsOf(app);
  const path = `/v2/load_balancers/${plan.inspection.balancer?.id ?? '?'}/droplets`;
  const step = (phase: string, on: string, what: string) =>
    output.result({ phase, on, do: what }, `${phase.padEnd(10)} ${on.padEnd(18)} ${what}`);
  for (const [phase, hooks] of Object.entries(policy.hooks ?? {}))
    for (const { name, does, required } of hooks)
      step(
        phase,
        does.kind === 'command' ? 'this host' : 'a webhook',
        `${name}${required ? ' (required)' : ''}: ${does.kind === 'command' ? does.words.join(' ') : `POST ${does.url}`}`,
      );
  for (const droplet of plan.droplets)
    for (const words of wired.words({ project, droplet }).start)
      step('starting', `droplet ${droplet}`, words.join(' '));
  step('gating', 'nothing changes', `${settings.traffic.health} is asked on every droplet`);
  if (policy.gate.approval !== undefined)
    step(
      'gating',
      'a person',
      `\`bgctl approve\` is waited for: ${approvalText(policy.gate.approval)}`,
    );
  for (const part of partsOf(plan.droplets, policy.switch.first)) {
    step('switching', 'DigitalOcean', `POST ${path} ${JSON.stringify({ droplet_ids: part })}`);
    if (part[0] === plan.droplets[0] && judged(policy.switch))
      step('switching', 'nothing changes', `droplets ${part.join(', ')} are judged beside blue`);
  }
  if (live !== null) {
    for (const droplet of settings.traffic.drain === null ? [] : live.droplets)
      step(
        'switching',
        `droplet ${droplet}`,
        `${live.project} fails its health check: ${JSON.stringify(settings.traffic.drain?.fail)}`,
      );
    step(
      'switching',
      'DigitalOcean',
      `DELETE ${path} ${JSON.stringify({ droplet_ids: live.droplets })}`,
    );
    if (policy.drain.warmMs === null)
      step('verifying', 'a person', '`bgctl hold --off` is waited for (drain.warm: never)');
    for (const droplet of live.droplets)
      for (const words of wired.words({ project: live.project, droplet }).remove)
        step('retiring', `droplet ${droplet}`, words.join(' '));
  }
}

/** The droplets that join at once, in order. */
function partsOf(
  droplets: readonly DropletId[],
  first = droplets.length,
): readonly (readonly DropletId[])[] {
  return [droplets.slice(0, first), droplets.slice(first)].filter((part) => part.length > 0);
}

function judged({ gates = [], minMs = 0 }: Policy['switch']): boolean {
  return gates.length > 0 || minMs > 0;
}

function approvalText({ ttlMs, onExpire }: ApprovalSpec): string {
  if (ttlMs === null) return 'as long as it takes';
  return `${durationText(ttlMs)}, then ${onExpire === 'abort' ? 'green is removed' : 'the app is held'}`;
}

/** Rollback has a price, said beforehand. */
function times(output: Output, policy: Policy, { balancer }: Inspection, hasBlue: boolean): void {
  if (balancer === null) return;
  const { warmUpMs, evictionMs } = balancer;
  if (!hasBlue) {
    const text = `The first release serves about ${durationText(warmUpMs)} after it joins the balancer; there is none before it to go back to.`;
    output.result(
      { warmUpMs, evictionMs: null, switchMs: warmUpMs, rollbackMs: null, warmMs: null },
      text,
    );
    return;
  }
  const switchMs = warmUpMs + evictionMs + policy.drain.quietMs;
  output.result(
    { warmUpMs, evictionMs, switchMs, rollbackMs: warmUpMs, warmMs: policy.drain.warmMs },
    [
      `The switch takes about ${durationText(switchMs)}: ${durationText(warmUpMs)} until the balancer serves from green, up to ${durationText(evictionMs)} until it stops sending to blue.`,
      `Going back takes about ${durationText(warmUpMs)} with this balancer's health check.`,
    ].join('\n'),
  );
}

function conclusion(problems: readonly string[]): Conclusion {
  return problems.length === 0
    ? { code: exit.done, outcome: 'planned', message: 'Nothing forbids it. Nothing was changed.' }
    : {
        code: exit.refused,
        outcome: 'refused',
        message: `A promotion would be refused:\n${problems.join('\n')}\nNothing was changed.`,
      };
}
