// The catalogue of what bgctl refuses in a compose file, each with the line of that file and the mend.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is Compose's interpolation.
import { describe, expect, test } from 'vitest';
import { readComposeFile } from '../../src/policy/compose-file.ts';
import { formatProblems } from '../../src/policy/problem.ts';
import { bgctlYml, bomb, changed, complaints, composeYml, parsedValue, settings } from './texts.ts';

/** The sample has db as shared in bgctl.yml, so it must be there. */
const plain = `${composeYml}  db: { image: "postgres:16", volumes: ["data:/var/lib/postgresql"] }\n`;
const ours = settings();

function refusals(text: string, known = ours, variables = {}): string[] {
  return complaints(readComposeFile(text, 'c.yml', known, variables));
}

test('a compose file without a fault is accepted without a warning', () => {
  expect(readComposeFile(plain, 'c.yml', ours)).toMatchObject({ ok: true, warnings: [] });
});

const added: [title: string, lines: string, ...says: string[]][] = [
  [
    'a singleton by its name',
    '  worker: { image: x }',
    'c.yml:7:3  services.worker: is a singleton (its name "worker" sounds like one): one may run at a time, and singletons come with a later version',
    '    run it in a project of its own and write `worker: shared` under compose.services of bgctl.yml; write switched if several may run at once',
  ],
  [
    'a singleton by its command',
    '  tasks: { image: x, command: ["celery", "-A", "app", "beat"] }',
    'c.yml:7:3  services.tasks: is a singleton (its command says "celery"): one may run at a time, and singletons come with a later version',
    '    run it in a project of its own and write `tasks: shared` under compose.services of bgctl.yml; write switched if several may run at once',
  ],
  [
    'a singleton by its entrypoint, in words',
    '  tasks: { image: x, entrypoint: "sh -c \'exec celery -A app\'" }',
    'c.yml:7:3  services.tasks: is a singleton (its command says "celery"): one may run at a time, and singletons come with a later version',
    '    run it in a project of its own and write `tasks: shared` under compose.services of bgctl.yml; write switched if several may run at once',
  ],
  [
    'a stateful image that nobody declared shared',
    '  cache: { image: "docker.io/bitnami/redis:${REDIS}" }',
    'c.yml:7:12  services.cache.image: runs redis, which keeps data: a second one beside it would start empty',
    '    run it in a project of its own and write `cache: shared` under compose.services of bgctl.yml',
  ],
  [
    'a switched service without a repository',
    '  docs: { image: "nginx:1" }',
    'c.yml:7:11  services.docs.image: is switched, but images of bgctl.yml has no repository for it',
    '    write `docs: …` there, or give it another role',
  ],
  [
    'a named network',
    'networks: { default: { name: shop } }',
    'c.yml:7:24  networks.default.name: fixes the name of the network: two releases on one droplet would share it',
    '    remove it, or write `external: true` if it was made beforehand',
  ],
  [
    'an included file',
    'include: [other.yml]',
    'c.yml:7:1  include: includes another file',
    '    write it out; `docker compose config --no-interpolate` prints the whole',
  ],
  [
    'a service that is no map',
    '  docs: nginx',
    'c.yml:7:3  services.docs: is not a map',
    '    write image and ports under it',
  ],
  [
    'a service written twice',
    '  web: { image: x }',
    'c.yml:7:3  `web` is written twice',
    '    keep one of the two',
  ],
  [
    'an unknown tag',
    '  other: { image: !reset x, profiles: [x] }',
    'c.yml:7:19  a tag is not known',
    '    write the value without the `!` tag',
  ],
];

test.each(added)('%s is refused with its line', (_, lines, ...says) => {
  expect(refusals(`${plain}${lines}\n`).filter(isAbout(says))).toEqual(says);
});

const inWeb: [title: string, lines: string, ...says: string[]][] = [
  [
    'a container name',
    'container_name: web',
    'c.yml:6:5  services.web.container_name: fixes the name of the container: the next release on the same droplets would meet the last one under it',
    '    remove it; Compose names containers by project and service',
  ],
  [
    'the network of the host',
    'network_mode: host',
    'c.yml:6:5  services.web.network_mode: uses the network of the droplet: bgctl could neither see its ports nor count its connections',
    '    remove it and publish ports',
  ],
  [
    'a named volume',
    'volumes: ["./conf:/conf", "/etc/x:/x", "uploads:/srv", "/anonymous", "cache:/c"]',
    'c.yml:6:44  services.web.volumes: the volume "uploads" is new and empty in every release, and goes with it',
    '    keep its data elsewhere (a shared service, object storage, a directory of the droplet), or write `ephemeralVolumes: [uploads]` under compose of bgctl.yml if it may be lost',
  ],
  [
    'a named volume in the long form',
    'volumes: [{ type: bind, source: /x, target: /y }, { type: volume, source: up, target: /srv }]',
    'c.yml:6:55  services.web.volumes: the volume "up" is new and empty in every release, and goes with it',
    '    keep its data elsewhere (a shared service, object storage, a directory of the droplet), or write `ephemeralVolumes: [up]` under compose of bgctl.yml if it may be lost',
  ],
  [
    'a named volume behind a variable with a default',
    'volumes: ["${VOLUME:-uploads}:/srv"]',
    'c.yml:6:15  services.web.volumes: the volume "uploads" is new and empty in every release, and goes with it',
    '    keep its data elsewhere (a shared service, object storage, a directory of the droplet), or write `ephemeralVolumes: [uploads]` under compose of bgctl.yml if it may be lost',
  ],
  [
    'a link to what is not switched',
    'links: ["db:database"]',
    'c.yml:6:5  services.web.links: needs "db" in the same project, but that is not switched',
    '    reach it over an external network, or by its address',
  ],
  [
    'the network of what is not switched',
    'network_mode: service:db',
    'c.yml:6:5  services.web.network_mode: needs "db" in the same project, but that is not switched',
    '    reach it over an external network, or by its address',
  ],
  [
    'volumes of what is not switched',
    'volumes_from: ["db:ro"]',
    'c.yml:6:5  services.web.volumes_from: needs "db" in the same project, but that is not switched',
    '    reach it over an external network, or by its address',
  ],
  [
    'the processes of what is not switched',
    'pid: service:db',
    'c.yml:6:5  services.web.pid: needs "db" in the same project, but that is not switched',
    '    reach it over an external network, or by its address',
  ],
  [
    'the shared memory of what is not switched',
    'ipc: service:db',
    'c.yml:6:5  services.web.ipc: needs "db" in the same project, but that is not switched',
    '    reach it over an external network, or by its address',
  ],
  [
    'a scale that shares a port',
    'scale: 3',
    'c.yml:6:5  services.web.scale: 3 containers cannot all publish port 8000 of one droplet',
    '    run one a droplet, and add droplets or worker processes',
  ],
  [
    'replicas that share a port',
    'deploy: { replicas: 2 }',
    'c.yml:6:5  services.web.deploy: 2 containers cannot all publish port 8000 of one droplet',
    '    run one a droplet, and add droplets or worker processes',
  ],
  [
    'a service extended',
    'extends: { service: base }',
    'c.yml:6:5  services.web.extends: extends another service',
    '    write it out; `docker compose config --no-interpolate` prints the whole',
  ],
];

test.each(inWeb)('%s is refused with its line', (_, line, ...says) => {
  const text = changed(
    plain,
    '    ports: ["8000:8000"]\n',
    `    ports: ["8000:8000"]\n    ${line}\n`,
  );
  expect(refusals(text)).toEqual(says);
});

test.each([
  'volumes: [{ type: bind, source: uploads, target: /y }, { type: volume, target: /z }, { type: tmpfs, target: /t }]',
  'volumes: ["up/loads:/x", "~/conf:/y", "cache"]',
  'volumes: { uploads: /x }',
  'links: ["side:other", [db]]',
  'network_mode: bridge',
  'deploy: { replicas: 1 }',
  'scale: "1"',
  'depends_on: [side]',
  'depends_on: { side: { condition: service_completed } }',
  'command: run side',
])('%s is accepted', (line) => {
  expect(refusals(`${composeYml}    ${line}\n  db: { image: postgres }\n`)).toEqual([]);
});

test('a service that publishes nothing may run as often as one likes', () => {
  const known = settings(changed(bgctlYml, 'images: {', 'images: { side: ghcr.io/acme/side,'));
  const side = '  side: { image: ghcr.io/acme/side, deploy: { replicas: 2 } }\n';
  expect(refusals(plain + side, known)).toEqual([]);
});

test('a service that is built everywhere anew is refused', () => {
  expect(refusals(changed(plain, 'image: ghcr.io/acme/shop/web:v1', 'build: .'))).toEqual([
    'c.yml:3:5  services.web.build: is built, not pulled: every droplet would build something else',
    '    push it to a registry and write `image:` as well',
  ]);
  expect(
    refusals(
      changed(
        plain,
        'image: ghcr.io/acme/shop/web:v1',
        'build: .\n    image: ghcr.io/acme/shop/web:v1',
      ),
    ),
  ).toEqual([]);
});

test('bgctl.yml and the compose file must name the same services', () => {
  const known = settings(changed(bgctlYml, 'images: {', 'images: { api: ghcr.io/acme/shop/api,'));
  expect(refusals(changed(plain, '  db:', '  database:'), known)).toEqual([
    'c.yml:1:1  services: there is no service "api" that starts without a profile, but images of bgctl.yml names it',
    '    services here: web, database',
    'c.yml:1:1  services: there is no service "db" that starts without a profile, but compose.services of bgctl.yml names it',
    '    services here: web, database',
    'c.yml:6:15  services.database.image: runs postgres, which keeps data: a second one beside it would start empty',
    '    run it in a project of its own and write `database: shared` under compose.services of bgctl.yml',
  ]);
});

test('a stateful image is refused even where bgctl.yml calls it switched', () => {
  const known = settings(changed(bgctlYml, 'db: shared', 'db: switched'));
  expect(refusals(plain, known)[0]).toBe(
    'c.yml:6:9  services.db.image: runs postgres, which keeps data: a second one beside it would start empty',
  );
});

test('a migration beside the app is refused, and left out when it has a profile', () => {
  const waiting = changed(
    plain,
    '    restart:',
    '    depends_on: { migrate: { condition: service_completed_successfully } }\n    restart:',
  );
  const known = settings(
    changed(bgctlYml, 'images: {', 'images: { migrate: ghcr.io/acme/shop/web,'),
  );
  expect(refusals(`${waiting}  migrate: { image: ghcr.io/acme/shop/web }\n`, known)).toEqual([
    'c.yml:8:3  services.migrate: runs once and ends, on every droplet of the pool; migrations come with a later version',
    '    run it before `bgctl promote` and give it a profile here, so that it is left out',
  ]);
  const profiled = readComposeFile(
    `${waiting}  migrate: { image: x, profiles: [migrate] }\n`,
    'c.yml',
    ours,
  );
  expect(parsedValue(profiled).services.map((service) => service.name)).toEqual(['web', 'db']);
});

test('everything is told at once, in the order of the file', () => {
  let text = changed(plain, '"8000:8000"', '"127.0.0.1:8000:80"');
  text = changed(text, '    restart: unless-stopped\n', '    container_name: web\n');
  const places = refusals(`${text}  cron: { image: x }\n`).filter((line) => !line.startsWith(' '));
  expect(places.map((line) => line.split(': ')[0])).toEqual([
    'c.yml:4:5  services.web.container_name',
    'c.yml:5:13  services.web.ports',
    'c.yml:7:3  services.cron',
  ]);
});

test.each([
  ['nested deeper than anybody writes', `a: ${'['.repeat(65)}${']'.repeat(65)}`],
  ['going in circles', 'services: &a { web: *a }'],
  ['of aliases of aliases', bomb],
  ['too long', `a: ${'x'.repeat(1_000_001)}`],
])('a file that is %s is refused as a whole', (_, text) => {
  expect(refusals(text)).toEqual([
    'c.yml:1:1  cannot be read: too long, nested too deeply, or too many aliases',
    '    write it as a short, flat YAML file',
  ]);
});

test('a slip of the pen is told, and nothing is claimed of what it hides', () => {
  expect(refusals(`${plain}  side: "x\n`)).toEqual([
    'c.yml:8:1  a character is missing: a quote, a bracket, a comma or a colon',
    '    close what this line opens; put a space after a colon',
  ]);
});

test('an alias without an anchor is no nothing: what it should have said would be left out', () => {
  const says = (line: number, column: number) => [
    `c.yml:${line}:${column}  an alias has no anchor`,
    '    write the value itself, or quote the `*`',
  ];
  expect(refusals(changed(plain, '    restart', '    environment: *env\n    restart'))).toEqual(
    says(4, 18),
  );
  expect(refusals(changed(plain, '    restart', '    <<: *common\n    restart'))).toEqual(
    says(4, 9),
  );
  expect(refusals(`x-a: [*late, &late x]\n${plain}`)).toEqual(says(1, 7));
});

test('a service without an image, and an empty one, are refused', () => {
  for (const image of ['', 'image: ""', 'image: [x]'])
    expect(refusals(changed(plain, 'image: ghcr.io/acme/shop/web:v1', image))).toEqual([
      'c.yml:2:3  services.web: has no image',
      '    write `image:`',
    ]);
});

test('a singleton by the word of bgctl.yml is refused without a guess', () => {
  const known = settings(changed(bgctlYml, 'db: shared', 'db: singleton'));
  expect(refusals(changed(plain, 'postgres:16', 'x'), known)[0]).toBe(
    'c.yml:6:3  services.db: is a singleton: one may run at a time, and singletons come with a later version',
  );
});

test('a file without any service says so', () => {
  expect(refusals('services: {}')).toContain('    services here: none');
});

test.each([
  'networks: { front: { name: shop, external: true } }',
  'networks: { front: { driver: bridge }, back: {}, side: }',
  'networks: [front]',
])('%s are nobody else’s networks', (lines) => {
  expect(refusals(`${plain}${lines}\n`)).toEqual([]);
});

test('a file that is no compose file is refused', () => {
  for (const text of ['', '[]', 'services: [web]', 'version: "3"']) {
    expect(refusals(text)).toEqual([
      'c.yml:1:1  services: is not a map of services',
      '    write `services:` and the services under it',
    ]);
  }
});

/** Some mistakes bring another with them; what is compared is the one that the row is about. */
function isAbout(says: readonly string[]): (line: string) => boolean {
  return (line) => says.includes(line);
}

test('a file of shared services alone has nothing to promote', () => {
  const known = settings(
    changed(
      changed(bgctlYml, '{ db: shared }', '{ web: shared }'),
      'images: { web:',
      'images: { other:',
    ).replace('service: web', 'service: other'),
  );
  expect(refusals(composeYml, known).slice(0, 2)).toEqual([
    'c.yml:1:1  services: no service is switched: there would be nothing to promote',
    '    give the web services the role switched in compose.services of bgctl.yml',
  ]);
});

describe('a service as the rest of the program sees it', () => {
  test('has its role with the reason, its image, ports, volumes and place', () => {
    const text = changed(
      plain,
      '    restart: unless-stopped\n',
      '    restart: always\n    volumes: ["cache:/c", "./x:/x"]\n',
    );
    expect(parsedValue(readComposeFile(text, 'c.yml', ours)).services).toEqual([
      {
        name: 'web',
        role: 'switched',
        derivedBecause: 'it publishes port 8000 of traffic.ports',
        image: 'ghcr.io/acme/shop/web:v1',
        ports: [
          { host: 8000, container: 8000, protocol: 'tcp', address: null, line: 6, column: 13 },
        ],
        containerName: null,
        volumes: ['cache'],
        line: 2,
        column: 3,
      },
      {
        name: 'db',
        role: 'shared',
        derivedBecause: null,
        image: 'postgres:16',
        ports: [],
        containerName: null,
        volumes: ['data'],
        line: 7,
        column: 3,
      },
    ]);
  });

  test('named by the operator keeps its name where that harms nobody', () => {
    const text = changed(plain, '  db: {', '  db: { container_name: base,');
    const [, db] = parsedValue(readComposeFile(text, 'c.yml', ours)).services;
    expect(db?.containerName).toBe('base');
  });
});

describe('what is accepted with a word', () => {
  const warnings = (text: string) => {
    const parsed = readComposeFile(text, 'c.yml', ours);
    return parsed.ok && formatProblems(parsed.warnings).split('\n');
  };

  test.each([
    ['[db]', 18],
    ['{ db: { condition: service_healthy } }', 19],
    ['{ db: }', 19],
  ])('a dependency that is not started with a release: %s', (written, column) => {
    const text = changed(plain, '    restart', `    depends_on: ${written}\n    restart`);
    expect(warnings(text)).toEqual([
      `c.yml:4:${column}  services.web.depends_on: "db" is not started with a release: the dependency is left out`,
      '    see that db runs before a promotion',
    ]);
  });

  test('a service that stays down after a crash', () => {
    expect(warnings(changed(plain, '    restart: unless-stopped\n', ''))).toEqual([
      'c.yml:2:3  services.web: has no restart policy: it stays down after a crash or a restart of the droplet',
      '    write `restart: unless-stopped`',
    ]);
    expect(
      warnings(changed(plain, 'restart: unless-stopped', 'deploy: { restart_policy: {} }')),
    ).toEqual(['']);
  });

  test('another repository than that of bgctl.yml, unless a variable says which', () => {
    expect(warnings(changed(plain, 'acme/shop/web:v1', 'acme/web:v1@sha256:ab'))).toEqual([
      'c.yml:3:5  services.web.image: is ghcr.io/acme/web here and ghcr.io/acme/shop/web in bgctl.yml, which wins',
      '    let both say the same',
    ]);
    expect(warnings(changed(plain, 'ghcr.io/acme/shop/web:v1', '${IMAGE}'))).toEqual(['']);
  });

  test('ports of which several variables are not known', () => {
    expect(warnings(changed(plain, '8000:8000', '${A}:${B}'))).toEqual([
      'c.yml:5:13  services.web.ports: cannot be checked: A, B has no value here',
      '    write a default, such as ${A:-8000}',
    ]);
  });
});
