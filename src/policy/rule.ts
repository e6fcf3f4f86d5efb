// What a rule is, and how one walks over the phases and gates of a policy.
import type { Finding, Path } from './problem.ts';
import type { WrittenGate, WrittenPolicy } from './schema.ts';

/** Over the sections that are sound: others may be wrong. */
export type Rule = (policy: Partial<WrittenPolicy>) => Finding[];
type Phase = Pick<WrittenPolicy['verify'], 'limit' | 'minimum' | 'gates'>;

export function eachPhase(
  policy: Partial<WrittenPolicy>,
  rule: (phase: Phase, at: 'gate' | 'switch' | 'verify') => Finding[],
): Finding[] {
  return (['gate', 'switch', 'verify'] as const).flatMap((at) => {
    const phase = policy[at];
    return phase === undefined ? [] : rule(phase, at);
  });
}

export function eachGate(
  policy: Partial<WrittenPolicy>,
  rule: (gate: WrittenGate, at: Path, phase: Phase) => Finding[],
): Finding[] {
  return eachPhase(policy, (phase, at) =>
    phase.gates.flatMap((gate, index) => rule(gate, [at, 'gates', index], phase)),
  );
}
