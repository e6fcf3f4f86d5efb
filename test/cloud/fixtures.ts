// What DigitalOcean answers in the tests of cloud/, and a bgctl.yml to go with it: say only what differs.
import type { Settings } from '../../src/policy/settings.ts';

export const balancerId = '4de7ac8b-495b-4884-9a69-1050c6793cd6';
export const vpcUuid = 'c33931f2-a26a-4e61-b85c-4e95a2ec431b';
export const token = `dop_v1_${'0123456789abcdef'.repeat(4)}`;
/** What a busy balancer says, with status 403. */
export const busyText = "Load Balancer can't be updated while it processes previous actions";

const region = { name: 'Frankfurt 1', slug: 'fra1', features: [], available: true, sizes: [] };

/** A `load_balancer` as the API shows it. */
export function balancerJson(changes: Record<string, unknown> = {}) {
  return {
    id: balancerId,
    name: 'shop-lb',
    ip: '104.131.186.241',
    status: 'active',
    type: 'REGIONAL',
    network: 'EXTERNAL',
    created_at: '2026-02-01T22:22:58Z',
    region,
    vpc_uuid: vpcUuid,
    tag: '',
    forwarding_rules: [
      {
        entry_protocol: 'http',
        entry_port: 80,
        target_protocol: 'http',
        target_port: 8080,
        certificate_id: '',
        tls_passthrough: false,
      },
    ],
    health_check: {
      protocol: 'http',
      port: 8080,
      path: '/health',
      check_interval_seconds: 3,
      response_timeout_seconds: 5,
      healthy_threshold: 2,
      unhealthy_threshold: 3,
    },
    sticky_sessions: { type: 'none' },
    redirect_http_to_https: false,
    enable_proxy_protocol: false,
    enable_backend_keepalive: true,
    http_idle_timeout_seconds: 60,
    droplet_ids: [1, 2],
    ...changes,
  };
}

/** A `droplet` as the API shows it. */
export function dropletJson(id: number, changes: Record<string, unknown> = {}) {
  const address = (ip: string, type: string) => ({
    ip_address: ip,
    netmask: '255.255.255.0',
    gateway: '10.0.0.1',
    type,
  });
  return {
    id,
    name: `web-${id}`,
    memory: 1024,
    vcpus: 1,
    disk: 25,
    disk_info: [],
    locked: false,
    status: 'active',
    created_at: '2026-02-01T22:22:58Z',
    features: [],
    backup_ids: [],
    next_backup_window: null,
    snapshot_ids: [],
    volume_ids: [],
    image: {},
    size: {
      slug: 's-1vcpu-1gb',
      memory: 1024,
      vcpus: 1,
      disk: 25,
      transfer: 1,
      price_monthly: 6,
      price_hourly: 0.009,
      regions: ['fra1'],
      available: true,
      description: 'Basic',
    },
    size_slug: 's-1vcpu-1gb',
    networks: {
      v4: [address(`10.0.0.${id}`, 'private'), address(`203.0.113.${id}`, 'public')],
      v6: [],
    },
    region,
    tags: ['shop'],
    vpc_uuid: vpcUuid,
    ...changes,
  };
}

type Changes = { readonly [K in 'pools' | 'cloud' | 'traffic']?: Partial<Settings[K]> };

/** Pool a is droplets 1 and 2, pool b droplets 3 and 4. */
export function settingsWith(endpoint: string, changes: Changes = {}): Settings {
  return {
    file: '/project/bgctl.yml',
    app: 'shop',
    cloud: {
      tokenVariable: 'DIGITALOCEAN_TOKEN',
      endpoint,
      balancer: { id: balancerId },
      ...changes.cloud,
    },
    pools: { a: { droplets: [1, 2] }, b: { droplets: [3, 4] }, ...changes.pools },
    hosts: {
      user: 'deploy',
      key: null,
      knownHosts: '/project/known_hosts',
      port: 22,
      address: 'private',
      via: 'ssh',
      sudo: false,
    },
    compose: {
      file: '/project/compose.yml',
      directory: '/opt/shop',
      envFiles: [],
      services: {},
      ephemeralVolumes: [],
    },
    images: {},
    traffic: {
      ports: [8080],
      health: '/health',
      address: null,
      identity: { kind: 'none' },
      drain: null,
      ...changes.traffic,
    },
    journal: { kind: 'file', path: '/project/journal' },
    policy: '/project/policy.yml',
  };
}
