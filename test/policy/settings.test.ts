// What a bgctl.yml means to the rest of the program.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
import { expect, test } from 'vitest';
import { isPolicyName } from '../../src/policy/app-rules.ts';
import { parseSettings } from '../../src/policy/parse.ts';
import { absolute, stemOf } from '../../src/policy/paths.ts';
import { formatProblems, pathText } from '../../src/policy/problem.ts';
import { bgctlYml, changed, parsedValue, settings, where } from './texts.ts';

test('what is left out has its default', () => {
  expect(settings()).toEqual({
    file: '/ci/bgctl.yml',
    app: 'shop',
    cloud: {
      tokenVariable: 'DIGITALOCEAN_TOKEN',
      endpoint: 'https://api.digitalocean.com/v2',
      balancer: { name: 'shop-lb' },
    },
    pools: { a: { tag: 'shop-a' }, b: { droplets: [11, 12] } },
    hosts: {
      user: 'deploy',
      key: null,
      knownHosts: '/home/ann/.ssh/known_hosts',
      port: 22,
      address: 'private',
      via: 'ssh',
      sudo: false,
    },
    compose: {
      file: '/ci/compose.yml',
      directory: '/opt/shop',
      envFiles: [],
      services: { db: 'shared' },
      ephemeralVolumes: ['cache'],
    },
    images: { web: 'ghcr.io/acme/shop/web' },
    traffic: {
      ports: [8000],
      health: '/health',
      address: null,
      identity: { kind: 'header', environment: 'x-bgctl-environment', droplet: null, path: '/' },
      drain: { service: 'web', fail: { signal: 'SIGUSR1' }, restore: { signal: 'SIGUSR2' } },
    },
    journal: { kind: 'file', path: '/ci/.bgctl/journal' },
    policy: '/bgctl/policies/standard.yml',
  });
});

test('paths are relative to the bgctl.yml, not to where bgctl was started', () => {
  const text = `${bgctlYml}policy: ../policy.yml\njournal: { file: ../../j }\n`;
  const parsed = parsedValue(
    parseSettings(
      changed(text, 'user: deploy', 'user: deploy, key: ~/.ssh/id'),
      './ops/shop/bgctl.yml',
      where,
    ),
  );
  expect(parsed).toMatchObject({
    file: '/ci/ops/shop/bgctl.yml',
    hosts: { key: '/home/ann/.ssh/id' },
    compose: { file: '/ci/ops/shop/compose.yml' },
    journal: { path: '/ci/j' },
    policy: '/ci/ops/policy.yml',
  });
});

test('a balancer that looks like an id is an id', () => {
  const id = '4de7ac8b-495b-4884-9a69-1050c6793cd6';
  expect(settings(changed(bgctlYml, 'shop-lb', id)).cloud.balancer).toEqual({ id });
});

test('what only looks like an id is a name', () => {
  const id = '4de7ac8b-495b-4884-9a69-1050c6793cd6';
  for (const name of [`x${id}`, `${id}0`])
    expect(settings(changed(bgctlYml, 'shop-lb', name)).cloud.balancer).toEqual({ name });
});

test('droplet ids may be what both pools are made of, and the app need not drain', () => {
  const text = changed(bgctlYml, 'a: { tag: shop-a }', 'a: { droplets: [1, 2] }');
  const [drain = ''] = / {2}drain: .*\n/.exec(text) ?? [];
  expect(settings(changed(text, drain, ''))).toMatchObject({
    pools: { a: { droplets: [1, 2] }, b: { droplets: [11, 12] } },
    traffic: { drain: null },
  });
});

test('a word alone is a policy that comes with bgctl, all else is a path', () => {
  expect(['swift', 'p.yml', 'p.yaml', './p', 'dir/p.yml', 'yml'].map(isPolicyName)).toEqual([
    true,
    false,
    false,
    false,
    false,
    true,
  ]);
});

test('paths are tidied, and ~ is the home of who runs it', () => {
  const of = (path: string) => absolute(path, '/ci', '/home/ann');
  expect(['~', '~/x', '~x', './a/../b', '/a//b/', '..', '../../..'].map(of)).toEqual([
    '/home/ann',
    '/home/ann/x',
    '/ci/~x',
    '/ci/b',
    '/a/b',
    '/',
    '/',
  ]);
  expect(['/opt/standard.yml', 'p.yaml', 'p.yml.old', 'x'].map(stemOf)).toEqual([
    'standard',
    'p',
    'p.yml.old',
    'x',
  ]);
});

test('problems are told in the order of files, lines and columns, pasted keys cut', () => {
  const at = (file: string, line: number, column: number) => ({
    file,
    line,
    column,
    path: '',
    message: 'm',
    mend: 'x',
  });
  const told = formatProblems([
    at('b', 1, 1),
    at('a', 2, 1),
    at('a', 1, 2),
    at('a', 1, 1),
    at('b', 1, 1),
  ]);
  expect(told.split('\n').filter((line) => line[0] !== ' ')).toEqual([
    'a:1:1  m',
    'a:1:2  m',
    'a:2:1  m',
    'b:1:1  m',
    'b:1:1  m',
  ]);
  expect(pathText(['a', 0, 'b.c', 'x'.repeat(70)])).toBe(`a[0].b.c.${'x'.repeat(59)}`);
});

test.each([
  [
    '{ header: X-Env, droplet: X-Droplet, path: /who }',
    { kind: 'header', environment: 'x-env', droplet: 'x-droplet', path: '/who' },
  ],
  ['{ header: x-env }', { kind: 'header', environment: 'x-env', droplet: null, path: '/' }],
  ['{ path: /whoami }', { kind: 'path', path: '/whoami' }],
  ['none', { kind: 'none' }],
])('identity %s is understood', (written, identity) => {
  const text = changed(bgctlYml, '{ header: x-bgctl-environment, path: / }', written);
  expect(settings(text).traffic.identity).toEqual(identity);
});

test.each([
  ['{ signal: SIGHUP }', { signal: 'SIGHUP' }],
  ['{ command: [sh, -c, "kill -USR1 ${PID}"] }', { command: ['sh', '-c', 'kill -USR1 ${PID}'] }],
  ['{ request: PUT /drain?on=1 }', { request: { method: 'PUT', path: '/drain?on=1' } }],
  ['{ request: GET /drain }', { request: { method: 'GET', path: '/drain' } }],
  ['{ request: POST /drain }', { request: { method: 'POST', path: '/drain' } }],
])('the order %s is understood', (written, order) => {
  const text = changed(bgctlYml, '{ signal: SIGUSR1 }', written);
  expect(settings(text).traffic.drain?.fail).toEqual(order);
});

test('a journal may live on a droplet; one inside a pool is warned of', () => {
  const text = `${bgctlYml}journal: { ssh: { droplet: 11, path: /opt/shop/bgctl } }\n`;
  const parsed = parseSettings(text, 'bgctl.yml', where);
  expect(parsedValue(parsed).journal).toEqual({
    kind: 'ssh',
    droplet: 11,
    path: '/opt/shop/bgctl',
  });
  expect(parsed.ok && formatProblems(parsed.warnings).split('\n')).toEqual([
    'bgctl.yml:20:28  journal.ssh.droplet: droplet 11 is in a pool: when it is lost, so is the journal',
    '    name a droplet outside both pools if there is one',
  ]);
});

test.each([
  ['', { ca: null, through: null }],
  ['\n    ca: ./ca.crt\n    through: 77', { ca: '/ci/ca.crt', through: 77 }],
])('a journal may live in PostgreSQL, whose address a variable holds%s', (more, means) => {
  const text = `${bgctlYml}journal:\n  postgres:\n    url: \${JOURNAL_URL}${more}\n`;
  const parsed = parseSettings(text, 'bgctl.yml', where);
  expect(parsed).toMatchObject({ ok: true, warnings: [] });
  expect(parsedValue(parsed).journal).toEqual({
    kind: 'postgres',
    urlVariable: 'JOURNAL_URL',
    ...means,
  });
});

test('a way to the journal through a droplet of a pool is warned of', () => {
  const text = `${bgctlYml}journal: { postgres: { url: "\${JOURNAL_URL}", through: 12 } }\n`;
  const parsed = parseSettings(text, 'bgctl.yml', where);
  expect(parsed.ok && formatProblems(parsed.warnings).split('\n')).toEqual([
    'bgctl.yml:20:56  journal.postgres.through: droplet 12 is in a pool: when it is lost, so is the way to the journal',
    '    name a droplet outside both pools if there is one',
  ]);
});

test('an emulated cloud on this machine may be spoken to without encryption', () => {
  const text = changed(bgctlYml, 'shop-lb', 'shop-lb\n  endpoint: http://127.0.0.1:8080/v2/');
  expect(settings(text).cloud.endpoint).toBe('http://127.0.0.1:8080/v2');
});
