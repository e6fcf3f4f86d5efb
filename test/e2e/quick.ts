// A policy with the shape of a real one in seconds, so that a row takes half a minute.

export type Quick = {
  readonly startLimit?: string;
  readonly missing?: number;
  readonly gateLimit?: string;
  readonly gateMinimum?: string;
  readonly switchLimit?: string;
  readonly verifyLimit?: string;
  readonly verifyMinimum?: string;
  readonly drainLimit?: string;
  readonly quiet?: string;
  readonly warm?: string;
  readonly unreachable?: string;
  readonly attempts?: number;
  /** Of what the usual gates ask. */
  readonly probeTimeout?: string;
  /** Lines of YAML in place of the usual gates, as a flow sequence. */
  readonly gates?: string;
  readonly verifyGates?: string;
};

// An answer that is late because this machine has much to do is no fault of a release.
const errors = (timeout: string) =>
  `{ name: errors, probe: { http: { of: droplets, path: /, timeout: ${timeout} } }, every: 200ms,
        judge: { errorRate: { acceptable: 2%, unacceptable: 25%, confidence: 99% } } }`;
const healthy = (timeout: string) =>
  `{ name: healthy, probe: { http: { of: droplets, timeout: ${timeout} } }, every: 400ms,
        judge: { consecutive: { passes: 2, failures: 10 } } }`;

/** Text of a policy file. */
export function quickPolicy(quick: Quick = {}): string {
  const { probeTimeout = '6s' } = quick;
  return `attempts: ${quick.attempts ?? 3}
unreachable: ${quick.unreachable ?? '10s'}
start: { limit: ${quick.startLimit ?? '60s'}, missing: ${quick.missing ?? 0}, restarts: 2 }
gate:
  limit: ${quick.gateLimit ?? '20s'}
  minimum: ${quick.gateMinimum ?? '1s'}
  gates: ${quick.gates ?? `[${healthy(probeTimeout)}, ${errors(probeTimeout)}]`}
switch: { limit: ${quick.switchLimit ?? '30s'}, floor: 1 }
verify:
  limit: ${quick.verifyLimit ?? '20s'}
  minimum: ${quick.verifyMinimum ?? '2s'}
  gates: ${quick.verifyGates ?? `[${errors(probeTimeout)}]`}
drain: { limit: ${quick.drainLimit ?? '8s'}, quiet: ${quick.quiet ?? '1s'}, warm: ${quick.warm ?? '2s'} }
`;
}
