// The API's objects as JSON: balancers, droplets, tags, the account. Shapes as the real API answers them.
import type { Account } from './account.ts';
import type { Balancer } from './balancer.ts';
import type { DropletOptions } from './options.ts';

const sizeSlug = 's-1vcpu-1gb';
const since = '2026-01-05T09:00:00Z';

export function balancerView(balancer: Balancer): Record<string, unknown> {
  const { place, settings, membership } = balancer;
  return {
    id: balancer.id,
    ip: balancer.ip,
    ipv6: '',
    status: balancer.status,
    created_at: balancer.createdAt,
    ...settings,
    size: 'lb-small',
    network_stack: 'IPV4',
    type: place.type,
    network: place.network,
    vpc_uuid: place.vpcUuid,
    tag: membership.tag,
    droplet_ids: balancer.shownDropletIds(),
    // A global balancer has no region; everywhere else answers hold the whole object, not its slug.
    ...(place.type === 'GLOBAL' ? {} : { region: region(place.region) }),
  };
}

export function dropletView(droplet: DropletOptions): Record<string, unknown> {
  return {
    id: droplet.id,
    name: droplet.name,
    memory: 1024,
    vcpus: 1,
    disk: 25,
    disk_info: [{ type: 'local', size: { amount: 25, unit: 'gib' } }],
    locked: false,
    status: 'active',
    kernel: null,
    created_at: since,
    features: ['private_networking'],
    backup_ids: [],
    next_backup_window: null,
    snapshot_ids: [],
    image,
    volume_ids: [],
    size,
    size_slug: sizeSlug,
    networks: { v4: networks(droplet), v6: [] },
    region: region(droplet.region),
    tags: droplet.tags,
    vpc_uuid: droplet.vpcUuid,
  };
}

export function tagView(name: string, droplets: DropletOptions[], origin: string) {
  const last = droplets.at(-1);
  const uri = last === undefined ? {} : { last_tagged_uri: `${origin}/v2/droplets/${last.id}` };
  const counted = { count: droplets.length, ...uri };
  const none = { count: 0 };
  return {
    name,
    resources: {
      ...counted,
      droplets: counted,
      images: none,
      volumes: none,
      volume_snapshots: none,
      databases: none,
    },
  };
}

export function accountView({ droplets }: Account): Record<string, unknown> {
  return {
    droplet_limit: Math.max(25, droplets.size),
    floating_ip_limit: 5,
    email: 'sammy@example.com',
    name: 'Sammy',
    uuid: 'b6fr89dbf6d9156cace5f3c78dc9851d957381ef',
    email_verified: true,
    status: 'active',
    status_message: '',
  };
}

const image = {
  id: 7_555_620,
  name: '13 (trixie) x64',
  type: 'base',
  distribution: 'Debian',
  slug: 'debian-13-x64',
  public: true,
  regions: [],
  created_at: since,
  min_disk_size: 10,
  size_gigabytes: 2.34,
  description: 'Debian 13',
  tags: [],
  status: 'available',
  error_message: '',
};

const size = {
  slug: sizeSlug,
  memory: 1024,
  vcpus: 1,
  disk: 25,
  transfer: 1,
  price_monthly: 6,
  price_hourly: 0.009,
  regions: [],
  available: true,
  description: 'Basic',
};

function networks({ privateAddress, publicAddress }: DropletOptions) {
  const inside = { ip_address: privateAddress, netmask: '255.255.240.0', type: 'private' };
  if (publicAddress === undefined) return [inside];
  const gateway = publicAddress.replace(/\.\d+$/, '.1');
  const outside = { ip_address: publicAddress, netmask: '255.255.240.0', gateway, type: 'public' };
  return [outside, inside];
}

function region(slug: string) {
  const features = ['backups', 'ipv6', 'metadata', 'install_agent', 'storage', 'image_transfer'];
  return { name: slug.toUpperCase(), slug, features, available: true, sizes: [sizeSlug] };
}
