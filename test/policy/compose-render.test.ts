// A release's compose file: what is kept, what is set, what is removed, and what its fingerprint depends on.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is Compose's interpolation.
import { expect, test } from 'vitest';
import { composeFingerprintText, renderCompose } from '../../src/policy/compose-render.ts';
import { changed, composeYml, settings } from './texts.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const images = { web: `ghcr.io/acme/shop/web@${digest}` };
const ours = settings();

function rendered(text: string, release = 'r42'): string {
  return renderCompose({ text, app: 'shop', release, images, settings: ours }).text;
}

function fingerprint(text: string): string {
  return composeFingerprintText({ text, app: 'shop', images, settings: ours });
}

test('a release names its images by digest and tells its containers who they are', () => {
  expect(rendered(composeYml)).toBe(`services:
  web:
    image: "ghcr.io/acme/shop/web@${digest}"
    restart: unless-stopped
    ports:
      - "8000:8000"
    environment:
      BGCTL_RELEASE: "r42"
      BGCTL_ENVIRONMENT: "shop-r42"
      BGCTL_DROPLET: "\${BGCTL_DROPLET}"
    labels:
      bgctl.app: "shop"
      bgctl.release: "r42"
`);
});

test('only what belongs to the switched services is kept', () => {
  const text = `name: legacy
version: "3.8"
x-common: &common { restart: always }
services:
  web:
    <<: *common
    image: ghcr.io/acme/shop/web:v1
    build: .
    pull_policy: always
    ports: ["8000:8000"]
    depends_on: [db]
    volumes: ["cache:/cache"]
  db: { <<: *common, image: "postgres:16", volumes: ["data:/data"] }
  tool: { image: x, profiles: [debug] }
volumes: { cache: {}, data: {} }
networks: { front: { external: true } }
`;
  const order = { text, app: 'shop', release: 'r7', images, settings: ours };
  expect(renderCompose(order)).toEqual({
    services: ['web'],
    text: `services:
  web:
    image: "ghcr.io/acme/shop/web@${digest}"
    ports:
      - "8000:8000"
    volumes:
      - "cache:/cache"
    restart: always
    environment:
      BGCTL_RELEASE: "r7"
      BGCTL_ENVIRONMENT: "shop-r7"
      BGCTL_DROPLET: "\${BGCTL_DROPLET}"
    labels:
      bgctl.app: "shop"
      bgctl.release: "r7"
volumes:
  cache: {}
networks:
  front:
    external: true
`,
  });
});

test.each([
  [
    'a list',
    '["A=1", BGCTL_RELEASE=mine, BGCTL_DROPLET, B]',
    [
      '"A=1"',
      'B',
      '"BGCTL_RELEASE=r42"',
      '"BGCTL_ENVIRONMENT=shop-r42"',
      '"BGCTL_DROPLET=${BGCTL_DROPLET}"',
    ],
  ],
  [
    'nothing',
    '',
    ['BGCTL_RELEASE: "r42"', 'BGCTL_ENVIRONMENT: "shop-r42"', 'BGCTL_DROPLET: "${BGCTL_DROPLET}"'],
  ],
  [
    'a map',
    '{ A: 1, BGCTL_RELEASE: mine, B: }',
    [
      'A: 1',
      'BGCTL_RELEASE: "r42"',
      'B: null',
      'BGCTL_ENVIRONMENT: "shop-r42"',
      'BGCTL_DROPLET: "${BGCTL_DROPLET}"',
    ],
  ],
])('an environment that is %s keeps its form, and our names win', (_, written, lines) => {
  const text = rendered(`${composeYml}    environment: ${written}\n`);
  const [, block] = /environment:\n((?: {6}.*\n)+)/.exec(text) ?? [];
  expect(
    block
      ?.trimEnd()
      .split('\n')
      .map((line) => line.trim().replace(/^- /, '')),
  ).toEqual(lines);
});

test('labels in list form keep their form', () => {
  expect(rendered(`${composeYml}    labels: [a=b, bgctl.release=x]\n`)).toContain(
    '    labels:\n      - a=b\n      - "bgctl.app=shop"\n      - "bgctl.release=r42"\n',
  );
});

test('scalars come out as they went in: Compose reads YAML otherwise than we do', () => {
  const written = `${composeYml}    x-mode: 0440
    x-version: 3.10
    x-yes: yes
    x-quoted: "yes"
    x-single: '0x10'
    x-time: 22:22
    x-empty: ""
    x-null:
    x-lines: |
      one
      two
`;
  expect(rendered(written)).toContain(`    x-mode: 0440
    x-version: 3.10
    x-yes: yes
    x-quoted: "yes"
    x-single: "0x10"
    x-time: 22:22
    x-empty: ""
    x-null: null
    x-lines: "one\\ntwo\\n"
`);
});

test('merged keys give way to own keys, and later merges to earlier ones', () => {
  const text = `x-a: &a { restart: always, init: true, tty: true }
x-b: &b { init: false, cap_drop: [ALL] }
${composeYml}    tty: false
    <<: [*a, *b]
`;
  expect(rendered(text)).toContain('    tty: false\n    init: true\n    cap_drop:\n      - ALL\n');
  expect(rendered(text)).toContain('restart: unless-stopped');
});

test('a dependency on a service that is started with the release stays', () => {
  const text = `${composeYml}    depends_on: { side: { condition: service_healthy }, db: { condition: service_started } }
  side: { image: x, restart: always }
`;
  const both = { web: images.web, side: `x@${digest}` };
  const order = { text, app: 'shop', release: 'r1', images: both, settings: ours };
  const { text: out } = renderCompose(order);
  expect(out).toContain('    depends_on:\n      side:\n        condition: service_healthy\n');
  expect(out).not.toContain('db');
});

test('dependencies keep their form, and go where none is left; so do volumes', () => {
  const both = { web: images.web, side: `x@${digest}` };
  const out = (lines: string) => {
    const text = `${composeYml}    ${lines}\n  side: { image: x, restart: always }\n  db: { image: postgres }\n`;
    return renderCompose({ text, app: 'shop', release: 'r1', images: both, settings: ours }).text;
  };
  expect(out('depends_on: [db, side]')).toContain('    depends_on:\n      - side\n');
  expect(out('depends_on: [db]')).not.toContain('depends_on');
  expect(out('depends_on: { db: {} }')).not.toContain('depends_on');
  expect(out('depends_on: db')).not.toContain('depends_on');
  const none = rendered(`${composeYml}  db: { image: postgres }\nvolumes: { data: {} }\n`);
  expect(none).not.toContain('volumes');
});

test('what is not a text in a list of variables stays as it is written', () => {
  expect(rendered(`${composeYml}    environment: [{ A: 1 }, B=2]\n`)).toContain(
    '    environment:\n      - A: 1\n      - B=2\n      - "BGCTL_RELEASE=r42"\n',
  );
});

test('a fingerprint is the rendering of no release', () => {
  expect(fingerprint(composeYml)).toBe(rendered(composeYml, 'r0'));
});

test('the fingerprint is that of what runs: not of numbers, comments, quotes or order of roles', () => {
  const same = [
    `# a comment\n${composeYml}`,
    changed(composeYml, '"8000:8000"', "'8000:8000'"),
    changed(composeYml, 'web:v1', 'web:v2'),
    `${composeYml}  db: { image: postgres }\n`,
    `name: other\n${composeYml}`,
  ];
  for (const text of same) expect(fingerprint(text)).toBe(fingerprint(composeYml));
  for (const text of [
    `${composeYml}    environment: { A: 1 }\n`,
    changed(composeYml, '8000:8000', '8000:9000'),
    changed(composeYml, 'unless-stopped', 'always'),
  ]) {
    expect(fingerprint(text)).not.toBe(fingerprint(composeYml));
  }
});

test('two releases differ in their number alone', () => {
  expect(rendered(composeYml, 'r43')).toBe(rendered(composeYml, 'r42').replaceAll('r42', 'r43'));
});

test('a rendering without a digest is a bug, not a release', () => {
  const order = { text: composeYml, app: 'shop', release: 'r1', settings: ours };
  expect(() => renderCompose({ ...order, images: {} })).toThrow('web has no digest');
  expect(() => renderCompose({ ...order, images: { web: 'x:v1' } })).toThrow('web has no digest');
  const late = { web: `${images.web}:v1` };
  expect(() => renderCompose({ ...order, images: late })).toThrow('web has no digest');
});

test('nor is one of what was never read, or was refused', () => {
  expect(() => rendered('a: "')).toThrow('a compose file is rendered that was never read');
  expect(() => rendered('[]')).toThrow('a compose file is rendered that was refused');
});
