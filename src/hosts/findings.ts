// What `check` tells of a droplet: its facts, each against what bgctl needs. Pure.
import type { Settings } from '../policy/settings.ts';
import type { HostFacts } from './facts.ts';
import type { HostFinding } from './finding.ts';
import { machineFindings } from './machine-findings.ts';

export function findingsOf(settings: Settings, facts: HostFacts): readonly HostFinding[] {
  const { missingPrograms, tcpTrouble, directoryTrouble, notRoot } = facts;
  return [
    finding(
      'rights',
      notRoot === null,
      notRoot === null
        ? 'commands run as root'
        : `commands run as ${notRoot}, and only root may count connections: let it run sudo without a password, and set hosts.sudo: true`,
    ),
    ...machineFindings(facts),
    finding(
      'programs',
      missingPrograms.length === 0,
      missingPrograms.length === 0
        ? 'all there'
        : `${missingPrograms.join(', ')} missing: install them`,
    ),
    ...(settings.hosts.via === 'ssh'
      ? [finding('TCP through SSH', tcpTrouble === null, tcpTrouble ?? 'probes can pass')]
      : []),
    finding(
      settings.compose.directory,
      directoryTrouble === null,
      directoryTrouble ?? 'can be written',
    ),
    ...Object.entries(facts.logins).map(([registry, login]) => ({
      verdict: login ? ('ok' as const) : ('warn' as const),
      what: `login for ${registry}`,
      detail: login
        ? 'there'
        : `none: \`docker login ${registry}\` there, unless its images are public`,
    })),
  ];
}

function finding(what: string, ok: boolean, detail: string): HostFinding {
  return { verdict: ok ? 'ok' : 'fail', what, detail };
}
