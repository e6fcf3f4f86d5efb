// What `check` finds, and of it what the policy's probes and hooks send by reference.
import { referencesIn } from '../lib/references.ts';
import type { Policy } from '../policy/policy.ts';
import { type ProbeSpec, variablesOf } from '../policy/probe-spec.ts';
import { type HostFinding, withheldOf } from '../wire.ts';
import type { Connection } from './connect.ts';

export type Finding = HostFinding;

export function probesOf({ gate, switch: { gates = [] }, verify }: Policy): readonly ProbeSpec[] {
  return [...gate.gates, ...gates, ...verify.gates].map(({ probe }) => probe);
}

/** What the policy's probes and webhooks send by reference must be here when they are sent. */
export function ofVariables(
  { policy, settings }: Pick<Connection, 'policy' | 'settings'>,
  variables: Readonly<Record<string, string | undefined>>,
): readonly Finding[] {
  const withheld = withheldOf(settings);
  const finding = (name: string, user: 'probe' | 'hook'): Finding => {
    const what = `environment variable ${name}, for a ${user}`;
    if (withheld.includes(name))
      return {
        verdict: 'fail',
        what,
        detail: `it is bgctl's own secret, which no ${user} may send`,
      };
    return variables[name]
      ? { verdict: 'ok', what, detail: 'it is set' }
      : { verdict: 'fail', what, detail: `it is not set: the ${user} could not ask` };
  };
  return [
    ...[...new Set(probesOf(policy).flatMap(variablesOf))].map((name) => finding(name, 'probe')),
    ...[...new Set(webhooksOf(policy).flatMap(referencesIn))].map((name) => finding(name, 'hook')),
  ];
}

function webhooksOf({ hooks = {} }: Policy): readonly string[] {
  return Object.values(hooks)
    .flat()
    .flatMap(({ does }) => (does.kind === 'webhook' ? [does.url] : []));
}
