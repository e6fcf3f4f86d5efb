// Published ports: what is refused, what is accepted, and what only the droplet knows.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is Compose's interpolation.
import { expect, test } from 'vitest';
import { readComposeFile } from '../../src/policy/compose-file.ts';
import { formatProblems } from '../../src/policy/problem.ts';
import { bgctlYml, changed, complaints, composeYml, settings } from './texts.ts';

/** The sample has db as shared in bgctl.yml, so it must be there. */
const plain = `${composeYml}  db: { image: postgres }\n`;
const ours = settings();

function refusals(text: string, variables = {}): string[] {
  return complaints(readComposeFile(text, 'c.yml', ours, variables));
}

const ports: [published: string, ...says: string[]][] = [
  [
    '["127.0.0.1:8000:8000"]',
    "c.yml:5:13  services.web.ports: port 8000 is bound to 127.0.0.1: the balancer asks the droplet's private address",
    '    write "8000:8000", and let the firewall keep others out',
  ],
  [
    '[{ target: 80, published: 8000, host_ip: "::1" }]',
    "c.yml:5:13  services.web.ports: port 8000 is bound to ::1: the balancer asks the droplet's private address",
    '    write "8000:80", and let the firewall keep others out',
  ],
  [
    '["8080:8000"]',
    'c.yml:1:1  services: no switched service publishes port 8000, which traffic.ports of bgctl.yml names',
    '    write `ports: ["8000:…"]` at the service that the balancer should reach',
  ],
  [
    '["8000"]',
    'c.yml:1:1  services: no switched service publishes port 8000, which traffic.ports of bgctl.yml names',
    '    write `ports: ["8000:…"]` at the service that the balancer should reach',
  ],
  [
    '["8000:8000/udp"]',
    'c.yml:1:1  services: no switched service publishes port 8000, which traffic.ports of bgctl.yml names',
    '    write `ports: ["8000:…"]` at the service that the balancer should reach',
  ],
  [
    '["8000:8000", "8000:9000"]',
    'c.yml:5:26  services.web.ports: port 8000 of the droplet is already taken by web (line 5)',
    '    publish another port',
  ],
  [
    '["7999-8001:7999-8001", "10.0.0.1:8001:80"]',
    'c.yml:5:36  services.web.ports: port 8001 of the droplet is already taken by web (line 5)',
    '    publish another port',
  ],
  [
    '["10.0.0.1:8000:80", "8000:8000"]',
    'c.yml:5:33  services.web.ports: port 8000 of the droplet is already taken by web (line 5)',
    '    publish another port',
  ],
  [
    '["10.0.0.1:8000:80", "10.0.0.1:8000:81"]',
    'c.yml:5:33  services.web.ports: port 8000 of the droplet is already taken by web (line 5)',
    '    publish another port',
  ],
  [
    '["8000:8000", [http]]',
    'c.yml:5:26  services.web.ports: is not a port',
    '    write "8000:8000": the port of the droplet, then the port of the container',
  ],
  [
    '["8000:8000", "http"]',
    'c.yml:5:26  services.web.ports: is not a port',
    '    write "8000:8000": the port of the droplet, then the port of the container',
  ],
];

test.each(ports)('ports %s are refused with their line', (published, ...says) => {
  expect(refusals(changed(plain, '["8000:8000"]', published))).toEqual(says);
});

test.each([
  '["8000:8000", "127.0.0.1:9100:9100"]',
  '[8000:8000/tcp, "8000:8000/udp"]',
  '["10.0.0.1:8000:80", "127.0.0.1:8000:80"]',
  '["${PORT:-8000}:8000"]',
  '["${PORT-8000}:${INNER:-80}"]',
  '["7990-8010:7990-8010"]',
  '["8000:8000", "8000"]',
  '[{ target: 80, published: "8000", protocol: tcp, mode: host }]',
])('ports %s are accepted', (published) => {
  expect(readComposeFile(changed(plain, '["8000:8000"]', published), 'c.yml', ours)).toMatchObject({
    ok: true,
    warnings: [],
  });
});

test('where one service may publish it, nothing is claimed of the others', () => {
  const known = settings(changed(bgctlYml, 'images: {', 'images: { side: ghcr.io/acme/side,'));
  const text = changed(plain, '8000:8000', '${PORT}:8000');
  const side = '  side: { image: ghcr.io/acme/side, restart: always, ports: ["9000:9000"] }\n';
  expect(complaints(readComposeFile(text + side, 'c.yml', known))).toEqual([]);
});

test('a port that only the droplet knows is warned of; with the variable at hand it is judged', () => {
  const text = changed(plain, '8000:8000', '${PORT}:8000');
  const parsed = readComposeFile(text, 'c.yml', ours);
  expect(parsed.ok && formatProblems(parsed.warnings).split('\n')).toEqual([
    'c.yml:5:13  services.web.ports: cannot be checked: PORT has no value here',
    '    write a default, such as ${PORT:-8000}',
  ]);
  expect(refusals(text, { PORT: '8000' })).toEqual([]);
  expect(refusals(text, { PORT: '9000' })).toEqual([
    'c.yml:1:1  services: no switched service publishes port 8000, which traffic.ports of bgctl.yml names',
    '    write `ports: ["8000:…"]` at the service that the balancer should reach',
  ]);
});
