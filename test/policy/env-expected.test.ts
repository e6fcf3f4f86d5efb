// What env files must hold: from the compose file as it is rendered, and from a `.env.schema` beside it.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is Compose's interpolation.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { composeNeeds } from '../../src/policy/compose-needs.ts';
import { expectedEnv } from '../../src/policy/env-expected.ts';
import { readEnvSchema } from '../../src/policy/env-schema.ts';
import { variablesIn } from '../../src/policy/interpolate.ts';
import { shopSettings } from '../hosts/settings.ts';

const file = '/home/anna/shop/compose.yml';

const compose = `services:
  web:
    image: ghcr.io/acme/shop/web:\${TAG}
    env_file:
      - /opt/shop/env/web.env
      - { path: env/more.env, required: false }
      - \${WHERE}.env
    environment:
      BGCTL_DROPLET: \${BGCTL_DROPLET}
      URL: https://\${HOST}/\${PATH_OF:-x}
      MORE: \${HOST:?say it}
    command: [serve, "$$HOME", "\${WORKERS?}"]
    ports: ["8000:8000"]
  db:
    image: postgres:\${PG}
    env_file: /opt/shop/env/db.env
  job:
    image: ghcr.io/acme/shop/web
    profiles: [job]
    command: \${JOB}
`;

test.each([
  [
    '$A ${B} $$C ${D:-x} ${E-x} ${F:+x} ${G+x}',
    [
      ['A', false],
      ['B', false],
    ],
  ],
  [
    '${A?} ${B?say} ${C:?say ${D}}',
    [
      ['A', 'there'],
      ['B', 'there'],
      ['C', 'filled'],
    ],
  ],
  ['${A:-${B:?in vain}}${C}', [['C', false]]],
  ['5$ and ${', []],
])('%s asks for variables without a default', (source, wanted) => {
  expect(variablesIn(source).map(({ name, must }) => [name, must])).toEqual(wanted);
});

describe('a compose file needs', () => {
  const needs = composeNeeds(compose, shopSettings());

  test('the env files of what a release runs; relative ones from the project directory', () => {
    expect(needs.files).toEqual([
      { path: '/opt/shop/env/web.env', required: true },
      { path: '/opt/shop/env/more.env', required: false },
    ]);
    expect(needs.untold).toEqual(['${WHERE}.env']);
  });

  test('each variable once, as strictly as it is asked for; none that bgctl writes itself', () => {
    expect(needs.variables).toEqual([
      { name: 'WHERE', must: false, where: `${file}:7` },
      { name: 'HOST', must: 'filled', where: `${file}:11` },
      { name: 'WORKERS', must: 'there', where: `${file}:12` },
    ]);
  });

  test('nothing where it cannot be read', () => {
    for (const text of ['', '[', 'services: 1'])
      expect(composeNeeds(text, shopSettings())).toEqual({ files: [], untold: [], variables: [] });
  });
});

describe('an .env.schema', () => {
  test('lists keys as an env file does; what stands behind = is not read', () => {
    const text = '# The app.\nSECRET_KEY=\nexport URL=https://x # y\n\nPLAIN\n  SPACED = 1\n';
    const { keys, unread } = readEnvSchema(text);
    expect(keys.map(({ name, line }) => [name, line])).toEqual([
      ['SECRET_KEY', 2],
      ['URL', 3],
      ['PLAIN', 5],
      ['SPACED', 6],
    ]);
    expect(unread).toEqual([]);
  });

  test('says above a key what is optional and what may have any value, of that key only', () => {
    const text = '# @optional\n# Sentry. @any\nDSN=\nKEY=\n# @any\n\nURL=\n';
    expect(readEnvSchema(text).keys).toMatchObject([
      { name: 'DSN', optional: true, any: true },
      { name: 'KEY', optional: false, any: false },
      { name: 'URL', optional: false, any: false },
    ]);
  });

  test('is told by line where it is none, never by what stands there', () => {
    expect(readEnvSchema('KEY\r\nmy secret\r\n1A=2\r\n')).toMatchObject({
      keys: [{ name: 'KEY' }],
      unread: [2, 3],
    });
  });
});

test('the shipped .env.schema is one', () => {
  const { keys, unread } = readEnvSchema(readFileSync('examples/quickstart/.env.schema', 'utf8'));
  expect(unread).toEqual([]);
  expect(keys.filter(({ optional }) => optional).map(({ name }) => name)).toEqual(['SENTRY_DSN']);
  expect(keys.some(({ any }) => any)).toBe(false);
  expect(keys.map(({ name }) => name)).toContain('SECRET_KEY');
});

describe('expected of a droplet is', () => {
  const schema = {
    file: '/home/anna/shop/.env.schema',
    ...readEnvSchema('# @optional\nA\n# @any\nB\n'),
  };
  const given = (envFiles: readonly string[], text = compose) => {
    const settings = shopSettings({ compose: { envFiles } });
    return expectedEnv(settings, composeNeeds(text, settings), schema);
  };

  test('every file once, required where anybody requires it', () => {
    const { files, from } = given(['/opt/shop/env/more.env']);
    expect(from).toEqual(['/opt/shop/env/more.env']);
    expect(files).toEqual([
      { path: '/opt/shop/env/more.env', required: true },
      { path: '/opt/shop/env/web.env', required: true },
    ]);
  });

  test('the .env that Compose reads by itself, where something is interpolated and nothing else named', () => {
    expect(given([]).from).toEqual(['/opt/shop/.env']);
    expect(given([]).files[0]).toEqual({ path: '/opt/shop/.env', required: false });
    expect(
      given([], compose.replaceAll(/\$\{\w+\??\}/g, '').replace('${HOST:?say it}', '')).from,
    ).toEqual([]);
  });

  test('the keys of both, less those that are optional', () => {
    expect(given([]).keys.map(({ name, by, must }) => [name, by, must])).toEqual([
      ['WHERE', 'compose', false],
      ['HOST', 'compose', 'filled'],
      ['WORKERS', 'compose', 'there'],
      ['B', 'schema', 'there'],
    ]);
    expect(given([]).any).toEqual(['B']);
  });
});
