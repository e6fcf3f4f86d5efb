// What a policy may write as a judge: how samples become a verdict.
import { z } from 'zod';
import { duration, oneOf, section, share, wants, whole } from './words.ts';

const window = { window: duration('1s', '1h'), samples: whole(1) };
const quantities = wants('a quantity', 'write errors or meanDuration');

export const judge = oneOf({
  consecutive: section({ passes: whole(1), failures: whole(1) }).optional(),
  errorRate: section({ max: share(), ...window }).optional(),
  latency: section({
    quantile: share(),
    max: duration('1ms', '1m'),
    ...window,
  }).optional(),
  threshold: section({
    quantity: z.enum(['errors', 'meanDuration'], quantities),
    /** Which of the two suits the quantity is a rule's business. */
    max: z.union(
      [whole(0), duration('1ms', '1m').transform((ms) => ({ ms }))],
      wants('a limit', 'write a number of errors such as 5, or a duration such as 300ms'),
    ),
    ...window,
  }).optional(),
});
