// The small parts that reading a compose file is made of: interpolation, ports, roles, near words.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is Compose's interpolation.
import { expect, test } from 'vitest';
import { readPorts } from '../../src/policy/compose-ports.ts';
import { deriveRole, repositoryOf } from '../../src/policy/compose-roles.ts';
import { listTree, mapTree, textTree } from '../../src/policy/compose-tree.ts';
import { durationMs, durationText } from '../../src/policy/duration.ts';
import { interpolate } from '../../src/policy/interpolate.ts';
import { nearest } from '../../src/policy/nearest.ts';

const variables = { SET: 'set', EMPTY: '' };

/** A default in a default in a default… */
function nested(depth: number): string {
  return `${'${NO:-'.repeat(depth)}deep${'}'.repeat(depth)}`;
}

test.each([
  ['plain', 'plain'],
  ['$SET-${SET}', 'set-set'],
  ['$$SET ${', '$SET ${'],
  ['${EMPTY-x}|${EMPTY:-x}', '|x'],
  ['${NO-a}${NO:-b}', 'ab'],
  ['${NO:-${SET}}', 'set'],
  ['${NO:-${NO2:-deep}}!', 'deep!'],
  ['${SET:?must}', 'set'],
  ['${SET:+other}', 'other'],
  ['5$ each, $ and $', '5$ each, $ and $'],
  [nested(8), 'deep'],
])('%s is interpolated as %s', (source, text) => {
  expect(interpolate(source, variables)).toEqual({ known: true, text });
});

test.each([
  ['${NO}', ['NO']],
  ['$NO ${SET} ${NO2:?say it}', ['NO', 'NO2']],
  ['${NO:+x}', ['NO']],
  ['${NO:-${NO2}}', ['NO2']],
  ['${toString}', ['toString']],
  // Deeper than anybody writes: not followed, and shown in part.
  [nested(9), ['deep']],
  [`${nested(9).replace('deep', 'x'.repeat(50))}`, ['x'.repeat(40)]],
])('%s is not known here', (source, missing) => {
  expect(interpolate(source, variables)).toEqual({ known: false, missing });
});

test.each([
  ['8000:80', [[8000, 80, 'tcp', null]]],
  ['127.0.0.1:8000:80/udp', [[8000, 80, 'udp', '127.0.0.1']]],
  ['[::1]:8000:80', [[8000, 80, 'tcp', '::1']]],
  [
    '8000-8001:80-81',
    [
      [8000, 80, 'tcp', null],
      [8001, 81, 'tcp', null],
    ],
  ],
  [
    '8000-8001:80',
    [
      [8000, 80, 'tcp', null],
      [8001, 80, 'tcp', null],
    ],
  ],
  ['80', []],
  ['127.0.0.1::80', []],
  ['65535:65535', [[65_535, 65_535, 'tcp', null]]],
])('%s publishes %j', (written, expected) => {
  const ports = readPorts(textTree(written), (text) => ({ known: true, text }));
  expect(ports.wrong).toEqual([]);
  expect(
    ports.published.map((port) => [port.host, port.container, port.protocol, port.address]),
  ).toEqual(expected);
});

test('a range is not longer than a thousand and one', () => {
  const read = (written: string) => readPorts(textTree(written), (text) => ({ known: true, text }));
  expect(read('1000-2000:1000-2000').published).toHaveLength(1001);
  expect(read('1000-2001:1000-2001').wrong).toHaveLength(1);
});

test.each([
  [{ target: '80' }, []],
  [{ target: '80', published: '8000' }, [[8000, 80, 'tcp', null]]],
  [{ target: '80', published: '8000', protocol: 'udp' }, [[8000, 80, 'udp', null]]],
  [{ target: '80', host_ip: '10.0.0.1' }, []],
  [
    { target: '80', published: '8000', host_ip: '10.0.0.1', protocol: 'udp' },
    [[8000, 80, 'udp', '10.0.0.1']],
  ],
  [
    { target: '80', published: '8000-8001', host_ip: '::1' },
    [
      [8000, 80, 'tcp', '::1'],
      [8001, 80, 'tcp', '::1'],
    ],
  ],
])('the long form %j publishes %j', (written, expected) => {
  const entries = Object.entries(written).map(([key, value]) => [key, textTree(value)] as const);
  const tree = listTree([mapTree(Object.fromEntries(entries))]);
  const ports = readPorts(tree, (text) => ({ known: true, text }));
  expect(ports.wrong).toEqual([]);
  expect(
    ports.published.map((port) => [port.host, port.container, port.protocol, port.address]),
  ).toEqual(expected);
});

test.each([
  '',
  'http',
  '8000:',
  '70000:80',
  '9-8:80',
  '8000:80:90',
  '8000:65536',
  '1-65535:1-65535',
])('"%s" is no port', (written) => {
  const ports = readPorts(textTree(written), (text) => ({ known: true, text }));
  expect(ports.wrong).toHaveLength(1);
});

function derived(
  name: string,
  words: string[] = [],
  image = 'x',
  trafficPort: number | null = null,
) {
  return deriveRole({ name, words, image, trafficPort });
}

function role(...known: Parameters<typeof derived>) {
  return derived(...known).role;
}

test.each([
  'worker',
  'celery-beat',
  'email_worker',
  'worker-2',
  'worker2',
  'app.scheduler',
  'cron',
])('a service called %s is a singleton', (name) => {
  expect(role(name)).toBe('singleton');
});

test.each(['web', 'networker', 'heartbeat', 'api', 'cronjobs-ui', 'homework'])(
  'a service called %s is switched',
  (name) => {
    expect(role(name)).toBe('switched');
  },
);

test('a web server with workers is not a worker; one that takes traffic is switched whatever its name', () => {
  const gunicorn = ['gunicorn', '--workers', '4', '-k', 'uvicorn.workers.UvicornWorker', 'app:app'];
  expect(role('api', gunicorn)).toBe('switched');
  expect(role('api', ['/usr/bin/crond', '-f'])).toBe('singleton');
  expect(role('api', ['php', 'artisan', 'queue:work'])).toBe('singleton');
  expect(role('worker', [], 'x', 8000)).toBe('switched');
});

test('a role that was guessed comes with the reason', () => {
  const because = (...known: Parameters<typeof role>) => derived(...known).because;
  expect(because('a', [], 'postgres')).toBe('its image postgres keeps data');
  expect(because('a', [], 'x', 80)).toBe('it publishes port 80 of traffic.ports');
  expect(because('worker')).toBe('its name "worker" sounds like one');
  expect(because('a', ['celery'])).toBe('its command says "celery"');
  expect(because('a')).toBe('nothing says otherwise');
  expect(deriveRole({ name: 'a', words: [], image: null, trafficPort: null }).role).toBe(
    'switched',
  );
});

test('images that keep data are known by their own name, not by their neighbours', () => {
  expect(role('a', [], 'registry:5000/library/postgres:16@sha256:ab')).toBe('shared');
  expect(role('a', [], 'ghcr.io/redis/exporter:1')).toBe('switched');
  expect(role('a', [], 'redis-exporter')).toBe('switched');
  expect(repositoryOf('registry:5000/shop/web')).toBe('registry:5000/shop/web');
  expect(repositoryOf('registry:5000/shop/web:v1@sha256:ab')).toBe('registry:5000/shop/web');
});

test.each([
  ['lmit', 'limit'],
  ['env_files', 'envFiles'],
  ['unkown', 'unknown'],
  ['gatse', 'gates'],
  ['nmae', 'name'],
  ['enw_fyles', 'envFiles'],
  ['LIMIT', 'limit'],
  ['limits', 'limit'],
  ['l', null],
  ['gtaes', 'gates'],
  ['ixmit', null],
  ['xlmit', null],
  ['kimti', null],
  ['x', null],
  ['password', null],
])('%s was meant as %s', (word, meant) => {
  expect(nearest(word, ['limit', 'gates', 'envFiles', 'unknown', 'name'])).toBe(meant);
});

test("durations are read and written in the operator's units", () => {
  expect(['500ms', '2s', '5m', '1h', '0s'].map(durationMs)).toEqual([
    500, 2000, 300_000, 3_600_000, 0,
  ]);
  expect(['', '5', 's', '1.5s', '-1s', '1m30s', '1d', ' 1s'].map(durationMs)).toEqual(
    Array(8).fill(null),
  );
  expect([500, 2000, 90_000, 300_000, 3_600_000, 0, 1500].map(durationText)).toEqual([
    '500ms',
    '2s',
    '90s',
    '5m',
    '1h',
    '0s',
    '1500ms',
  ]);
});
