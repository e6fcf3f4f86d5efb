// The files under examples/ are what they claim to be: accepted as they stand.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readComposeFile } from '../../src/policy/compose-file.ts';
import { renderCompose } from '../../src/policy/compose-render.ts';
import { parseSettings } from '../../src/policy/parse.ts';
import { formatProblems } from '../../src/policy/problem.ts';
import { parsedValue, where } from './texts.ts';

const examples = join(import.meta.dirname, '..', '..', 'examples');
const folder = join(examples, 'quickstart');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const parsed = parseSettings(read('bgctl.yml'), join(folder, 'bgctl.yml'), where);
const composeText = read('docker-compose.prod.yml');

test('the quickstart is accepted, without a warning', () => {
  expect(parsed).toMatchObject({ ok: true, warnings: [] });
  expect(parsedValue(parsed).compose.file).toBe(join(folder, 'docker-compose.prod.yml'));
});

test('its services have the roles that its comments promise', () => {
  const compose = readComposeFile(composeText, 'docker-compose.prod.yml', parsedValue(parsed));
  expect(parsedValue(compose).services.map(({ name, role }) => `${name}: ${role}`)).toEqual([
    'backend: switched',
    'frontend: switched',
    'redis: shared',
  ]);
  expect(compose.ok && formatProblems(compose.warnings).split('\n')).toEqual([
    'docker-compose.prod.yml:16:18  services.backend.depends_on: "redis" is not started with a release: the dependency is left out',
    '    see that redis runs before a promotion',
  ]);
});

test('a release of it is the web services alone', () => {
  const digest = `@sha256:${'a'.repeat(64)}`;
  const settings = parsedValue(parsed);
  const images = Object.fromEntries(
    Object.entries(settings.images).map(([service, repository]) => [service, repository + digest]),
  );
  const { text, services } = renderCompose({
    text: composeText,
    app: settings.app,
    release: 'r1',
    images,
    settings,
  });
  expect(services).toEqual(['backend', 'frontend']);
  expect(text).not.toMatch(/redis|migrate|x-service|<<|\$\{TAG/);
});

test('the journal of the team is in PostgreSQL, through a droplet; all else is as in the quickstart', () => {
  const file = join(examples, 'team-postgres', 'bgctl.yml');
  const team = parseSettings(readFileSync(file, 'utf8'), file, where);
  expect(team).toMatchObject({ ok: true, warnings: [] });
  const { journal, compose, images, traffic } = parsedValue(team);
  expect(journal).toEqual({
    kind: 'postgres',
    urlVariable: 'BGCTL_JOURNAL_URL',
    ca: join(examples, 'team-postgres', 'ca-certificate.crt'),
    through: 3164444,
  });
  const quickstart = parsedValue(parsed);
  expect({ compose, images, traffic }).toEqual({
    compose: quickstart.compose,
    images: quickstart.images,
    traffic: quickstart.traffic,
  });
});
