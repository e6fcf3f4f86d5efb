// What is meant when nothing is written, in an operator's own words. `policies/standard.yml` says the same.

export const policyDefaults = {
  attempts: 5,
  unreachable: '10m',
  start: { limit: '5m', missing: 0, restarts: 2 },
  gate: {
    limit: '5m',
    minimum: '30s',
    gates: [
      {
        name: 'healthy',
        probe: { http: { of: 'droplets' } },
        every: '2s',
        judge: { consecutive: { passes: 5, failures: 5 } },
      },
      {
        name: 'containers',
        probe: 'container',
        every: '5s',
        judge: { consecutive: { passes: 3, failures: 3 } },
      },
    ],
    inconclusive: 'abort',
    unknown: 'wait',
  },
  switch: { limit: '10m', floor: 1, minimum: '0s', inconclusive: 'abort', unknown: 'wait' },
  verify: {
    limit: '15m',
    minimum: '5m',
    gates: [
      {
        name: 'errors',
        probe: { http: { of: 'balancer' } },
        every: '500ms',
        judge: { errorRate: { acceptable: '1%', unacceptable: '5%', confidence: '99%' } },
      },
      {
        name: 'healthy',
        probe: { http: { of: 'droplets' } },
        every: '2s',
        judge: { outOf: { failures: 4, of: 20 } },
      },
    ],
    inconclusive: 'hold',
    unknown: 'wait',
  },
  drain: { limit: '5m', quiet: '10s', warm: '10m' },
} as const;

export const gateDefaults = { every: '2s', unknown: 5 } as const;
export const judgeDefaults = { confidence: '99%', against: 'limit' } as const;
export const httpDefaults = { of: 'droplets', timeout: '2s' } as const;
export const probeDefaults = { timeout: '5s', through: 'controller', on: 'container' } as const;

export const settingsDefaults = {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
  token: '${DIGITALOCEAN_TOKEN}',
  endpoint: 'https://api.digitalocean.com/v2',
  hosts: {
    key: 'agent',
    knownHosts: '~/.ssh/known_hosts',
    port: 22,
    address: 'private',
    via: 'ssh',
    sudo: false,
  },
  journal: { file: './.bgctl/journal' },
  policy: 'standard',
} as const;

/** Policies that come with bgctl and can be named without a path. */
export const shippedPolicies = ['standard', 'cautious', 'swift', 'demo'] as const;
