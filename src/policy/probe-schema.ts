// What a policy may write as a probe: where samples come from.
import { z } from 'zod';
import { httpDefaults } from './defaults.ts';
import { duration, section, text, wants } from './words.ts';

const path = text('a path', 'write a path that begins with a slash, such as /health', /^\/[^\s]*$/);

const http = section({
  of: z
    .enum(['droplets', 'balancer'], wants('a place to ask', 'write droplets or balancer'))
    .prefault(httpDefaults.of),
  path: path.optional(),
  expect: text('a text', 'write the text that the body must contain').optional(),
  timeout: duration('50ms', '1m').prefault(httpDefaults.timeout),
});

export const probe = z.union(
  [z.literal('container'), section({ http })],
  wants('a probe', 'write container, or http: with of, path, expect and timeout under it'),
);
