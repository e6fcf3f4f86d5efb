// Every change bgctl can make to the world, as data, with its key.
import type { Instant } from '../lib/clock.ts';
import type { HookPhase } from '../policy/policy.ts';
import type { DropletId } from './environment.ts';
import type { ReleaseId } from './release.ts';

export type HostEffect = {
  readonly kind: 'start-project' | 'remove-project' | 'fail-health' | 'restore-health';
  readonly project: string;
  readonly droplet: DropletId;
};

export type BalancerEffect = {
  readonly kind: 'attach-droplets' | 'detach-droplets';
  readonly droplets: readonly DropletId[];
  /** The pools' droplets that the journal expects in the balancer before this write (I4). */
  readonly expected: readonly DropletId[];
  /** All of the pools' droplets; others in the balancer are foreign and left alone (I7). */
  readonly ours: readonly DropletId[];
  /** Detaching the last target is allowed only where nothing of ours ever served: an aborted first release. */
  readonly mayEmpty: boolean;
};

/** Tells somebody that a phase was entered. The id is the same for every attempt, whoever makes it. */
export type HookEffect = {
  readonly kind: 'run-hook';
  readonly id: string;
  readonly phase: HookPhase;
  readonly name: string;
  readonly release: ReleaseId;
  readonly reason: string;
  readonly timeoutMs: number;
};

export type Effect = HostEffect | BalancerEffect | HookEffect;
export type EffectKey = string;

/** Begun and not known to have ended: it may still land until `until`. */
export type Unsettled = { readonly effect: Effect; readonly until: Instant };

export function keyOf(effect: Effect): EffectKey {
  if (isHookEffect(effect)) return `${effect.kind} ${effect.id}`;
  return isHostEffect(effect)
    ? `${effect.kind} ${effect.project}@${effect.droplet}`
    : `${effect.kind} ${effect.droplets.join(',')}`;
}

export function isHostEffect(effect: Effect): effect is HostEffect {
  return 'project' in effect;
}

export function isBalancerEffect(effect: Effect): effect is BalancerEffect {
  return 'droplets' in effect;
}

export function isHookEffect(effect: Effect): effect is HookEffect {
  return effect.kind === 'run-hook';
}

/**
 * How long an effect may take before it is presumed dead. Far above the time-out of the calls it makes:
 * an effect that lands after its limit is the one fault the design cannot exclude (design, section 6),
 * so the detach has the longest of the balancer's.
 */
export const effectLimitMs: Readonly<Record<Exclude<Effect['kind'], 'run-hook'>, number>> = {
  'start-project': 600_000,
  'remove-project': 180_000,
  'fail-health': 30_000,
  'restore-health': 30_000,
  'attach-droplets': 420_000,
  'detach-droplets': 450_000,
};

/** A hook ends by itself at its own time-out, a little before it is presumed dead. */
const hookMarginMs = 5_000;

export function limitOf(effect: Effect): number {
  return isHookEffect(effect) ? effect.timeoutMs + hookMarginMs : effectLimitMs[effect.kind];
}

/** How long a call to the cloud that nobody waits for any more may still change something: its request time-out, and some. */
export const afterlifeMs = 20_000;
