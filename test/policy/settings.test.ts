// What a bgctl.yml means to the rest of the program.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
import { expect, test } from 'vitest';
import { parseSettings } from '../../src/policy/parse.ts';
import { formatProblems } from '../../src/policy/problem.ts';
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
