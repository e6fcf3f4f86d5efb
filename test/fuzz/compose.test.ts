// Compose files, damaged or hostile: refused with a place and a mend, or rendered into one that says what bgctl means.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { readComposeFile } from '../../src/policy/compose-file.ts';
import { composeFingerprintText, renderCompose } from '../../src/policy/compose-render.ts';
import { bgctlYml, changed, complaints, composeYml, settings } from '../policy/texts.ts';
import { limitMs, tries } from './damage.ts';
import { brokenYaml, insistWellSaid, within } from './yaml.ts';

const digest = `ghcr.io/acme/shop/web@sha256:${'0a'.repeat(32)}`;
const rich = `# anchors, merges, both forms of everything
x-common: &common
  restart: unless-stopped
  logging: { driver: json-file, options: { max-size: "10m" } }
services:
  web:
    <<: *common
    image: ghcr.io/acme/shop/web:\${TAG:-v1}
    ports: ["8000:8000", { target: 9000, published: "9000", protocol: udp }]
    environment: { A: "1", B: , C: "\${C:?missing}" }
    labels: [a=b]
    depends_on: { db: { condition: service_healthy } }
    volumes: ["cache:/cache", "./static:/static:ro"]
    configs: [{ source: nginx, target: /etc/nginx.conf, mode: 0440 }]
    healthcheck: { test: [CMD, true], interval: 2s }
  db:
    image: postgres:17
    volumes: [data:/var/lib/postgresql]
volumes: { cache: , data: }
configs: { nginx: { file: ./nginx.conf } }
networks: { default: { driver: bridge } }
`;
const example = (name: string) =>
  readFileSync(new URL(`../../examples/quickstart/${name}`, import.meta.url), 'utf8');

describe.each([
  ['a small one', composeYml, settings(changed(bgctlYml, '{ db: shared }', '{}'))],
  ['a rich one', rich, settings()],
  ['the example', example('docker-compose.prod.yml'), settings(example('bgctl.yml'))],
])('%s', (_, text, known) => {
  test(
    'damaged in any way is refused with its problems, or rendered as what bgctl means',
    () => {
      expect(complaints(readComposeFile(text, 'compose.yml', known))).toEqual([]);
      let accepted = 0;
      fc.assert(
        fc.property(brokenYaml(text), (broken) => {
          const read = within(broken, (now) => readComposeFile(now, 'compose.yml', known));
          insistWellSaid(read, broken);
          if (!read.ok) return;
          accepted += 1;
          const switched = read.value.services.filter(({ role }) => role === 'switched');
          const images = Object.fromEntries(switched.map(({ name }) => [name, digest]));
          const order = { text: broken, app: 'shop', images, settings: known };
          const rendered = within(broken, () => renderCompose({ ...order, release: 'r7' }));
          insistOurs(
            rendered.text,
            switched.map(({ name }) => name),
          );
          expect(rendered.services).toEqual(switched.map(({ name }) => name));
          expect(composeFingerprintText(order)).not.toContain('shop-r7');
        }),
        tries(100),
      );
      expect(accepted).toBeGreaterThan(5);
    },
    limitMs,
  );
});

/** As Compose will read it: the switched services and no other, by digest, labelled, never built. */
function insistOurs(text: string, names: readonly string[]): void {
  const document = parseDocument(text, { logLevel: 'silent' });
  expect(document.errors).toEqual([]);
  const { services } = document.toJS() as { services: Record<string, Record<string, unknown>> };
  expect(Object.keys(services).sort()).toEqual([...names].sort());
  for (const service of Object.values(services)) {
    expect(service.image).toBe(digest);
    expect('build' in service || 'container_name' in service).toBe(false);
    expect(said(service.labels, 'bgctl.app')).toBe('shop');
    expect(said(service.labels, 'bgctl.release')).toBe('r7');
    expect(said(service.environment, 'BGCTL_ENVIRONMENT')).toBe('shop-r7');
  }
}

/** The last word of a map, or of a list of `NAME=value`, is what Compose takes. */
function said(given: unknown, name: string): string | undefined {
  const lines = Array.isArray(given)
    ? given.map(String)
    : Object.entries(given ?? {}).map(([key, value]) => `${key}=${value}`);
  return lines.findLast((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);
}
