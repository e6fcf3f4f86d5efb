// bgctl.yml and policies, damaged or hostile: sound settings, or problems with a place and a mend; soon, and no secret told.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { parseDocument } from 'yaml';
import { appSchema } from '../../src/policy/app-schema.ts';
import { parsePolicy, parseSettings } from '../../src/policy/parse.ts';
import type { Parsed } from '../../src/policy/problem.ts';
import { policySchema } from '../../src/policy/schema.ts';
import { bgctlYml, where } from '../policy/texts.ts';
import { limitMs, tries } from './damage.ts';
import { brokenYaml, insistWellSaid, secret, within } from './yaml.ts';

const shipped = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const policies = readdirSync(new URL('../../policies', import.meta.url)).filter((name) =>
  name.endsWith('.yml'),
);

const subjects: readonly {
  readonly name: string;
  readonly text: string;
  readonly parse: (text: string) => Parsed<unknown>;
  readonly schema: typeof policySchema | typeof appSchema;
}[] = [
  ...policies.map((name) => ({
    name,
    text: shipped(`policies/${name}`),
    parse: (text: string) => parsePolicy(text, name),
    schema: policySchema,
  })),
  ...[
    bgctlYml,
    shipped('examples/quickstart/bgctl.yml'),
    shipped('examples/team-postgres/bgctl.yml'),
  ].map((text, index) => ({
    name: `bgctl.yml ${index + 1}`,
    text,
    parse: (text: string) => parseSettings(text, 'bgctl.yml', where),
    schema: appSchema,
  })),
];

describe.each(subjects)('$name', ({ text, parse, schema }) => {
  test(
    'damaged in any way gives sound settings or problems',
    () => {
      fc.assert(
        fc.property(brokenYaml(text), (broken) => {
          const parsed = within(broken, parse);
          insistWellSaid(parsed, broken);
          // What is accepted is of the shape, by the schema alone and without the parser's ways around it.
          if (parsed.ok) schema.parse(parseDocument(broken, { logLevel: 'silent' }).toJS());
          if (JSON.stringify(parsed).includes(secret)) throw new Error('it tells the secret');
        }),
        tries(50),
      );
    },
    limitMs,
  );
});
