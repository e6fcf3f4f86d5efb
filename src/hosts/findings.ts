// What `check` tells of a droplet: its facts, each against what bgctl needs. Pure.
import type { Settings } from '../policy/settings.ts';
import type { HostFacts } from './facts.ts';
import type { HostFinding } from './finding.ts';

const gib = 1024 ** 3;
const diskFreeMin = 2 * gib;
const memoryAvailableMin = gib / 4;

export function findingsOf(settings: Settings, facts: HostFacts): readonly HostFinding[] {
  const { docker, compose, missingPrograms, tcpTrouble, directoryTrouble, notRoot } = facts;
  return [
    finding(
      'rights',
      notRoot === null,
      notRoot === null
        ? 'commands run as root'
        : `commands run as ${notRoot}, and only root may count connections: let it run sudo without a password, and set hosts.sudo: true`,
    ),
    finding('Docker Engine', docker !== null, docker ?? facts.dockerTrouble),
    finding(
      'Docker Compose',
      isV2(compose),
      compose ?? 'docker compose is missing: install Compose V2',
    ),
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
    atLeast('disk free', facts.diskFreeBytes, diskFreeMin),
    atLeast('memory available', facts.memoryAvailableBytes, memoryAvailableMin),
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

function isV2(compose: string | null): boolean {
  return Number(/^v?(\d{1,3})\./.exec(compose ?? '')?.[1] ?? 0) >= 2;
}

function atLeast(what: string, bytes: number | null, min: number): HostFinding {
  if (bytes === null) return { verdict: 'warn', what, detail: 'could not be read' };
  const detail = `${(bytes / gib).toFixed(1)} GiB`;
  return {
    verdict: bytes >= min ? 'ok' : 'fail',
    what,
    detail: bytes >= min ? detail : `only ${detail}, want ${(min / gib).toFixed(2)} GiB`,
  };
}
