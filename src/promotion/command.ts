// What an operator may ask.
import type { Instant } from '../lib/clock.ts';
import type { Policy } from '../policy/policy.ts';
import type { DropletId, Environment, Pool } from './environment.ts';
import type { Release, ReleaseId } from './release.ts';

export type Command =
  | {
      readonly kind: 'promote';
      readonly release: Release;
      /** The free pool and its droplets, as resolved when asked. */
      readonly pool: Pool;
      readonly droplets: readonly DropletId[];
      /** A running promotion keeps the policy it began with. */
      readonly policy: Policy;
      /** Whether the app can be told to fail its health check (bgctl.yml `traffic.drain`). */
      readonly drains: boolean;
    }
  | { readonly kind: 'abort'; readonly reason: string }
  /** The human gate: this release may be switched to. */
  | { readonly kind: 'approve'; readonly release: ReleaseId; readonly at: Instant }
  /** Keep the old environment warm: it is not retired until it is let go. */
  | { readonly kind: 'hold'; readonly because: string }
  | { readonly kind: 'let-go' }
  /** The old environment is retired at this instant at the earliest. */
  | { readonly kind: 'extend'; readonly byMs: number; readonly until: Instant }
  /** Out of held: keep this environment, remove the other. */
  | { readonly kind: 'keep'; readonly project: string }
  /** Out of held: what serves is blue; the balancer's membership as it is becomes what is expected. */
  | {
      readonly kind: 'adopt';
      readonly blue: Environment | null;
      readonly attached: readonly DropletId[];
      readonly policy: Policy;
      readonly drains: boolean;
    }
  /** Out of held: put the balancer back as the journal has it. */
  | { readonly kind: 'restore' };
