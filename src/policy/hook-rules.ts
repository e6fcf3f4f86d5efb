// What the keys of hooks demand of one another.
import type { WrittenHook } from './hook-schema.ts';
import type { HookPhase } from './policy.ts';
import type { Finding, Path } from './problem.ts';
import type { Rule } from './rule.ts';
import type { WrittenPolicy } from './schema.ts';

export const hookRules: readonly Rule[] = [
  hooksRunOneThing,
  hookNamesAreUnique,
  nobodyIsRequiredOnTheWayOut,
  addressesHoldNoPassword,
];

export const hookPhases: readonly HookPhase[] = [
  'start',
  'gate',
  'switch',
  'verify',
  'drain',
  'abort',
];

function eachHook(
  policy: Partial<WrittenPolicy>,
  rule: (hook: WrittenHook, at: Path, all: readonly WrittenHook[]) => Finding[],
): Finding[] {
  return hookPhases.flatMap((phase) => {
    const all = policy[phase]?.hooks ?? [];
    return all.flatMap((hook, index) => rule(hook, [phase, 'hooks', index], all));
  });
}

function hooksRunOneThing(policy: Partial<WrittenPolicy>): Finding[] {
  return eachHook(policy, ({ name, command, webhook }, at) => {
    if ((command === undefined) !== (webhook === undefined)) return [];
    const message = `"${name}" has ${command === undefined ? 'neither a command nor' : 'both a command and'} a webhook`;
    return [{ path: at, message, mend: 'write exactly one of: command, webhook' }];
  });
}

function hookNamesAreUnique(policy: Partial<WrittenPolicy>): Finding[] {
  return eachHook(policy, (hook, at, all) => {
    if (all.find(({ name }) => name === hook.name) === hook) return [];
    const message = `"${hook.name}" is the name of another hook of this phase`;
    return [{ path: [...at, 'name'], message, mend: 'give each hook its own name' }];
  });
}

/** Going back, and retiring, must not depend on anybody's answer. */
function nobodyIsRequiredOnTheWayOut(policy: Partial<WrittenPolicy>): Finding[] {
  return eachHook(policy, ({ required }, at) => {
    if (!required || (at[0] !== 'abort' && at[0] !== 'drain')) return [];
    const message = `true has no place in ${at[0]}: ${at[0] === 'abort' ? 'going back' : 'retiring'} waits for nobody`;
    return [{ path: [...at, 'required'], message, mend: 'write false, or leave it out' }];
  });
}

function addressesHoldNoPassword(policy: Partial<WrittenPolicy>): Finding[] {
  return eachHook(policy, ({ webhook = '' }, at) => {
    if (!/^https?:\/\/[^/?#]*@/.test(webhook)) return [];
    const message = 'the address holds a user or a password, and a policy is journaled';
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
    const mend = 'put it into the environment and write ${NAME}';
    return [{ path: [...at, 'webhook'], message, mend }];
  });
}
