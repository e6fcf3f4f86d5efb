// What a policy may write as hooks of a phase: what is run, or told, when it is entered.
import { z } from 'zod';
import { anyList, duration, list, section, text, wants, whole } from './words.ts';

const word = text('a word', 'write a word of the command', /^[^\0]+$/);

const hook = section({
  name: text('a name', 'write a short name of letters, digits and -', /^[A-Za-z0-9][\w-]{0,39}$/),
  command: list(word, 'words: the program, then its arguments').optional(),
  webhook: text(
    'an address',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
    'write an address that begins with https://, http:// or ${NAME}',
    /^(https?:\/\/|\$\{\w+\})\S*$/,
  ).optional(),
  timeout: duration('1s', '1h').prefault('30s'),
  retries: whole(0, 10).prefault(0),
  required: z.boolean(wants('yes or no', 'write true or false')).prefault(false),
});

export const hooks = () =>
  anyList(hook, 'hooks, each with name, and command or webhook').prefault([]);

export type WrittenHook = z.output<typeof hook>;
