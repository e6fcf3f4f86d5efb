// The JSON Schemas that editors read: fresh, and of one mind with bgctl. `npm run schemas` rewrites them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { appSchema } from '../../src/policy/app-schema.ts';
import { policySchema } from '../../src/policy/schema.ts';
import { bgctlYml, changed } from './texts.ts';

const root = join(import.meta.dirname, '..', '..');
const policies = join(root, 'policies');
const schemas = {
  'policy.schema.json': { title: 'A policy of bgctl', schema: policySchema },
  'bgctl.schema.json': { title: 'bgctl.yml', schema: appSchema },
};

test.each(Object.entries(schemas))('%s says what bgctl checks', async (file, { title, schema }) => {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  await expect(print({ $schema, title, ...rest })).toMatchFileSnapshot(join(policies, file));
});

test.each(readdirSync(policies).filter((name) => name.endsWith('.yml')))(
  'an editor finds no fault in %s',
  (file) => {
    expect(faults('policy.schema.json', readFileSync(join(policies, file), 'utf8'))).toEqual([]);
  },
);

test.each(['quickstart', 'team-postgres'])('an editor finds no fault in the example %s', (name) => {
  const text = readFileSync(join(root, 'examples', name, 'bgctl.yml'), 'utf8');
  expect(faults('bgctl.schema.json', text)).toEqual([]);
});

test.each([
  ['policy.schema.json', '/gate', 'gate: { limt: 5m }'],
  ['policy.schema.json', '/drain/warm', 'drain: { warm: 30 }'],
  [
    'policy.schema.json',
    '/verify/gates/0/judge',
    'verify: { gates: [{ name: x, probe: container, judge: {} }] }',
  ],
  ['bgctl.schema.json', '/hosts/via', changed(bgctlYml, 'user: deploy', 'user: deploy, via: x')],
  ['bgctl.schema.json', '/pools/a', changed(bgctlYml, 'shop-a', 'shop-a, droplets: [1]')],
])('by %s an editor sees the mistake at %s', (schema, place, text) => {
  expect(faults(schema, text)).toContain(place);
});

function faults(file: string, yaml: string): string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(JSON.parse(readFileSync(join(policies, file), 'utf8')));
  validate(parse(yaml));
  return (validate.errors ?? []).map((error) => error.instancePath);
}

/** As the formatter of this repository would: short lists on one line. */
function print(schema: object): string {
  const text = JSON.stringify(schema, null, 2);
  const folded = text.replace(
    /^(.*)\[\n([^[\]{}]*?)\n\s*\](,?)$/gm,
    (whole, before, items, comma) => {
      const line = `${before}[${items.trim().replace(/,\n\s*/g, ', ')}]${comma}`;
      return line.length <= 100 ? line : whole;
    },
  );
  return `${folded}\n`;
}
