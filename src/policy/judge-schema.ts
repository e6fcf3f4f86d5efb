// What a policy may write as a judge: how samples become a verdict.
import { z } from 'zod';
import { judgeDefaults } from './defaults.ts';
import { duration, oneOf, percentage, section, share, wants, whole } from './words.ts';

const limits = {
  acceptable: share(),
  unacceptable: share(),
  confidence: share().prefault(judgeDefaults.confidence),
  against: z
    .enum(['limit', 'blue'], wants('something to compare with', 'write limit or blue'))
    .prefault(judgeDefaults.against),
};

/** Which of these suits the quantity is a rule's business. */
const bound = z.union(
  [
    z.number(),
    percentage().transform((share) => ({ share })),
    duration('1ms', '1m').transform((ms) => ({ ms })),
  ],
  wants('a limit', 'write a number such as 5, a share such as 1%, or a duration such as 300ms'),
);

const quantity = z.enum(
  ['errors', 'errorRate', 'meanDuration', 'p50', 'p90', 'p95', 'p99', 'value'],
  wants('a quantity', 'write errors, errorRate, meanDuration, p50, p90, p95, p99 or value'),
);

export const judge = oneOf({
  consecutive: section({ passes: whole(1), failures: whole(1) }).optional(),
  outOf: section({ failures: whole(1), of: whole(1) }).optional(),
  errorRate: section(limits).optional(),
  latency: section({ objective: duration('1ms', '1m'), ...limits }).optional(),
  threshold: section({
    quantity,
    max: bound.optional(),
    min: bound.optional(),
    window: duration('1s', '1h'),
    samples: whole(1),
  }).optional(),
});
