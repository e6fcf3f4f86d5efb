// What a hook is run with: where, for how long, and what it learns of the promotion.
import type { Clock } from '../lib/clock.ts';
import type { HookSpec } from '../policy/policy.ts';
import type { HookCall } from '../world.ts';

export type HookSurroundings = {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** bgctl's own secrets, which a command does not get. */
  readonly withheld: readonly string[];
  /** Where commands are run: beside bgctl.yml. */
  readonly directory: string;
  /** Of every line that a command writes. */
  readonly onLine: (line: string) => void;
};

export type Call = HookSurroundings & {
  readonly hook: HookSpec;
  readonly call: HookCall;
  /** Aborts when it is no longer wanted. */
  readonly signal: AbortSignal;
};

/** The names under which a command reads what it learns. */
export function variables({ id, app, release, phase, reason }: HookCall): Record<string, string> {
  return {
    BGCTL_HOOK_ID: id,
    BGCTL_APP: app,
    BGCTL_RELEASE: release,
    BGCTL_PHASE: phase,
    BGCTL_REASON: reason,
  };
}
