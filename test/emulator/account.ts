// An account for the emulator's tests: three droplets of one kind, two misfits, one balancer, quick checks.
import type { EmulatorOptions } from '../../src/emulator/options.ts';

export const token = `dop_v1_${'5'.repeat(64)}`;
export const vpc = 'c33931f2-a26a-4e61-b85c-4e95a2ec431b';
const otherVpc = '0f9f9b1a-6f3f-4f3e-9b59-3c0b3b0c4a11';
export const balancerId = '7dbf91fe-cbdb-48dc-8290-c3a181554905';

/** Droplets by what is special about them; 1, 2 and 3 fit the balancer. */
export const ids = { otherRegion: 8, otherVpc: 9, unknown: 77 };

/** The description knows whole seconds only, so a test that reads the balancer wants these checks. */
export const wholeSeconds = {
  protocol: 'http' as const,
  port: 9,
  path: '/health',
  checkIntervalSeconds: 3,
  responseTimeoutSeconds: 3,
  healthyThreshold: 2,
  unhealthyThreshold: 2,
};

type Balancer = EmulatorOptions['balancers'][number];

/** Options whose droplets are at `addresses`; the balancer sends to `targetPort` and has droplet 1. */
export function anAccount(
  changes: {
    addresses?: [string, string, string];
    targetPort?: number;
    balancer?: Partial<Balancer>;
    knobs?: EmulatorOptions['knobs'];
  } = {},
): EmulatorOptions {
  const addresses = changes.addresses ?? ['127.0.2.1', '127.0.2.2', '127.0.2.3'];
  const targetPort = changes.targetPort ?? 9;
  const droplet = (id: number, privateAddress: string, region = 'fra1', vpcUuid = vpc) => ({
    id,
    name: `web-${id}`,
    region,
    vpcUuid,
    privateAddress,
    tags: id % 2 === 1 ? ['vulcan', 'odd'] : ['vulcan'],
  });
  return {
    token,
    droplets: [
      ...addresses.map((address, i) => droplet(i + 1, address)),
      droplet(ids.otherRegion, '127.0.2.8', 'lon1'),
      droplet(ids.otherVpc, '127.0.2.9', 'fra1', otherVpc),
    ],
    balancers: [
      {
        id: balancerId,
        name: 'vulcan-lb',
        region: 'fra1',
        vpcUuid: vpc,
        frontAddress: '127.0.0.1',
        targetPort,
        healthCheck: {
          protocol: 'http',
          port: targetPort,
          path: '/health',
          checkIntervalSeconds: 0.1,
          responseTimeoutSeconds: 0.5,
          healthyThreshold: 3,
          unhealthyThreshold: 2,
        },
        dropletIds: [1],
        ...changes.balancer,
      },
    ],
    knobs: { busyMs: 0, propagationMs: 0, enforceHealthRanges: false, ...changes.knobs },
  };
}
