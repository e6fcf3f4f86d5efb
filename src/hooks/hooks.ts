// Runs an operator's hooks: a command on this host, or a POST to a webhook. Values of the environment go nowhere else.
import type { Hooks } from '../world.ts';
import type { HookSurroundings } from './call.ts';
import { runCommand } from './command.ts';
import { callWebhook } from './webhook.ts';

export function operatorsHooks(given: HookSurroundings): Hooks {
  return {
    run: (hook, call, signal) =>
      hook.does.kind === 'command'
        ? runCommand(hook.does.words, { ...given, hook, call, signal })
        : callWebhook(hook.does.url, { ...given, hook, call, signal }),
  };
}
