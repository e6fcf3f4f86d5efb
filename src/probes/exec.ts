// A command of the operator's, in a container or on the controller: its exit code, or the number that it prints.
import { because } from '../lib/failure.ts';
import type { ExecProbe } from '../policy/probe-spec.ts';
import type { DropletId, Environment } from '../promotion/environment.ts';
import type { CommandSeen, Insides } from '../world.ts';
import { excerpt } from './detail.ts';
import { fillIn } from './fill-in.ts';
import { digits, measured, type Seen, unknown } from './seen.ts';

/** Runs words on this machine, in no shell, with these variables beside its own. Rejects with Failure. */
export type RunHere = (
  command: readonly string[],
  given: { readonly timeoutMs: number; readonly variables: Readonly<Record<string, string>> },
) => Promise<CommandSeen>;

type Given = {
  readonly environment: Environment;
  readonly droplet: DropletId;
  readonly insides: Pick<Insides, 'run'>;
  readonly runHere: RunHere;
};

export async function askCommand(spec: ExecProbe, given: Given): Promise<Seen> {
  try {
    const ran = await run(spec, given);
    if (ran === null) return { outcome: 'error', detail: `no container of ${spec.service} runs` };
    return judge(spec, ran);
  } catch (error) {
    return unknown(because(error));
  }
}

function run(spec: ExecProbe, given: Given): Promise<CommandSeen | null> {
  const { environment, droplet, insides, runHere } = given;
  const { service, timeoutMs } = spec;
  const command = spec.command.map((word) => fillIn(word, environment, droplet));
  const place = { project: environment.project, droplet };
  if (service !== null) return insides.run(place, { service, command, timeoutMs });
  const variables = {
    BGCTL_ENVIRONMENT: environment.project,
    BGCTL_RELEASE: environment.release.id,
    BGCTL_DROPLET: String(droplet),
  };
  return runHere(command, { timeoutMs, variables });
}

function judge(spec: ExecProbe, { code, stdout, said }: CommandSeen): Seen {
  const words = said.trim() === '' ? '' : `: ${excerpt(said.trim())}`;
  // It was not found, or may not be run: the question is wrong, not the answer.
  if (code === 126 || code === 127)
    return unknown(`${spec.command[0]} could not be run (${code})${words}`);
  if (code === null)
    return { outcome: 'error', detail: `did not end within ${spec.timeoutMs} ms${words}` };
  if (code !== 0) return { outcome: 'error', detail: `exit code ${code}${words}` };
  if (spec.yields === 'exit-code') return { outcome: 'ok', detail: `exit code 0${words}` };
  const last = stdout.trim().split('\n').at(-1)?.trim() ?? '';
  const value = last === '' ? Number.NaN : Number(last);
  return Number.isFinite(value)
    ? measured(value, spec, `printed ${digits(value)}`)
    : unknown('it printed no number in its last line');
}
