// The catalogue of mistakes in a bgctl.yml, and what an operator is told about each.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
import { expect, test } from 'vitest';
import { parseSettings } from '../../src/policy/parse.ts';
import { bgctlYml, bomb, changed, complaints, where } from './texts.ts';

type Mistake = { from: string; to: string; says: string[] };

const mistakes: Mistake[] = [
  {
    from: 'app: shop',
    to: 'app: Shop!',
    says: [
      'bgctl.yml:1:6  app: "Shop!" is not the name of an app',
      '    write lower-case letters, digits, _ and -, beginning with a letter or digit: compose project names begin with it',
    ],
  },
  {
    from: 'app: shop\n',
    to: 'application: shop\n',
    says: [
      'bgctl.yml:1:1  app: is missing',
      '    write lower-case letters, digits, _ and -, beginning with a letter or digit: compose project names begin with it',
      'bgctl.yml:1:1  application: is not a known key',
      '    known here: app, cloud, pools, hosts, compose, images, traffic, journal, policy',
    ],
  },
  {
    from: '${DIGITALOCEAN_TOKEN}',
    to: 'dop_v1_canary',
    says: [
      'bgctl.yml:3:10  cloud.token: must be a reference to an environment variable; what stands here is not shown, it may be a token',
      '    write ${DIGITALOCEAN_TOKEN} and set that variable; revoke a token that was ever written here',
    ],
  },
  {
    from: 'balancer: shop-lb',
    to: 'loadbalancer: shop-lb',
    says: [
      'bgctl.yml:2:1  cloud.balancer: is missing',
      '    write the id or the name of the load balancer',
      'bgctl.yml:4:3  cloud.loadbalancer: is not a known key',
      '    known here: token, balancer, endpoint',
    ],
  },
  {
    from: 'balancer: shop-lb',
    to: 'balancer: ${LB}',
    says: [
      'bgctl.yml:4:13  cloud.balancer: refers to a variable, which is understood in cloud.token and journal.postgres.url only',
      '    write the value itself',
    ],
  },
  {
    from: 'shop-lb',
    to: 'shop-lb\n  endpoint: http://api.example.com',
    says: [
      'bgctl.yml:5:13  cloud.endpoint: would send the token unencrypted',
      '    write an address that begins with https://',
    ],
  },
  {
    from: 'shop-lb',
    to: 'shop-lb\n  endpoint: https://ann:secret@api.example.com',
    says: [
      'bgctl.yml:5:13  cloud.endpoint: must not carry a user or a password',
      '    remove what stands before the @',
    ],
  },
  {
    from: 'b: { droplets: [11, 12] }',
    to: 'b: { tag: shop-a }',
    says: [
      'bgctl.yml:7:13  pools.b.tag: "shop-a" is the tag of pool a, too',
      '    give each pool its own droplets: one serves while the other is prepared',
    ],
  },
  {
    from: 'a: { tag: shop-a }',
    to: 'a: { droplets: [12, 13] }',
    says: [
      'bgctl.yml:7:23  pools.b.droplets[1]: droplet 12 is in pool a, too',
      '    give each pool its own droplets: one serves while the other is prepared',
    ],
  },
  {
    from: '[11, 12]',
    to: '[11, 11]',
    says: ['bgctl.yml:7:23  pools.b.droplets[1]: droplet 11 is listed twice', '    list it once'],
  },
  {
    from: '[11, 12]',
    to: '[]',
    says: [
      'bgctl.yml:7:18  pools.b.droplets: is an empty list',
      '    write at least one of droplet ids',
    ],
  },
  {
    from: 'a: { tag: shop-a }',
    to: 'a: { tag: shop-a, droplets: [3] }',
    says: [
      'bgctl.yml:6:3  pools.a: must have exactly one key',
      '    write exactly one of: tag, droplets',
    ],
  },
  {
    from: 'hosts: { user: deploy }',
    to: 'hosts: { user: deploy, known_host: ./k, port: 70000, via: bastion, sudo: "yes" }',
    says: [
      'bgctl.yml:8:24  hosts.known_host: is not a known key',
      '    did you mean `knownHosts`?',
      'bgctl.yml:8:47  hosts.port: 70000 is not a whole number from 1 to 65535',
      '    write a whole number from 1 to 65535',
      'bgctl.yml:8:59  hosts.via: "bastion" is not a way',
      '    write ssh or direct',
      'bgctl.yml:8:74  hosts.sudo: "yes" is not true or false',
      '    write true or false',
    ],
  },
  {
    from: 'hosts: { user: deploy }',
    to: 'hosts:',
    says: [
      'bgctl.yml:8:1  hosts: has no value',
      '    write keys under it: user, key, knownHosts, port, address, via, sudo',
    ],
  },
  {
    from: '/opt/shop',
    to: './shop',
    says: [
      'bgctl.yml:11:14  compose.directory: "./shop" is not an absolute path',
      '    write an absolute path on the droplets, such as /opt/vulcan',
    ],
  },
  {
    from: '{ db: shared }',
    to: '{ db: shard }',
    says: [
      'bgctl.yml:12:19  compose.services.db: "shard" is not a role',
      '    write switched, singleton or shared',
    ],
  },
  {
    from: '{ db: shared }',
    to: '{ web: shared }',
    says: [
      'bgctl.yml:14:11  images.web: "web" is shared: bgctl never starts it and needs no image for it',
      '    remove it here, or give it another role in compose.services',
    ],
  },
  {
    from: 'ghcr.io/acme/shop/web',
    to: 'ghcr.io/acme/shop/web:v1',
    says: [
      'bgctl.yml:14:16  images.web: "ghcr.io/acme/shop/web:v1" is not a repository',
      '    write it without tag and digest, such as ghcr.io/acme/vulcan/backend: the tag is given to promote',
    ],
  },
  {
    from: 'ports: [8000]',
    to: 'ports: [8000, 8000]',
    says: ['bgctl.yml:16:17  traffic.ports[1]: port 8000 is listed twice', '    list it once'],
  },
  {
    from: 'health: /health',
    to: 'health: health',
    says: [
      'bgctl.yml:17:11  traffic.health: "health" is not a path',
      '    write a path that begins with a slash, such as /health',
    ],
  },
  {
    from: '  identity: { header: x-bgctl-environment, path: / }\n',
    to: '',
    says: [
      'bgctl.yml:15:1  traffic.identity: is missing',
      '    write { header: x-bgctl-environment, path: / }, or { path: /whoami }, or none if the app cannot say which environment it is',
    ],
  },
  {
    from: '{ header: x-bgctl-environment, path: / }',
    to: '{ droplet: x-bgctl-droplet }',
    says: [
      'bgctl.yml:18:3  traffic.identity: names neither a header nor a path',
      '    write { header: x-bgctl-environment, path: / }, or { path: /whoami }, or none',
    ],
  },
  {
    from: '{ header: x-bgctl-environment, path: / }',
    to: '{ droplet: x-bgctl-droplet, path: / }',
    says: [
      'bgctl.yml:18:24  traffic.identity.droplet: is a second header, but the first is not named',
      '    write header: as well, or leave droplet: out (the body of the path may say it)',
    ],
  },
  {
    from: 'service: web',
    to: 'service: backend',
    says: [
      'bgctl.yml:19:21  traffic.drain.service: "backend" is no service of images',
      '    write one of: web',
    ],
  },
  {
    from: 'SIGUSR1',
    to: 'SIGTERM',
    says: [
      'bgctl.yml:19:42  traffic.drain.fail.signal: SIGTERM stops the app while the balancer still sends it requests',
      '    use a signal that only changes the health answer, such as SIGUSR1',
    ],
  },
  ...['SIGKILL', 'SIGSTOP', 'SIGINT', 'SIGQUIT', 'SIGABRT'].map((signal) => ({
    from: 'SIGUSR2',
    to: signal,
    says: [
      `bgctl.yml:19:72  traffic.drain.restore.signal: ${signal} stops the app while the balancer still sends it requests`,
      '    use a signal that only changes the health answer, such as SIGUSR1',
    ],
  })),
  {
    from: 'SIGUSR1',
    to: 'USR1',
    says: [
      'bgctl.yml:19:42  traffic.drain.fail.signal: "USR1" is not a signal',
      '    write a signal such as SIGUSR1',
    ],
  },
  {
    from: '{ signal: SIGUSR1 }',
    to: '{ command: [drain, 5] }',
    says: [
      'bgctl.yml:19:51  traffic.drain.fail.command[1]: 5 is not a word',
      '    write a text; quote numbers',
    ],
  },
  {
    from: '{ signal: SIGUSR1 }',
    to: '{ command: [] }',
    says: [
      'bgctl.yml:19:43  traffic.drain.fail.command: is an empty list',
      '    write at least one of words of a command',
    ],
  },
  {
    from: 'service: web',
    to: 'service: "w b"',
    says: [
      'bgctl.yml:19:21  traffic.drain.service: "w b" is not the name of a service',
      '    write a service of the compose file',
    ],
  },
  {
    from: '{ header: x-bgctl-environment, path: / }',
    to: '{ header: "x bgctl", path: x }',
    says: [
      'bgctl.yml:18:23  traffic.identity.header: "x bgctl" is not the name of a header',
      '    write a name such as x-bgctl-environment',
      'bgctl.yml:18:40  traffic.identity.path: "x" is not a path',
      '    write a path that begins with a slash, such as /health',
    ],
  },
  {
    from: '{ header: x-bgctl-environment, path: / }',
    to: 'all',
    says: [
      'bgctl.yml:18:13  traffic.identity: "all" is not a way to tell environments apart',
      '    write { header: x-bgctl-environment, path: / }, or { path: /whoami }, or none if the app cannot say which environment it is',
    ],
  },
  {
    from: '{ header: x-bgctl-environment, path: / }',
    to: '{ heder: x-bgctl-environment }',
    says: [
      'bgctl.yml:18:15  traffic.identity.heder: is not a known key',
      '    did you mean `header`?',
    ],
  },
  {
    from: 'ports: [8000]',
    to: 'ports: 8000',
    says: [
      'bgctl.yml:16:10  traffic.ports: 8000 is not a list',
      '    write a list of ports that the app publishes',
    ],
  },
  {
    from: 'health: /health',
    to: 'health: /health\n  address: app.example.com',
    says: [
      'bgctl.yml:18:12  traffic.address: "app.example.com" is not an address',
      '    write an address such as https://app.example.com/',
    ],
  },
  {
    from: 'health: /health',
    to: 'health: /health\n  address: ftp://app.example.com',
    says: [
      'bgctl.yml:18:12  traffic.address: "ftp://app.example.com" is not an address',
      '    write an address such as https://app.example.com/',
    ],
  },
  {
    from: 'shop-lb',
    to: 'shop-lb\n  endpoint: http://127.0.0.1.example.com',
    says: [
      'bgctl.yml:5:13  cloud.endpoint: would send the token unencrypted',
      '    write an address that begins with https://',
    ],
  },
  {
    from: 'shop-lb',
    to: 'shop-lb\n  endpoint: http://x.localhost',
    says: [
      'bgctl.yml:5:13  cloud.endpoint: would send the token unencrypted',
      '    write an address that begins with https://',
    ],
  },
  {
    from: 'shop-lb',
    to: 'shop-lb\n  endpoint: https://:geheim@api.example.com',
    says: [
      'bgctl.yml:5:13  cloud.endpoint: must not carry a user or a password',
      '    remove what stands before the @',
    ],
  },
  {
    from: 'shop-lb',
    to: 'shop-lb\n  endpoint: https://ann@api.example.com',
    says: [
      'bgctl.yml:5:13  cloud.endpoint: must not carry a user or a password',
      '    remove what stands before the @',
    ],
  },
  {
    from: 'balancer: shop-lb',
    to: 'balancer: 5',
    says: [
      'bgctl.yml:4:13  cloud.balancer: 5 is not a balancer',
      '    write the id or the name of the load balancer',
    ],
  },
  {
    from: 'a: { tag: shop-a }',
    to: 'a: { tag: "shop a" }',
    says: [
      'bgctl.yml:6:13  pools.a.tag: "shop a" is not a tag',
      '    write letters, digits, :, _ and -',
    ],
  },
  {
    from: 'a: { tag: shop-a }',
    to: 'a: { droplets: [3, 3] }',
    says: ['bgctl.yml:6:22  pools.a.droplets[1]: droplet 3 is listed twice', '    list it once'],
  },
  {
    from: 'hosts: { user: deploy }',
    to: 'hosts: { user: "de ploy", key: 5, address: all, knownHosts: [] }',
    says: [
      'bgctl.yml:8:16  hosts.user: "de ploy" is not a user',
      '    write the user to log in as, such as deploy',
      'bgctl.yml:8:32  hosts.key: 5 is not a key',
      '    write the path of a private key, or agent',
      'bgctl.yml:8:44  hosts.address: "all" is not an address',
      '    write private or public',
      'bgctl.yml:8:61  hosts.knownHosts: a list is not a path',
      '    write a path such as ~/.ssh/known_hosts',
    ],
  },
  {
    from: '  file: compose.yml\n',
    to: '  file: 5\n',
    says: [
      'bgctl.yml:10:9  compose.file: 5 is not a path',
      '    write a path such as docker-compose.prod.yml',
    ],
  },
  {
    from: '[cache]',
    to: '[""]\n  envFiles: [./env]',
    says: [
      'bgctl.yml:13:22  compose.ephemeralVolumes[0]: "" is not a volume',
      '    write the name of a volume',
      'bgctl.yml:14:14  compose.envFiles[0]: "./env" is not an absolute path',
      '    write an absolute path on the droplets, such as /opt/vulcan/env/backend.env',
    ],
  },
  {
    from: '[cache]',
    to: 'cache\n  envFiles: /env',
    says: [
      'bgctl.yml:13:21  compose.ephemeralVolumes: "cache" is not a list',
      '    write a list of volumes',
      'bgctl.yml:14:13  compose.envFiles: "/env" is not a list',
      '    write a list of paths',
    ],
  },
  {
    from: '{ db: shared }',
    to: 'db',
    says: [
      'bgctl.yml:12:13  compose.services: "db" is not a map',
      '    write a service and its role on each line, such as db: shared',
    ],
  },
  {
    from: '{ web: ghcr.io/acme/shop/web }',
    to: 'web',
    says: [
      'bgctl.yml:14:9  images: "web" is not a map',
      '    write a service and its repository on each line',
    ],
  },
  {
    from: '{ web: ghcr.io/acme/shop/web }',
    to: '{}',
    says: ['bgctl.yml:14:1  images: is empty', '    write the image of each service'],
  },
  {
    from: 'app: shop\n',
    to: 'app: shop\njournal: { file: 5 }\n',
    says: [
      'bgctl.yml:2:18  journal.file: 5 is not a path',
      '    write a path such as ./.bgctl/journal',
    ],
  },
  {
    from: 'app: shop\n',
    to: 'app: shop\njournal: { ssh: { droplet: 3, path: j } }\n',
    says: [
      'bgctl.yml:2:37  journal.ssh.path: "j" is not an absolute path',
      '    write an absolute path on the droplets, such as /opt/vulcan/bgctl',
    ],
  },
  {
    from: 'app: shop\n',
    to: 'app: shop\njournal: { postgres: { url: "${URL}", ca: 5 } }\n',
    says: [
      'bgctl.yml:2:43  journal.postgres.ca: 5 is not a path',
      '    write a path such as ./ca-certificate.crt',
    ],
  },
  {
    from: 'app: shop\n',
    to: 'app: shop\npolicy: 5\n',
    says: [
      'bgctl.yml:2:9  policy: 5 is not a path',
      '    write a path such as ./policy.yml, or one of standard, cautious, swift',
    ],
  },
  {
    from: '[cache]',
    to: '["${VOLUME}"]',
    says: [
      'bgctl.yml:13:22  compose.ephemeralVolumes[0]: refers to a variable, which is understood in cloud.token and journal.postgres.url only',
      '    write the value itself',
    ],
  },
  {
    from: 'SIGUSR2',
    to: 'SIGUSR1',
    says: [
      'bgctl.yml:19:53  traffic.drain.restore: is the same order as fail',
      '    give the app two different orders; one that toggles cannot be repeated safely',
    ],
  },
  {
    from: '{ signal: SIGUSR1 }',
    to: '{ request: /drain }',
    says: [
      'bgctl.yml:19:43  traffic.drain.fail.request: "/drain" is not a request',
      '    write a method and a path, such as POST /drain',
    ],
  },
  {
    from: 'app: shop\n',
    to: 'app: shop\nhealth: /up\n',
    says: ['bgctl.yml:2:1  health: is not a known key', '    did you mean `traffic.health`?'],
  },
  {
    from: 'app: shop\n',
    to: 'app: shop\njournal: { file: ./j, ssh: { droplet: 3, path: /j } }\n',
    says: [
      'bgctl.yml:2:1  journal: must have exactly one key',
      '    write exactly one of: file, ssh, postgres',
    ],
  },
  {
    from: 'app: shop\n',
    to: 'app: shop\njournal: { postgres: { url: "postgresql://ann:secret@db.example.com/shop" } }\n',
    says: [
      'bgctl.yml:2:29  journal.postgres.url: must be a reference to an environment variable; what stands here is not shown, it may hold a password',
      '    write ${BGCTL_JOURNAL_URL} and set that variable to the address of the database; change a password that was ever written here',
    ],
  },
  {
    from: 'app: shop\n',
    to: 'app: shop\npolicy: cautios\n',
    says: [
      'bgctl.yml:2:9  policy: "cautios" does not come with bgctl',
      '    did you mean cautious? A file is named by a path, such as ./policy.yml',
    ],
  },
  {
    from: 'app: shop\n',
    to: 'app: shop\npolicy: reckless\n',
    says: [
      'bgctl.yml:2:9  policy: "reckless" does not come with bgctl',
      '    write one of: standard, cautious, swift, demo, or a path such as ./policy.yml',
    ],
  },
  {
    from: '{ db: shared }',
    to: '{ "d b": shared }',
    says: [
      'bgctl.yml:12:15  compose.services.d b: `d b` cannot be a name here',
      '    write a service of the compose file',
    ],
  },
  {
    from: 'hosts: { user: deploy }',
    to: 'hosts: [deploy]',
    says: [
      'bgctl.yml:8:8  hosts: a list is not a map',
      '    write keys under it: user, key, knownHosts, port, address, via, sudo',
    ],
  },
  {
    from: 'app: shop\n',
    to: 'app: { name: shop }\n',
    says: [
      'bgctl.yml:1:1  app: a map is not the name of an app',
      '    write lower-case letters, digits, _ and -, beginning with a letter or digit: compose project names begin with it',
    ],
  },
  {
    from: 'app: shop\n',
    to: 'app: shop\napp: shop\n',
    says: ['bgctl.yml:2:1  `app` is written twice', '    keep one of the two'],
  },
  {
    from: '[8000]',
    to: '[8000',
    says: [
      'bgctl.yml:17:3  is indented wrongly, or a bracket before it is not closed',
      '    close brackets, and give the keys of one map the same indentation',
    ],
  },
];

test.each(mistakes)('$from → $to is told with its place and its mend', ({ from, to, says }) => {
  const text = changed(bgctlYml, from, to);
  expect(complaints(parseSettings(text, 'bgctl.yml', where))).toEqual(says);
});

test('all problems are told at once, whatever their kind, in the order of the file', () => {
  let text = changed(bgctlYml, 'shop-lb', 'shop-lb\n  tokn: x');
  text = changed(text, 'droplets: [11, 12]', 'tag: shop-a');
  text = changed(text, 'health: /health', 'health: 7');
  text = changed(text, 'SIGUSR1', 'SIGKILL');
  text = changed(text, 'ephemeralVolumes: [cache]', 'directory: /opt');
  const places = complaints(parseSettings(text, 'bgctl.yml', where)).filter(
    (line) => line[0] !== ' ',
  );
  expect(places).toEqual([
    'bgctl.yml:5:3  cloud.tokn: is not a known key',
    'bgctl.yml:8:13  pools.b.tag: "shop-a" is the tag of pool a, too',
    'bgctl.yml:14:3  `directory` is written twice',
    'bgctl.yml:18:11  traffic.health: 7 is not a path',
  ]);
});

test('a service that is not there is answered with all that are', () => {
  const text = changed(bgctlYml, 'images: {', 'images: { api: ghcr.io/acme/shop/api,');
  const wrong = changed(text, 'service: web', 'service: backend');
  expect(complaints(parseSettings(wrong, 'bgctl.yml', where))[1]).toBe(
    '    write one of: api, web',
  );
});

test('a file that is too long, or has too many aliases, is refused as a whole', () => {
  for (const text of [bomb, `a: ${'x'.repeat(1_000_001)}`])
    expect(complaints(parseSettings(text, 'bgctl.yml', where))).toEqual([
      'bgctl.yml:1:1  cannot be read: too long, nested too deeply, or too many aliases',
      '    write it as a short, flat YAML file',
    ]);
});

test('an empty file is told where to start from', () => {
  expect(complaints(parseSettings('# nothing\n', 'bgctl.yml', where))).toEqual([
    'bgctl.yml:1:1  the file is empty',
    '    start from an example: examples/quickstart/bgctl.yml or policies/reference.yml',
  ]);
});
