// The policies that come with bgctl: valid, explained, and what their names promise.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { shippedPolicies } from '../../src/policy/defaults.ts';
import { parsePolicy } from '../../src/policy/parse.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { policySchema } from '../../src/policy/schema.ts';
import { parsedValue } from './texts.ts';

const folder = join(import.meta.dirname, '..', '..', 'policies');
const files = readdirSync(folder).filter((name) => name.endsWith('.yml'));

function shipped(name: string): Policy {
  return parsedValue(parsePolicy(read(`${name}.yml`), `${name}.yml`));
}

function read(file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}

test.each(files)('%s is valid, without a warning', (file) => {
  expect(parsePolicy(read(file), file)).toMatchObject({ ok: true, warnings: [] });
});

test('every policy that can be named is there', () => {
  expect(files).toEqual(expect.arrayContaining(shippedPolicies.map((name) => `${name}.yml`)));
});

test('a policy is called by its file unless it says a name', () => {
  expect(shipped('standard').name).toBe('standard');
  expect(parsedValue(parsePolicy('name: ours', '/etc/policy.yaml')).name).toBe('ours');
  expect(parsedValue(parsePolicy('attempts: 1', '/etc/policy.yaml')).name).toBe('policy');
});

test('what is left out means what standard.yml writes', () => {
  expect(parsedValue(parsePolicy('{}', 'standard.yml'))).toEqual(shipped('standard'));
});

test('reference.yml writes every key of the schema', () => {
  expect(keysMissingIn(read('reference.yml'))).toEqual([]);
});

test('a reference without a key would be noticed', () => {
  expect(keysMissingIn(read('reference.yml').replace(/^ +quiet: .*\n/m, ''))).toEqual([
    'drain.quiet',
  ]);
});

test('reference.yml explains every section: no key stands without a comment near it', () => {
  const lines = read('reference.yml').split('\n');
  const sections = lines.filter(
    (line, index) => /^[a-z]+:/.test(line) && !lines[index - 1]?.startsWith('#'),
  );
  expect(sections).toEqual([]);
});

test('cautious looks longer and at more than standard, swift shorter', () => {
  const [swift, standard, cautious] = [shipped('swift'), shipped('standard'), shipped('cautious')];
  const patience = ({ gate, verify, drain }: Policy) => [gate.minMs, verify.minMs, drain.warmMs];
  patience(standard).forEach((ms, index) => {
    expect(patience(swift)[index]).toBeLessThan(ms);
    expect(patience(cautious)[index]).toBeGreaterThan(ms);
  });
  expect(cautious.verify.gates.length).toBeGreaterThan(standard.verify.gates.length);
});

type Schema = {
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
};

function keysMissingIn(text: string): string[] {
  const written = new Set<string>();
  visit(parseDocument(text), {
    Pair(_, pair, path) {
      const above = path.flatMap((node) => ('key' in node ? [String(node.key)] : []));
      written.add([...above, String(pair.key)].join('.'));
    },
  });
  return allKeys(z.toJSONSchema(policySchema, { io: 'input' }) as Schema, '').filter(
    // What a list of gates may hold is written once, in either phase.
    (key) =>
      !written.has(key) &&
      !written.has(key.replace(/^gate\./, 'verify.')) &&
      !written.has(key.replace(/^verify\./, 'gate.')),
  );
}

function allKeys(schema: Schema, above: string): string[] {
  const inner = [schema.items, ...(schema.anyOf ?? [])].flatMap((one) =>
    one === undefined ? [] : allKeys(one, above),
  );
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [
    `${above}${key}`,
    ...allKeys(value, `${above}${key}.`),
  ]);
  return [...own, ...inner];
}
