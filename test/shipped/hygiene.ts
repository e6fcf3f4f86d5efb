// What every container of a shipped compose file promises, as a table: a name, and whether a service keeps it.
import type { Service } from './files.ts';

export const hygiene: Readonly<Record<string, (service: Service) => boolean>> = {
  'comes back after a crash': ({ restart }) => restart === 'always',
  'is not root': ({ user = 'root' }) => !/^(root|0)(:|$)/.test(user),
  'has no capabilities': ({ cap_drop, cap_add, privileged }) =>
    String(cap_drop) === 'ALL' && cap_add === undefined && privileged === undefined,
  'gains no privileges': ({ security_opt = [] }) => security_opt.includes('no-new-privileges:true'),
  'has a read-only root': ({ read_only }) => read_only === true,
  'writes to memory within limits': ({ tmpfs = [] }) => tmpfs.every((one) => one.includes('size=')),
  'has limits': ({ deploy }) =>
    ['cpus', 'memory', 'pids'].every((one) => deploy?.resources?.limits?.[one] !== undefined),
  'rotates its logs': ({ logging }) =>
    ['max-size', 'max-file'].every((one) => /^\d+m?$/.test(logging?.options?.[one] ?? '')),
  'has time to end': ({ stop_grace_period = '' }) => /^\d+[sm]$/.test(stop_grace_period),
  'has an init': ({ init }) => init === true,
  'tells its health': ({ healthcheck }) => /^CMD(-SHELL)?$/.test(healthcheck?.test?.[0] ?? ''),
  'has its secrets elsewhere': ({ env_file = '/opt/vulcan/env/x.env' }) =>
    /^\/opt\/vulcan\/env\/[a-z]+\.env$/.test(env_file),
};

/** By name, and only these: each has its reason beside it in the file. */
export const exceptions: Readonly<Record<string, readonly string[]>> = {
  migrate: ['comes back after a crash', 'tells its health'],
  'otel-collector': ['tells its health'],
};

export function broken(service: Service): readonly string[] {
  return Object.entries(hygiene)
    .filter(([, keeps]) => !keeps(service))
    .map(([name]) => name);
}
