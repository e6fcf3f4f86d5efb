// What an emulator is started with: the token, the droplets and the balancers of its account.
import { z } from 'zod';
import type { Knobs } from './knobs.ts';

const port = z.int().min(0).max(65_535);

const dropletOptions = z.strictObject({
  id: z.int().positive(),
  name: z.string().min(1),
  region: z.string().min(1),
  vpcUuid: z.uuid(),
  /** Where the balancer reaches the droplet, such as 127.0.1.1. */
  privateAddress: z.ipv4(),
  publicAddress: z.ipv4().optional(),
  tags: z.array(z.string()),
});

const balancerOptions = z.strictObject({
  id: z.uuid().optional(),
  name: z.string().min(1),
  region: z.string().min(1),
  vpcUuid: z.uuid(),
  frontAddress: z.ipv4().default('127.0.0.1'),
  frontPort: port.default(0),
  /** Port on the droplets that requests are sent to. */
  targetPort: port,
  healthCheck: z.strictObject({
    protocol: z.literal('http').default('http'),
    port,
    path: z.string().startsWith('/'),
    checkIntervalSeconds: z.number().positive(),
    responseTimeoutSeconds: z.number().positive(),
    healthyThreshold: z.int().positive(),
    unhealthyThreshold: z.int().positive(),
  }),
  dropletIds: z.array(z.int()),
  /** Membership by tag; `dropletIds` must be empty then. */
  tag: z.string().optional(),
  type: z.enum(['REGIONAL', 'REGIONAL_NETWORK', 'GLOBAL']).default('REGIONAL'),
  network: z.enum(['EXTERNAL', 'INTERNAL']).default('EXTERNAL'),
  enableBackendKeepalive: z.boolean().default(false),
  httpIdleTimeoutSeconds: z.number().positive().default(60),
});

/** Who carries the requests: this process, or HAProxy, which must be installed. */
const planeKind = z.enum(['own', 'haproxy']);

const emulatorOptions = z.strictObject({
  token: z.string().min(1),
  plane: planeKind.default('own'),
  apiPort: port.default(0),
  droplets: z.array(dropletOptions),
  balancers: z.array(balancerOptions),
  /** See knobs.ts. */
  knobs: z.record(z.string(), z.unknown()).default({}),
});

export type PlaneKind = z.output<typeof planeKind>;
export type DropletOptions = z.output<typeof dropletOptions>;
export type BalancerOptions = z.output<typeof balancerOptions>;
export type ParsedOptions = z.output<typeof emulatorOptions>;

/** As written by whoever starts an emulator: what has a default may be left out. */
export type EmulatorOptions = Omit<z.input<typeof emulatorOptions>, 'knobs'> & {
  knobs?: Partial<Knobs>;
};

/** Checks options that may come from outside; throws with every problem and its path. */
export function parseOptions(options: unknown): ParsedOptions {
  const parsed = emulatorOptions.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new Error(`the emulator's options are wrong:\n${z.prettifyError(parsed.error)}`);
}
