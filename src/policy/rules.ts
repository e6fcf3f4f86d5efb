// What a policy's keys demand of one another; each rule is a small named function over the sections that are sound.
import { durationText } from './duration.ts';
import { gateRules, gateWarnings } from './gate-rules.ts';
import { hookRules } from './hook-rules.ts';
import { probeRules, probeWarnings } from './probe-rules.ts';
import type { Finding } from './problem.ts';
import { eachPhase, type Rule } from './rule.ts';
import type { WrittenPolicy } from './schema.ts';

export const policyRules: readonly Rule[] = [
  namesAreUnique,
  limitsLeaveTime,
  ...gateRules,
  ...probeRules,
  ...hookRules,
  quietFitsTheDrain,
];

export const policyWarnings: readonly Rule[] = [...gateWarnings, ...probeWarnings];

function namesAreUnique(policy: Partial<WrittenPolicy>): Finding[] {
  return eachPhase(policy, ({ gates }, at) =>
    gates.flatMap(({ name }, index) => {
      const first = gates.findIndex((gate) => gate.name === name);
      if (first === index) return [];
      const message = `"${name}" is the name of another gate of this phase`;
      return [{ path: [at, 'gates', index, 'name'], message, mend: 'give each gate its own name' }];
    }),
  );
}

function limitsLeaveTime(policy: Partial<WrittenPolicy>): Finding[] {
  return eachPhase(policy, ({ limit, minimum }, at) => {
    if (limit >= minimum * 2) return [];
    const message = `${durationText(limit)} leaves too little time after the minimum of ${durationText(minimum)}`;
    const mend = `write at least ${durationText(minimum * 2)}, or a shorter minimum`;
    return [{ path: [at, 'limit'], message, mend }];
  });
}

function quietFitsTheDrain({ drain }: Partial<WrittenPolicy>): Finding[] {
  if (drain === undefined || drain.quiet < drain.limit) return [];
  const message = `${durationText(drain.quiet)} of quiet do not fit into the limit of ${durationText(drain.limit)}`;
  return [{ path: ['drain', 'quiet'], message, mend: 'write less quiet, or a longer limit' }];
}
