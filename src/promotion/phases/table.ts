// The eight phases by name: the whole state machine of a promotion.
import type { Phase } from '../app.ts';
import type { Rules } from '../rules.ts';
import { aborting } from './aborting.ts';
import { gating } from './gating.ts';
import { held } from './held.ts';
import { idle } from './idle.ts';
import { retiring } from './retiring.ts';
import { starting } from './starting.ts';
import { switching } from './switching.ts';
import { verifying } from './verifying.ts';

const table: { readonly [P in Phase]: Rules<P> } = {
  idle,
  starting,
  gating,
  switching,
  verifying,
  retiring,
  aborting,
  held,
};

/**
 * The rules of a phase. The compiler loses here that an app in phase P goes with the rules of P, so the
 * casts stay with the three functions that call this: admit, step and apply.
 */
export function rulesOf(phase: Phase): Rules<Phase> {
  return table[phase] as Rules<Phase>;
}
