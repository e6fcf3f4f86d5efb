// Settings of a shop for the tests of this folder.
import type { Settings } from '../../src/policy/settings.ts';

type Changes = {
  readonly hosts?: Partial<Settings['hosts']>;
  readonly compose?: Partial<Settings['compose']>;
  readonly traffic?: Partial<Settings['traffic']>;
};

export function shopSettings(changes: Changes = {}): Settings {
  return {
    file: '/home/anna/shop/bgctl.yml',
    app: 'shop',
    cloud: { tokenVariable: 'DO_TOKEN', endpoint: 'http://127.0.0.1:1', balancer: { id: 'lb-1' } },
    pools: { a: { droplets: [1, 2] }, b: { droplets: [3, 4] } },
    hosts: {
      user: 'deploy',
      key: '/home/anna/.ssh/id_ed25519',
      knownHosts: '/home/anna/.ssh/known_hosts',
      port: 22,
      address: 'private',
      via: 'ssh',
      sudo: false,
      ...changes.hosts,
    },
    compose: {
      file: '/home/anna/shop/compose.yml',
      directory: '/opt/shop',
      envFiles: [],
      services: { web: 'switched', db: 'shared' },
      ephemeralVolumes: [],
      ...changes.compose,
    },
    images: { web: 'ghcr.io/acme/shop/web' },
    traffic: {
      ports: [8000],
      health: '/healthz',
      address: null,
      identity: { kind: 'none' },
      drain: null,
      ...changes.traffic,
    },
    journal: { kind: 'file', path: '/home/anna/shop/journal' },
    policy: '/home/anna/shop/standard.yml',
  };
}
