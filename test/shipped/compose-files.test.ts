// The production compose file and its overlays: each container keeps every promise, and bgctl takes them as they are.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { readComposeFile } from '../../src/policy/compose-file.ts';
import { renderCompose } from '../../src/policy/compose-render.ts';
import { parseSettings } from '../../src/policy/parse.ts';
import type { Settings } from '../../src/policy/settings.ts';
import { complaints, parsedValue, where } from '../policy/texts.ts';
import { root } from '../sources.ts';
import { type Compose, oneDroplet, production, read, standing, together, yaml } from './files.ts';
import { broken, exceptions, hygiene } from './hygiene.ts';

const files = [production, ...standing];
const services = files.flatMap((file) =>
  Object.entries(yaml<Compose>(file).services).map(([name, service]) => ({ file, name, service })),
);
const overlaid = services.filter(({ file }) => file !== production);
const parsed = parseSettings(read('compose/bgctl.yml'), join(root, 'compose', 'bgctl.yml'), where);
const settings = parsedValue(parsed);

function rendered(text: string, how: Settings = settings) {
  const digest = `@sha256:${'a'.repeat(64)}`;
  const images = Object.entries(how.images).map(([name, repository]) => [
    name,
    repository + digest,
  ]);
  const { app } = how;
  return renderCompose({
    text,
    app,
    release: 'r7',
    images: Object.fromEntries(images),
    settings: how,
  });
}

describe('every shipped container', () => {
  test.each(services)(
    '$name of $file keeps every promise but what it says',
    ({ name, service }) => {
      expect(broken(service)).toEqual(exceptions[name] ?? []);
    },
  );

  test('whose promises are broken is told so', () => {
    expect(
      broken({ user: '0:0', privileged: true, tmpfs: ['/tmp'], env_file: 'backend.env' }),
    ).toEqual(Object.keys(hygiene));
  });

  test.each(services)('$name of $file is told which image by a variable', ({ file, service }) => {
    // The team's own have no default: by digest or not at all. The others name a version, never what is newest.
    const shape =
      file === production
        ? /^\$\{(BACKEND|FRONTEND)_IMAGE:\?[^}]*@sha256[^}]*\}$/
        : /^\$\{[A-Z]+_IMAGE:-[a-z/-]+:v?\d[\w.-]*\}$/;
    expect(service.image).toMatch(shape);
  });

  test.each(files)(
    '%s says which program each health check needs, and what of it the lab could run',
    (file) => {
      const checks = Object.values(yaml<Compose>(file).services).filter(
        (one) => one.healthcheck?.test,
      );
      expect(read(file).match(/healthcheck:\n +# Needs \w+/g) ?? []).toHaveLength(checks.length);
      expect(read(file)).toMatch(/^#.*\b(the|a) lab\b/im);
      if (file !== production) expect(read(file)).toMatch(/^#.*\bpublic\b/m);
    },
  );
});

describe('what is published', () => {
  test('by the app is what bgctl and the balancer ask for', () => {
    const ports = services
      .filter(({ file }) => file === production)
      .flatMap((one) => one.service.ports ?? []);
    expect(ports).toEqual(settings.traffic.ports.map((port) => `${port}:${port}`));
  });

  test('by overlays is only on a private address, but for the front door', () => {
    const open = overlaid.flatMap(({ service }) =>
      (service.ports ?? []).filter(
        (port) => !/^(\$\{PRIVATE_ADDRESS:-127\.0\.0\.1\}|127\.0\.0\.1):/.test(port),
      ),
    );
    expect(open).toEqual(['80:8080', '443:8443']);
  });
});

describe('bgctl', () => {
  test('accepts bgctl.yml and the production file without a warning', () => {
    expect(parsed).toMatchObject({ ok: true, warnings: [] });
    expect(settings.compose.file).toBe(join(root, production));
    const compose = readComposeFile(read(production), production, settings);
    expect(compose).toMatchObject({ ok: true, warnings: [] });
    expect(parsedValue(compose).services.map(({ name, role }) => `${name}: ${role}`)).toEqual([
      'backend: switched',
      'frontend: switched',
    ]);
  });

  test('keeps every promise in what it renders', () => {
    const release = parse(rendered(read(production)).text) as Compose;
    expect(Object.keys(release.services)).toEqual(['backend', 'frontend']);
    expect(Object.values(release.services).flatMap(broken)).toEqual([]);
  });

  test('keeps nothing of a release but in memory: no volume is part of a colour', () => {
    expect(rendered(read(production)).text).not.toMatch(/^ *volumes:/m);
  });

  const all = stringify(together([...files, oneDroplet]));
  const shared = Object.fromEntries(overlaid.map(({ name }) => [name, 'shared' as const]));
  const sharing = { ...settings, compose: { ...settings.compose, services: shared } };

  test('renders the same release with every overlay beside it, since they are shared', () => {
    expect(complaints(readComposeFile(all, 'all.yml', sharing))).toEqual([]);
    expect(parse(rendered(all, sharing).text)).toEqual(parse(rendered(read(production)).text));
  });

  test('refuses an overlay in its own file that nobody called shared', () => {
    const refused = complaints(readComposeFile(all, 'all.yml', settings)).join('\n');
    for (const { name } of overlaid) expect(refused).toContain(`services.${name}`);
  });
});

describe('overlays', () => {
  test('bring the files that they mount', () => {
    const mounted = overlaid.flatMap(({ service }) =>
      (service.volumes ?? []).flatMap(
        (one) => /^\/opt\/vulcan\/(compose\/[^:]+):/.exec(one)?.[1] ?? [],
      ),
    );
    expect(mounted.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(mounted.length).toBeGreaterThan(3);
  });

  test('name in a comment every variable that their env files must hold', () => {
    const vector = read('compose/overlays/vector/vector.yml').matchAll(/"\$\{(\w+)\}"/g);
    const otel = read('compose/overlays/otel/collector.yml').matchAll(/\$\{env:(\w+)\}/g);
    const texts = standing.map(read).join('\n');
    const names = [...vector, ...otel].map(([, name]) => name);
    expect(names.length).toBe(5);
    for (const name of names) expect(texts).toMatch(new RegExp(`^ *# .*\\b${name}\\b`, 'm'));
  });

  test('scrape the backend where it is published', () => {
    const targets = yaml<readonly { targets: readonly string[] }[]>(
      'compose/overlays/prometheus/targets.yml',
    ).flatMap((group) => group.targets);
    expect(new Set(targets.map((target) => target.split(':')[1]))).toEqual(new Set(['8000']));
  });
});
